"""Measure liveness on every species of attack and on living heads, and write the tables of docs/liveness.md.

    python -m tests.vision.liveness.report [measure [SPECIES ...] | words]

``measure`` plays CLIPS clips of each (half an hour on two cores) and keeps the counts in figures.json beside this file;
``words`` writes the tables from them. The photographs come from beside the project where they are, else from the two portraits.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from gate.core.accuracy import share
from gate.core.liveness import DRAWN, Level
from gate.errors import GateError
from gate.vision.images import read_image
from gate.vision.pipeline import Pipeline
from tests import beside
from tests.vision.liveness import species
from tests.vision.liveness.film import windows
from tests.vision.liveness.rendering import Photo
from tests.vision.liveness.trial import ASKED_S, END_S, Judge, judged

ROOT = Path(__file__).parents[3]
FIGURES, DOCUMENT = Path(__file__).with_name("figures.json"), ROOT / "docs/liveness.md"
MODELS = ROOT / "models"
CLIPS = 30
FILM = "real heads in a film, 60 to 200 px"
FACE_PX = 110
"""A photograph's face must be this wide: a coarser one would test the photograph."""
REACTION_S, EARLY_S = 0.5, 0.6
BEGIN, END = "<!-- figures: python -m tests.vision.liveness.report -->", "<!-- end of figures -->"

JUDGES = (Judge(Level.BASIC), Judge(Level.CHALLENGE), Judge(Level.BASIC, passive=True))


@dataclass(frozen=True)
class Row:
    """How many of the clips each judge took for a living head, how many of them by natural motion in EARLY_S, and after
    how many seconds (at the 95th percentile)."""

    clips: int
    live: dict[str, int]
    early: dict[str, int]
    p95_s: dict[str, float]


def photos(pipeline):
    """Give the photographs whose one or largest face is wide enough."""
    portraits = sorted((MODELS / "weights/portraits").iterdir())
    folder = beside.FACES
    found = []
    for path in [*portraits, *(sorted(folder.glob("*.jpg")) if folder.is_dir() else ())]:
        try:
            pixels = read_image(path)
        except GateError:
            continue
        if max(pixels.shape) > 1600:
            scale = 1600 / max(pixels.shape)
            pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        faces = pipeline.detect(pixels)
        if faces and max(faces, key=lambda each: each.area).box[2] >= FACE_PX:
            found.append(Photo(pixels, max(faces, key=lambda each: each.area).landmarks))
    return found


def heads(amount, *, obeys=True):
    def clip(photo, rng, frames, challenge):
        def asked(at):
            return species.answering(challenge, ASKED_S + REACTION_S, at)

        return species.living(photo, rng, frames, amount=amount, asked=asked if obeys else None)

    return clip


LIVING = {
    "head, moved as before a screen": heads(1.0),
    "head, held almost still": heads(0.25),
    "head, quite still": heads(0.05),
}


def attack(clip):
    return lambda photo, rng, frames, _challenge: clip(photo, rng, frames)


def measure(names):
    pipeline = Pipeline.load(MODELS, ("cpu",), 1)
    passive = _passive()
    judges = JUDGES if passive else JUDGES[:2]
    pictures = photos(pipeline)
    kinds = LIVING | {name: attack(clip) for name, clip in species.ATTACKS.items()}
    frames = round(END_S * species.RATE) + 1
    for name in names or kinds:
        times = [[] for _ in judges]
        for number in range(CLIPS):
            rng = np.random.default_rng([number, *name.encode()])
            challenge = DRAWN[int(rng.integers(len(DRAWN)))]
            clip = kinds[name](pictures[number % len(pictures)], rng, frames, challenge)
            for found, when in zip(
                times, judged(clip, pipeline, judges, challenge=challenge, passive=passive), strict=True
            ):
                found.append(when)
        keep(name, judges, times)
    if not names:
        for name, clips in (("real heads in a film, 60 to 200 px", windows(beside.FILM)),):
            times = [[] for _ in judges]
            for clip, detections in clips:
                for found, when in zip(
                    times,
                    judged(
                        clip, detections, judges, challenge=DRAWN[0], passive=passive, end_s=ASKED_S - 0.01
                    ),
                    strict=True,
                ):
                    found.append(when)
            keep(name, judges, times)


def measure_film(judges, passive):
    times = [[] for _ in judges]
    for clip, detections in windows(beside.FILM):
        outcomes = judged(clip, detections, judges, challenge=DRAWN[0], passive=passive, end_s=ASKED_S - 0.01)
        for found, when in zip(times, outcomes, strict=True):
            found.append(when)
    if times[0]:
        keep(FILM, judges, times)


