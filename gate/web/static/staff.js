// What makes the staff's pages quicker where a script runs; each works without it.
"use strict";

// On a narrow screen the navigation begins folded.
const menu = document.querySelector(".side .menu");
if (menu && matchMedia("(max-width: 56rem)").matches) menu.open = false;

// What is wrong with a form is read out and stands in view at once.
document.getElementById("errors")?.focus();

// A button pressed twice does it once: the gate sees to that; here it also looks so.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button && !event.target.dataset.again) setTimeout(() => { button.disabled = true; }, 0);
});
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button:disabled")) if (!button.dataset.off) button.disabled = false;
});
