"""Who stands there, from several frames: a sequential test with stated errors, never the first hit.

Frames of one visit are no independent witnesses: most of a stranger's score belongs to the pair of faces and is the same
in every frame. The model is therefore one of random effects. The score of a frame is the mean of its kind, plus what
belongs to the pair of faces, plus what belongs to the frame, normal both. Under it the mean score over the frames is all that
counts, and the log likelihood ratio of "this template's person" against "somebody else" is

    (GENUINE_MEAN - IMPOSTOR_MEAN) * (mean - midpoint) / (PAIR_SD ** 2 + FRAME_SD ** 2 / independent frames)

A template may be named once that reaches Wald's upper limit (Wald 1945) for this gallery's size. A likelihood ratio of a true
null hypothesis passes 1 / alpha at any time with a chance of at most alpha (Ville 1939), however long the frames go on, so
that looking again after each frame costs nothing. The operating point's threshold and margin must hold for the mean
besides: this test asks for more, never for less.

Every comparison is written so that a NaN names nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite, log
from typing import Final

from gate.core.policy import is_match

ALPHA: Final = 0.001
"""The chance that a stranger is named in one visit, over the whole gallery: REQUIREMENTS' aim for FPIR."""
BETA: Final = 0.05
"""The chance that the person of a template counts as unknown: the aim for FNIR. Planned, not promised: see docs/adr/0032."""

IMPOSTOR_MEAN: Final = 0.138
"""The upper 95 % limit of the mean over 262 impostor pairs, as the operating point has it (models/README.md)."""
PAIR_SD: Final = 0.085
FRAME_SD: Final = 0.046
"""Of one total of 0.096, the operating point's upper limit: 0.78 of a stranger's variance is the pair's, 0.22 the frame's, as
ten tracks of a video clip compared with 64 photographs of others share it (ADR 0032)."""
GENUINE_MEAN: Final = 0.70
"""Below the measured 0.756 of one photograph against another, since a gate's frames are worse."""
FRAME_CORRELATION: Final = 0.62
"""Of what belongs to a frame, between neighbours at 25 a second, on the same clip: a frame is mostly the last one again."""
FRAMES_LEAST: Final = 2

_INDEPENDENT_SHARE: Final = (1 - FRAME_CORRELATION) / (1 + FRAME_CORRELATION)
_SPREAD: Final = GENUINE_MEAN - IMPOSTOR_MEAN
_MIDPOINT: Final = (GENUINE_MEAN + IMPOSTOR_MEAN) / 2
_UNKNOWN_BELOW: Final = log(BETA / (1 - ALPHA))


class Outcome(StrEnum):
    """What the frames so far say. Each but UNDECIDED has its stated error; none is for ever: the next frame counts too."""

    UNDECIDED = "undecided"
    NAMED = "named"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a name needs besides the test: the operating point's cosines, and how many templates were compared."""

    threshold: float
    margin: float
    compared: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """The frames of one face so far, against the nearest template and the nearest one of anybody else.

    frames: how many distinct frames; weight: the sum of their qualities, each above 0 and at most 1. score, second: means
    over them, weighted by quality, of the cosine to each; second is -1 where there is nobody else.
    """

    frames: int
    weight: float
    score: float = field(repr=False)
    second: float = field(repr=False)


def judge(evidence: Evidence, limits: Limits) -> Outcome:
    """Say what *evidence* comes to. Total: what is not a finite number decides nothing."""
    ratio = log_ratio(evidence.score, evidence.weight)
    if not evidence.frames >= FRAMES_LEAST or not isfinite(ratio):
        return Outcome.UNDECIDED
    if ratio <= _UNKNOWN_BELOW:
        return Outcome.UNKNOWN
    enough = limits.compared >= 1 and ratio >= log((1 - BETA) * limits.compared / ALPHA)
    alike = is_match(evidence.score, evidence.second, threshold=limits.threshold, margin=limits.margin)
    return Outcome.NAMED if enough and alike else Outcome.UNDECIDED


def log_ratio(score: float, weight: float) -> float:
    """Give the log likelihood ratio of a mean *score* over frames of this *weight*; minus infinity for no weight.

    Never falls as either grows, as long as the score lies above the midpoint of both means.
    """
    if not weight > 0:
        return -float("inf")
    return _SPREAD * (score - _MIDPOINT) / (PAIR_SD**2 + FRAME_SD**2 / independent(weight))


def independent(weight: float) -> float:
    """Give how many independent frames frames of this *weight*, above 0, are worth.

    The first counts in full, each further one for what an autoregressive neighbour tells anew; quality counts as frames.
    """
    return weight if weight <= 1 else 1 + (weight - 1) * _INDEPENDENT_SHARE
