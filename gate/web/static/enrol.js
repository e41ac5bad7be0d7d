// Follows an enrolment: asks every second how far it is, and reads the whole page anew once it is over.
"use strict";

const progress = document.getElementById("progress");

const look = async () => {
  try {
    const answer = await fetch(progress.dataset.from, { cache: "no-store" });
    if (!answer.ok) { location.replace("/enrol"); return; }
    const told = progress.querySelector(".advice")?.textContent.trim();
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    // Said anew only when it differs: a screen reader should not repeat itself every second.
    if (fresh.querySelector(".advice")?.textContent.trim() === told) {
      fresh.querySelector(".advice").replaceWith(progress.querySelector(".advice"));
    }
    progress.replaceChildren(...fresh.body.childNodes);
  } catch {
    // A lost server: the gate ends the capture by itself; the next look may find it again.
  }
  setTimeout(look, 700);
};

setTimeout(look, 300);
