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

// Work in the background: the page asks again by itself, and changes once that work is over.
const renewing = document.querySelector("[data-renews]") && setInterval(async () => {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok || page.querySelector("[data-renews]")) return;
    clearInterval(renewing);
    document.getElementById("main").replaceWith(document.adoptNode(page.getElementById("main")));
  } catch { /* the gate starts again: the next try finds it */ }
}, 2000);
