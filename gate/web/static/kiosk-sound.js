// What the gate's screen lets people hear: a short figure for how something ended, and its words read aloud on request.

// Rising for yes, falling and rough for no, one soft note for a question: told apart without a word, and by their shape.
const FIGURES = {
  granted: { type: "sine", notes: [523, 784], gain: 0.25 },
  refused: { type: "triangle", notes: [330, 247, 196], gain: 0.3 },
  ask: { type: "sine", notes: [659], gain: 0.12 },
};
const NOTE_S = 0.14;
let audio = null;
let voice = null;

export function sound(name) {
  const figure = FIGURES[name];
  if (!figure) return;
  audio ??= new AudioContext();
  if (audio.state === "suspended") audio.resume().catch(() => {});
  figure.notes.forEach((frequency, place) => {
    const begins = audio.currentTime + place * NOTE_S;
    const tone = new OscillatorNode(audio, { type: figure.type, frequency });
    const level = new GainNode(audio, { gain: 0 });
    level.gain.setValueAtTime(0, begins);
    level.gain.linearRampToValueAtTime(figure.gain, begins + 0.02); // a hard edge would click
    level.gain.linearRampToValueAtTime(0, begins + NOTE_S);
    tone.connect(level).connect(audio.destination);
    tone.start(begins);
    tone.stop(begins + NOTE_S);
  });
}

export function speak(number) {
  hush();
  voice = new Audio(`/kiosk/speech?number=${number}`);
  voice.play().catch(() => {}); // without a loudspeaker the words still stand on the screen
}

export function hush() {
  voice?.pause();
  voice = null;
}
