// The gate's screen: asks for the view, swaps it in, and confirms a notice once it is truly on the screen.
import { hush, sound, speak } from "/static/kiosk-sound.js";

const PATIENCE_MS = 2500;
const KEYS = { Backspace: "delete", Delete: "delete", Enter: "ok", "#": "ok" };
const region = document.getElementById("view");
const page = region.dataset.page;
let confirmed = null;
let countdown = 0;
let left = 0;
let spoken = null; // what was read aloud before this page came is not its to repeat
let sending = Promise.resolve();

const painted = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const seen = () => document.visibilityState === "visible";
const untilSeen = () =>
  new Promise((done) => {
    if (seen()) done();
    else document.addEventListener("visibilitychange", () => done(), { once: true });
  });

function send(path, values) {
  return fetch(path, {
    method: "POST",
    body: new URLSearchParams(values),
    redirect: "manual",
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
}

// One press after the other: two digits typed quickly must not overtake each other.
function press(path, values) {
  sending = sending.then(() => send(path, values)).catch(lose);
}

// Large type first; a long notice or contact steps it down until nothing needs to be scrolled.
function fit() {
  for (let scale = 1; scale > 0.5; scale -= 0.03) {
    region.style.setProperty("--fit", scale);
    if (document.documentElement.scrollHeight <= innerHeight) return;
  }
}

function put(html) {
  const hadFocus = region.contains(document.activeElement);
  clearInterval(countdown);
  hush();
  region.innerHTML = html;
  if (!document.getElementById("notice")) confirmed = null;
  fit();
  if (hadFocus) region.querySelector("h1").focus();
}

function lose() {
  region.dataset.number = -1; // whatever the server shows when it is back is new
  const lost = document.getElementById("lost");
  if (lost) put(lost.innerHTML);
}

function show(news) {
  if (news.html !== null) {
    document.documentElement.lang = news.language;
    put(news.html);
    const heard = region.querySelector(".stage").dataset.sound;
    if (heard && region.dataset.sounds === "on") {
      sound(heard);
      // A movement has seconds: whoever cannot read the screen must not have to ask for its words.
      if (region.querySelector("[data-say]") && region.dataset.speaks === "on") speak(news.number);
    }
  }
  region.dataset.number = news.number;
  change(news.live);
}

// What moves within a view that stays.
function change(live) {
  const aside = document.getElementById("aside");
  if (aside.textContent !== live.aside) {
    aside.textContent = live.aside;
    fit();
  }
  const typed = document.getElementById("typed");
  if (typed && live.typed !== null) typed.textContent = live.typed;
  left = performance.now() + (live.left_s ?? 0) * 1000;
  place(live.place);
  if (spoken !== null && live.spoken > spoken) speak(region.dataset.number);
  spoken = live.spoken;
}

function place(at) {
  const person = document.getElementById("person");
  if (!person) return;
  if (at === null) return person.setAttribute("visibility", "hidden");
  const { width, height } = person.dataset;
  person.setAttribute("transform", `translate(${at[0] * width} ${at[1] * height}) scale(${at[2] * height})`);
  person.removeAttribute("visibility");
}

function count(seconds) {
  const ends = performance.now() + seconds * 1000;
  countdown = setInterval(() => {
    const rest = Math.max(0, (ends - performance.now()) / 1000);
    document.getElementById("count").textContent = Math.ceil(rest);
    document.getElementById("time").value = seconds - rest;
  }, 100);
}

async function confirmNotice() {
  const notice = document.getElementById("notice");
  if (!notice) return;
  await painted();
  const box = notice.getBoundingClientRect();
  const inside = box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight && box.right <= innerWidth;
  if (!notice.isConnected || !seen() || !inside || box.height === 0) return;
  if (confirmed === notice.dataset.attempt) return; // another round was quicker
  confirmed = notice.dataset.attempt;
  count(Number(notice.dataset.seconds));
  await send("/kiosk/shown", { attempt: confirmed, notice: notice.dataset.version, page });
}

async function watch() {
  for (;;) {
    await untilSeen();
    try {
      const answer = await fetch(`/kiosk/view?after=${region.dataset.number}&page=${page}`, {
        headers: { Accept: "application/json" },
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      if (!answer.ok && answer.status !== 409) throw new Error(answer.status);
      const news = await answer.json();
      if (!answer.ok) return put(news.html); // a newer load is the screen now: this one says so and falls silent
      show(news);
      confirmNotice().catch(lose);
    } catch {
      lose();
      await pause(1000);
    }
  }
}

document.addEventListener("submit", (event) => {
  event.preventDefault();
  press(event.target.action, new FormData(event.target, event.submitter));
});
document.addEventListener("click", (event) => {
  if (event.target.closest("#speak")) speak(region.dataset.number);
});
document.addEventListener("keydown", (event) => {
  const key = /^[0-9]$/.test(event.key) ? event.key : KEYS[event.key];
  if (!key || !region.querySelector(".keypad") || event.repeat) return;
  if (key === "ok" && event.target.closest("button")) return; // it presses the button that has the focus
  event.preventDefault();
  press("/kiosk/key", { key });
});
document.addEventListener("visibilitychange", () => {
  if (!seen()) navigator.sendBeacon("/kiosk/hidden", new URLSearchParams({ page }));
});
addEventListener("resize", fit);
setInterval(() => {
  const bar = document.getElementById("left");
  if (bar) bar.value = Math.max(0, (left - performance.now()) / 1000);
}, 250);

document.getElementById("unscripted").remove(); // its words hold until a script runs
document.documentElement.classList.add("scripted");
fit();
watch();
