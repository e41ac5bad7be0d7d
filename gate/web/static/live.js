// The overview or the door, renewed while somebody looks.
"use strict";

const SILENCE_MS = 25000; // the stream says something every ten seconds
const AGAIN_MS = 3000;
const BEEP_EVERY_MS = 3500;
const KEPT = "alarm-sound";
const region = document.getElementById("live");
const lost = document.getElementById("lost");
const news = document.getElementById("news");
const sound = document.getElementById("sound");
const title = document.title;
let heard = Date.now();
let standing = count();
let beeping = 0;
let audio = null;
let first = true;

function count() {
  return Number(region.querySelector(".live").dataset.standing);
}

// What has the focus keeps it: the same button in the new picture, by its name or what it does.
function put(html) {
  const before = document.activeElement;
  const inside = region.contains(before);
  const form = inside && before.form;
  const path = form && form.getAttribute("action");
  region.innerHTML = html;
  // The first picture is what the page was drawn with; what was said of it does not hold for the next.
  if (!first) document.querySelectorAll("[data-until-news]").forEach((said) => said.remove());
  first = false;
  if (inside) {
    const same = before.id
      ? document.getElementById(before.id)
      : path && region.querySelector(`form[action="${path}"] button`);
    if (same) same.focus();
    else document.getElementById("main").focus();
  }
  heed();
}

function heed() {
  const now = count();
  if (now > standing) news.textContent = news.dataset.said;
  else if (now < standing && now === 0) news.textContent = news.dataset.over;
  standing = now;
  document.title = now ? `(${now}) ${title}` : title;
  const bell = document.querySelector(".bell");
  if (bell) {
    bell.classList.toggle("rings", now > 0);
    bell.textContent = region.querySelector(".live").dataset.bell;
  }
  ring();
}

const wanted = () => localStorage.getItem(KEPT) === "on";
const rings = () => region.querySelector(".live").dataset.sounding !== "";

function ring() {
  clearInterval(beeping);
  if (!wanted() || !rings()) return;
  beep();
  beeping = setInterval(beep, BEEP_EVERY_MS);
}

// Two tones, short: heard across a room, and over before anybody has to speak louder.
function beep() {
  if (!audio || audio.state !== "running") return;
  [880, 660].forEach((pitch, place) => {
    const tone = audio.createOscillator();
    const loudness = audio.createGain();
    const start = audio.currentTime + place * 0.28;
    tone.frequency.value = pitch;
    loudness.gain.setValueAtTime(0, start);
    loudness.gain.linearRampToValueAtTime(0.4, start + 0.02);
    loudness.gain.linearRampToValueAtTime(0, start + 0.25);
    tone.connect(loudness).connect(audio.destination);
    tone.start(start);
    tone.stop(start + 0.26);
  });
}

function showSound() {
  if (!sound) return;
  sound.hidden = false;
  sound.textContent = wanted() ? sound.dataset.on : sound.dataset.off;
}

// A browser plays nothing before somebody touched the page: any touch will do.
function wake() {
  if (!wanted()) return;
  audio ??= new AudioContext();
  audio.resume().then(ring);
}

sound?.addEventListener("click", () => {
  localStorage.setItem(KEPT, wanted() ? "off" : "on");
  showSound();
  wake();
  ring();
});
addEventListener("pointerdown", wake);
addEventListener("keydown", wake);

function watch() {
  const stream = new EventSource(region.dataset.stream);
  const listen = (name, act) =>
    stream.addEventListener(name, (event) => {
      heard = Date.now();
      lost.hidden = true;
      act(event);
    });
  listen("view", (event) => put(event.data));
  listen("pulse", () => {});
  // The stream ended with its time or with the session: asking for the page tells which.
  listen("over", () => {
    stream.close();
    location.reload();
  });
  stream.addEventListener("error", () => {
    if (stream.readyState !== EventSource.CLOSED) return; // it tries again by itself
    stream.close();
    lost.hidden = false;
    setTimeout(ask, AGAIN_MS);
  });
}

// The stream was refused: signed out, too many of them, or the gate starts anew. The page itself says which.
async function ask() {
  try {
    const answer = await fetch(location.pathname, { redirect: "manual", signal: AbortSignal.timeout(AGAIN_MS) });
    if (answer.ok || answer.type === "opaqueredirect") return location.reload();
  } catch {
    // not there yet
  }
  setTimeout(ask, AGAIN_MS);
}

setInterval(() => {
  if (Date.now() - heard > SILENCE_MS) lost.hidden = false;
}, AGAIN_MS);
showSound();
wake();
heed();
watch();
