// The gate's screen: asks for the view, swaps it in, and confirms a notice once it is truly on the screen.
"use strict";

const PATIENCE_MS = 2500;
const region = document.getElementById("view");
const page = region.dataset.page;
let confirmed = null;
let countdown = 0;

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

// Large type first; a long notice or contact steps it down until nothing needs to be scrolled.
function fit() {
  for (let scale = 1; scale > 0.57; scale -= 0.03) {
    region.style.setProperty("--fit", scale);
    if (document.documentElement.scrollHeight <= innerHeight) return;
  }
}

function put(html) {
  const hadFocus = region.contains(document.activeElement);
  clearInterval(countdown);
  region.innerHTML = html;
  fit();
  if (hadFocus) region.querySelector("h1").focus();
}

function lose() {
  region.dataset.number = -1; // whatever the server shows when it is back is new
  const lost = document.getElementById("lost");
  if (lost) put(lost.innerHTML);
}

function count(seconds) {
  const ends = performance.now() + seconds * 1000;
  countdown = setInterval(() => {
    const left = Math.max(0, (ends - performance.now()) / 1000);
    document.getElementById("count").textContent = Math.ceil(left);
    document.getElementById("time").value = seconds - left;
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
      if (news.html !== null) {
        document.documentElement.lang = news.language;
        put(news.html);
        region.dataset.number = news.number;
      }
      confirmNotice().catch(lose);
    } catch {
      lose();
      await pause(1000);
    }
  }
}

document.addEventListener("submit", (event) => {
  event.preventDefault();
  send(event.target.action, new FormData(event.target, event.submitter)).catch(lose);
});
document.addEventListener("visibilitychange", () => {
  if (!seen()) navigator.sendBeacon("/kiosk/hidden", new URLSearchParams({ page }));
});
addEventListener("resize", fit);

document.getElementById("unscripted").remove(); // its words hold until a script runs
fit();
watch();
