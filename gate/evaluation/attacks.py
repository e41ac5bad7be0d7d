"""Presentation attacks from a folder: how many of each species pass, and how many live people do not (ISO/IEC 30107-3).

The folder holds one folder for each species, and one called ``live``. A sample is a video file, or a folder of frames in the
order of their names, or one photograph. The product's own liveness rule looks at each as it would at a visit; an attack
counts as passed if it is called live at any frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import cv2

from gate.core.accuracy import share
from gate.core.liveness import Level, Verdict
from gate.core.operating import Bounded
from gate.core.types import Seconds
from gate.errors import RequestError
from gate.evaluation.tables import Say, Table, in_english, share_words
from gate.vision.detect import Face
from gate.vision.images import Frame, normalise_frame, read_image
from gate.vision.progress import Progress

LIVE: Final = "live"
FRAME_S: Final[Seconds] = 0.04
FRAMES_MOST: Final = 250
"""Ten seconds: a visit's capture is no longer."""
VIDEOS: Final = frozenset({".mp4", ".avi", ".mov", ".mkv", ".webm"})


class Detector(Protocol):
    """What of a pipeline finds the face to be judged."""

    def detect(self, frame: Frame, /) -> tuple[Face, ...]:
        """Give the faces in *frame*."""


class Judge(Protocol):
    """What of ``Liveness`` is used."""

    def observe(self, frame: Frame, face: Face, at: Seconds) -> bool:
        """Look at one frame."""

    def verdict(self, level: Level, at: Seconds) -> Verdict:
        """Say what the looks give."""

    def wipe(self) -> None:
        """Overwrite what is kept of the clip."""


@dataclass(frozen=True, slots=True)
class Species:
    """One kind of presentation. passed: called live; of those in which a face was found. without_face: the others."""

    name: str
    samples: int
    without_face: int
    passed: Bounded | None


def judge_attacks(folder: Path, detector: Detector, judge: Judge, progress: Progress) -> tuple[Species, ...]:
    """Judge every sample. Raises RequestError where there is none, or one cannot be read."""
    species = sorted(each for each in folder.glob("*") if each.is_dir() and not each.name.startswith("."))
    samples = {each: sorted(path for path in each.iterdir() if path.name[0] != ".") for each in species}
    total = sum(map(len, samples.values()))
    if not total:
        raise RequestError(
            "attacks-input",
            f"{folder} holds no folder with samples.",
            remedy="Give one folder for each species of attack, and one called live.",
        )
    found, done = [], 0
    for each, paths in samples.items():
        verdicts = []
        for path in paths:
            verdicts.append(_judged(path, detector, judge))
            done += 1
            progress("attacks", done, total)
        seen = [verdict for verdict in verdicts if verdict is not None]
        passed = share(sum(seen), len(seen)) if seen else None
        found.append(Species(each.name, len(paths), len(paths) - len(seen), passed))
    return tuple(found)


def attack_table(found: Sequence[Species], gettext: Say = in_english) -> Table:
    """Give APCER of each species, the worst first, and BPCER last; the worst species is the figure that counts."""
    attacks = sorted(
        (each for each in found if each.name != LIVE),
        key=lambda each: each.passed.value if each.passed else 0.0,
        reverse=True,
    )
    rows = [
        (each.name, str(each.samples), str(each.without_face), "APCER", share_words(each.passed, gettext))
        for each in attacks
    ]
    rows += [
        (each.name, str(each.samples), str(each.without_face), "BPCER", share_words(_refused(each), gettext))
        for each in found
        if each.name == LIVE
    ]
    return Table(
        gettext("Presentation attacks"),
        gettext(
            "By the basic level, which asks for no challenge. APCER: attacks called live, of those with a face; the worst species "
            "is the figure that counts. BPCER: live people not called live by the passive signals; at a gate a challenge follows."
        ),
        (
            gettext("species"),
            gettext("samples"),
            gettext("without a face"),
            gettext("figure"),
            gettext("share"),
        ),
        tuple(rows),
    )


def _refused(live: Species) -> Bounded | None:
    passed = live.passed
    return None if passed is None else Bounded(1 - passed.value, 1 - passed.high, 1 - passed.low)


def _judged(path: Path, detector: Detector, judge: Judge) -> bool | None:
    """Tell whether a sample is called live at any frame; None where no face is found in it."""
    seen = False
    try:
        for number, frame in enumerate(_frames(path)):
            face = max(detector.detect(frame), key=lambda each: each.area, default=None)
            if face is None:
                continue
            seen, at = True, number * FRAME_S
            judge.observe(frame, face, at)
            if judge.verdict(Level.BASIC, at) is Verdict.LIVE:
                return True
    finally:
        judge.wipe()
    return False if seen else None


def _frames(path: Path) -> Iterator[Frame]:
    """Give the frames of a sample, at most as many as a visit has. Raises RequestError if it cannot be read."""
    if path.is_dir():
        for file in sorted(path.iterdir())[:FRAMES_MOST]:
            yield read_image(file)
    elif path.suffix.lower() in VIDEOS:
        yield from _video(path)
    else:
        yield read_image(path)


def _video(path: Path) -> Iterator[Frame]:
    with closing(_Video(path)) as video:
        for _ in range(FRAMES_MOST):
            ok, frame = video.capture.read()
            if not ok:
                return
            yield normalise_frame(frame)


class _Video:
    """A video file, closed however its frames end."""

    def __init__(self, path: Path) -> None:
        self.capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        if not self.capture.isOpened():
            raise RequestError(
                "attacks-input",
                f"{path} is no video that can be read.",
                remedy="Give an MP4, or a folder of frames.",
            )

    def close(self) -> None:
        self.capture.release()