def keep(name, judges, times):
    live = {
        judge.name: sum(each is not None for each in found)
        for judge, found in zip(judges, times, strict=True)
    }
    early = {
        judge.name: sum(each is not None and each <= EARLY_S for each in found)
        for judge, found in zip(judges, times, strict=True)
    }
    p95 = {
        judge.name: round(
            float(np.quantile([each for each in found if each is not None], 0.95, method="higher")), 2
        )
        for judge, found in zip(judges, times, strict=True)
        if any(each is not None for each in found)
    }
    figures = json.loads(FIGURES.read_text("utf-8")) if FIGURES.exists() else {}
    figures[name] = asdict(Row(len(times[0]), live, early, p95))
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    sys.stdout.write(f"{name}: {figures[name]}\n")
    sys.stdout.flush()


def _passive():
    """Open the networks from where they were given, if they were."""
    if not beside.WEIGHTS.is_dir():
        return None
    from gate.vision.liveness.passive import SCALES, Passive
    from gate.vision.manifest import load_manifests
    from gate.vision.sessions import open_session

    given = [each for each in load_manifests(MODELS) if each.name in SCALES]

    class There:
        def __init__(self, manifest):
            self.manifest = manifest

        def __getattr__(self, name):
            return getattr(self.manifest, name)

        def weights(self, _models_dir):
            return beside.WEIGHTS / self.manifest.file

    return Passive(
        [(open_session(There(each), MODELS), each.input.name, SCALES[each.name]) for each in given]
    )


def bounded(count, total):
    rate = share(count, total)
    return f"{100 * rate.value:.0f} % ({100 * rate.low:.0f} to {100 * rate.high:.0f})"


def tables(figures):
    """Write both tables: what passed of each attack, and what was refused of living heads."""
    names = [judge.name for judge in JUDGES]
    attacks = {name: figures[name] for name in species.ATTACKS if name in figures}
    lines = [
        "Share of attacks taken for a living head (APCER), with 95 % bounds (Clopper-Pearson):",
        "",
        "| species | clips | " + " | ".join(names) + " |",
        "|---|---|" + "---|" * len(names),
    ]
    for name, row in attacks.items():
        cells = [bounded(row["live"][each], row["clips"]) if each in row["live"] else "-" for each in names]
        lines.append(f"| {name} | {row['clips']} | {' | '.join(cells)} |")
    worst = [max(row["live"].get(each, 0) / row["clips"] for row in attacks.values()) for each in names]
    lines += [f"| **worst** | | {' | '.join(f'**{100 * each:.0f} %**' for each in worst)} |", ""]
    lines += [
        f"Share of living heads refused (BPCER), how many were taken for living within {EARLY_S} s of the first look,",
        "and the seconds within which 95 % of those not refused were. A challenge, where one is needed, is asked after",
        f"{ASKED_S:.0f} s here, and answered from {REACTION_S} s later:",
        "",
        "| | clips | " + " | ".join(f"{each} | early | p95, s" for each in names) + " |",
        "|---|---|" + "---|---|---|" * len(names),
    ]
    for name, row in figures.items():
        if name in species.ATTACKS:
            continue
        cells = []
        for each in names:
            if each not in row["live"] or (name not in LIVING and each == Level.CHALLENGE):
                cells.append("- | - | -")
                continue
            refused = bounded(row["clips"] - row["live"][each], row["clips"])
            cells.append(f"{refused} | {row['early'][each]} | {row['p95_s'].get(each, '-')}")
        lines.append(f"| {name} | {row['clips']} | {' | '.join(cells)} |")
    lacking = [name for name in (*species.ATTACKS, *LIVING, FILM) if name not in figures]
    if lacking:
        lines += ["", f"Not measured yet with this release: {'; '.join(lacking)}."]
    return "\n".join(lines)


def written(document, figures):
    """Give the document with the tables of *figures*."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables(figures)}\n{END}{after}"


def words():
    figures = json.loads(FIGURES.read_text("utf-8"))
    DOCUMENT.write_text(written(DOCUMENT.read_text("utf-8"), figures), "utf-8")


if __name__ == "__main__":
    command, *wanted = sys.argv[1:] or ["all"]
    if command in {"all", "measure"}:
        measure(wanted)
    if command in {"all", "words"}:
        words()
