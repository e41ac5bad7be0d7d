// While a notice is written, what publishing it would do is looked up again and again; without a script a button asks.
"use strict";

const form = document.getElementById("notice-texts");
const outlook = document.getElementById("outlook");
const PAUSE_MS = 1500;
let waiting = 0;
let asked = 0;

async function look() {
  const mine = ++asked;
  const typed = new URLSearchParams(new FormData(form));
  typed.delete("once");
  typed.set("part", "outlook");
  try {
    const answer = await fetch("/staff/notices/check", { method: "POST", body: typed });
    if (answer.ok && !answer.redirected && mine === asked) outlook.innerHTML = await answer.text();
  } catch {
    // The gate is out of reach: what was said last stands until it is back.
  }
}

form?.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(look, PAUSE_MS);
});
