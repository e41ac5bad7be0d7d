"""Whether a living head stands at the camera: one rule over every signal that is fitted. It fails closed.

Pure: vision measures (gate/vision/liveness), this decides. Each comparison is written so that a NaN is never LIVE. The
limits come from the measurement in docs/liveness.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from gate.core.types import Seconds


class Verdict(StrEnum):
    """What the signals say so far. Only LIVE lets a match open; ATTACK ends the attempt."""

    UNDECIDED = "undecided"
    LIVE = "live"
    ATTACK = "attack"


class Level(StrEnum):
    """What a site asks for.

    BASIC: enough natural motion, or a challenge where it does not suffice. CHALLENGE: always a challenge. DEPTH: a
    depth or infrared camera beside the colour one.
    """

    BASIC = "basic"
    CHALLENGE = "challenge"
    DEPTH = "depth"


class Assurance(StrEnum):
    """How far a level goes. LOW: colour pictures alone; masks and injected video are not covered."""

    LOW = "low"
    SUBSTANTIAL = "substantial"


class Challenge(StrEnum):
    """What a person is asked to do; left and right are the person's own."""

    TURN_LEFT = "turn-left"
    TURN_RIGHT = "turn-right"
    NOD = "nod"
    COME_CLOSER = "come-closer"


class Response(StrEnum):
    """What became of a challenge. FAILED: another motion came first, or too early, or none in time."""

    NOT_ASKED = "not-asked"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class Cue(StrEnum):
    """A trace of the thing that a picture is shown on.

    MOIRE: the cells of a screen beat with the camera's. SURROUND: what is beside the head moves as one piece, and the
    gate's camera does not move.
    """

    MOIRE = "moire"
    SURROUND = "surround"


DRAWN = (Challenge.TURN_LEFT, Challenge.TURN_RIGHT, Challenge.NOD)
"""What the service draws from, each as likely. Coming closer is left out: a print comes closer as well as a head."""
CHALLENGE_S: Seconds = 4.0
"""How long a person has for it, from when it is asked."""
FRAMES_LEAST = 3
"""No verdict on fewer looks at one face in a row."""
PASSIVE_LEAST = 0.8
"""The networks' mean share of "live" from which no challenge is needed for their sake."""
PARALLAX_LEAST = 0.015
"""How far a nose must move against the plane of its face, in distances between the eyes: some 2 degrees of a turn."""
CERTAINTY_LEAST = 14.0
"""That by its standard error, which takes every pixel as independent, so that it is no number of sigmas."""
CUES_LEAST = 2
"""One kind of trace asks for a challenge, this many are an attack."""
DEPTH_LEAST_MM, DEPTH_MOST_MM = 8.0, 60.0
"""How far the nose stands out of the face, as a depth camera measures it."""
DEPTH_FLAT_MM = 4.0


@dataclass(frozen=True, slots=True)
class Signals:
    """What vision measured of one face, followed without a gap. Never logged or sent: it stays in the vision child.

    frames: looks so far. passive: mean share of "live" that the networks gave, 0..1; None: none ran. parallax: how far
    the nose moved against the plane of the face, in distances between the eyes; certainty: that by its standard error;
    both None: nothing to measure yet. cues: traces of a screen or a print that were seen to stay. depth_mm: how far
    the nose stands out of the face by a depth camera; None: not measured yet.
    """

    frames: int = 0
    passive: float | None = field(default=None, repr=False)
    parallax: float | None = field(default=None, repr=False)
    certainty: float | None = field(default=None, repr=False)
    cues: frozenset[Cue] = frozenset()
    depth_mm: float | None = field(default=None, repr=False)


def fuse(
    signals: Signals,
    level: Level,
    *,
    passive_fitted: bool,
    depth_fitted: bool,
    challenged: Response,
) -> Verdict:
    """Give the verdict. Total, and fail-closed: what is fitted and silent, or not a number, is never LIVE.

    passive_fitted, depth_fitted: whether this gate has the networks, the depth camera. challenged: what became of the
    challenge, if one was asked.
    """
    if challenged is Response.FAILED or _shows_attack(signals):
        return Verdict.ATTACK
    if not signals.frames >= FRAMES_LEAST:
        return Verdict.UNDECIDED
    if passive_fitted and not (signals.passive is not None and 0 <= signals.passive <= 1):
        return Verdict.UNDECIDED
    if level is Level.DEPTH:
        return Verdict.LIVE if depth_fitted and _stands_out(signals) else Verdict.UNDECIDED
    is_live = _did(signals, challenged) if _needs_challenge(signals, level, challenged) else is_solid(signals)
    return Verdict.LIVE if is_live else Verdict.UNDECIDED


def assurance(level: Level, *, depth_fitted: bool) -> Assurance:
    """Say how far a level goes at a gate: low for whatever sees colour alone."""
    return Assurance.SUBSTANTIAL if level is Level.DEPTH and depth_fitted else Assurance.LOW


def is_solid(signals: Signals) -> bool:
    """Tell whether the nose was seen, beyond doubt, to move against the face as only one that stands out of it does."""
    parallax, certainty = signals.parallax, signals.certainty
    return (
        parallax is not None
        and certainty is not None
        and parallax >= PARALLAX_LEAST
        and certainty >= CERTAINTY_LEAST
    )


def _shows_attack(signals: Signals) -> bool:
    is_flat = signals.depth_mm is not None and signals.depth_mm < DEPTH_FLAT_MM
    return is_flat or len(signals.cues) >= CUES_LEAST


def _stands_out(signals: Signals) -> bool:
    return signals.depth_mm is not None and DEPTH_LEAST_MM <= signals.depth_mm <= DEPTH_MOST_MM


def _needs_challenge(signals: Signals, level: Level, challenged: Response) -> bool:
    """Tell whether natural motion cannot suffice: a challenge that was asked must be done, whatever else is seen."""
    passes = signals.passive is None or signals.passive >= PASSIVE_LEAST
    return (
        level is Level.CHALLENGE or challenged is not Response.NOT_ASKED or bool(signals.cues) or not passes
    )


def _did(signals: Signals, challenged: Response) -> bool:
    return challenged is Response.DONE and is_solid(signals)
