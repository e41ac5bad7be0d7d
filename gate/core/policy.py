"""What the gate decides and on what evidence. Every comparison is written so that a NaN refuses."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from math import isfinite

from gate.core.liveness import CHALLENGE_S, Level, Verdict
from gate.core.types import AttemptId, Decision, Method, NoticeVersion, Reason, Seconds, TemplateId

CHOOSE_S: Seconds = 20.0
SHOW_WITHDRAWN_S: Seconds = 20.0
"""How long the gate waits for a person. WCAG 2.2.1: who needs more has 20 s to say so, ten times."""
PROLONGED_MOST = 10
SETTLE_S: Seconds = 0.4
"""How long a compared face is looked at before any movement is asked for: what it does is told against that."""
PASSIVE_S: Seconds = 1.0
"""How long a compared face may show by itself that it lives before it is asked for a movement."""
COVERED_S: Seconds = 3.0
"""How long somebody has to take off what covers their face before they are asked to move as they are."""
LOOK_BACK_S: Seconds = 2.0
"""What a person has after the time for a movement, to look ahead again and be compared."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The numbers behind the decisions, for one site. Built from the settings and the operating point.

    liveness: what a face must show beside its likeness; None asks for nothing, which no shipped setting says.
    refusals_with_liveness: in place of refusals_before_rest where liveness is asked for.
    """

    notice: NoticeVersion
    notice_minimum_s: Seconds
    notice_confirm_s: Seconds = 3.0
    choose_s: Seconds = CHOOSE_S
    capture_s: Seconds = 8.0
    compare_s: Seconds = 2.5
    agreeing_frames: int = 2
    verify_s: Seconds = 5.0
    record_s: Seconds = 5.0
    show_result_s: Seconds = 3.0
    show_withdrawn_s: Seconds = SHOW_WITHDRAWN_S
    prolonged_most: int = PROLONGED_MOST
    refusals_before_rest: int = 5
    refusals_with_liveness: int = 10
    rest_s: Seconds = 30.0
    liveness: Level | None = None
    settle_s: Seconds = SETTLE_S
    passive_s: Seconds = PASSIVE_S
    covered_s: Seconds = COVERED_S
    challenge_s: Seconds = CHALLENGE_S + LOOK_BACK_S
    two_factors: bool = False
    """Card with PIN or face instead of any of them alone; a visitor's code is the host's word and opens by itself."""

    @property
    def refusals_most(self) -> int:
        """Give after how many refusals face rests: a face that must live is refused more often for nothing."""
        return self.refusals_before_rest if self.liveness is None else self.refusals_with_liveness

    @property
    def asks_after_s(self) -> Seconds | None:
        """Give how long after a face was first compared a movement is asked for; None where none ever is."""
        match self.liveness:
            case Level.BASIC:
                return self.passive_s
            case Level.CHALLENGE:
                return self.settle_s
            case _:
                return None

    def lives(self, live: Verdict) -> Verdict:
        """Give what *live* means here: LIVE where nothing is asked for, itself anywhere else."""
        return Verdict.LIVE if self.liveness is None else live


@dataclass(frozen=True, slots=True)
class Conditions:
    """What must all be true before face may be offered. Card and PIN depend on none of it (R02)."""

    switched_on: bool = False
    vision_ready: bool = False
    screen_live: bool = False  # R12: a notice nobody can see is no notice
    notice_published: bool = False  # R11
    reader_healthy: bool = False  # R01: face is never the only way in
    gallery_validated: bool = False  # not more templates than the operating point was validated for
    storage_healthy: bool = False
    not_stopped: bool = False  # R87: face was not ended here for good
    assessment_approved: bool = False  # R80: for this very configuration
    clock_trusted: bool = False  # a clock set back would keep consents alive
    untampered: bool = False  # R60
    liveness_fitted: bool = False  # what the site's level of liveness needs: nothing weaker stands in for it

    @property
    def obstacles(self) -> tuple[str, ...]:
        """Name every condition that keeps face off, for the status page; empty when face may be offered.

        A site that has face switched off, or ended it for good, needs no other reason.
        """
        if not self.switched_on:
            return ("switched_on",)
        if not self.not_stopped:
            return ("not_stopped",)
        return tuple(condition.name for condition in fields(self) if not getattr(self, condition.name))


class Hint(StrEnum):
    """What vision saw in a frame, as the guidance a person can act on."""

    COMPARED = "compared"
    NO_FACE = "no-face"
    COME_CLOSER = "come-closer"
    ONE_PERSON = "one-person"
    MORE_LIGHT = "more-light"
    HOLD_STILL = "hold-still"
    LESS_LIGHT = "less-light"
    LOOK_AHEAD = "look-ahead"
    COME_IN = "come-in"  # the picture's edge cuts the face
    UNCOVER = "uncover"  # compared as well, but something lies before the mouth or the eyes

    @property
    def is_compared(self) -> bool:
        """Tell whether the frame's face was compared."""
        return self in {Hint.COMPARED, Hint.UNCOVER}


PLACE_STEPS = 20


@dataclass(frozen=True, slots=True)
class FacePlace:
    """Where the face is in the camera's zone, to guide a silhouette: shares of the zone, from 0 to 1, by twentieths.

    x, y: the face's centre from the zone's left and top edge, as the camera sees it; a screen that shows a person
    themselves mirrors x. height: the face's, of the zone's. So coarse that it places a face and describes none; it is
    never logged or kept.
    """

    x: float
    y: float
    height: float

    @classmethod
    def near(cls, x: float, y: float, height: float) -> FacePlace:
        """Round three shares to twentieths, within 0 and 1. Raises ValueError for what is not a finite number."""
        return cls.of_steps(*(_steps(share) for share in (x, y, height)))

    @classmethod
    def of_steps(cls, x: int, y: int, height: int) -> FacePlace:
        """Make it of whole twentieths. Raises ValueError for a step below 0 or above 20."""
        if not all(0 <= each <= PLACE_STEPS for each in (x, y, height)):
            raise ValueError((x, y, height))
        return cls(x / PLACE_STEPS, y / PLACE_STEPS, height / PLACE_STEPS)

    @property
    def steps(self) -> tuple[int, int, int]:
        """Give x, y and height in whole twentieths."""
        return _steps(self.x), _steps(self.y), _steps(self.height)


def _steps(share: float) -> int:
    if not isfinite(share):
        raise ValueError(share)
    return round(min(max(share, 0.0), 1.0) * PLACE_STEPS)


@dataclass(frozen=True, slots=True)
class Finding:
    """What vision says of one frame: guidance, and the template that a compared face matched, None if it matched none.

    place: where the face it speaks of is, None where it speaks of none. live: whether it was seen to live, so far. How
    near the face came to a template, and by what it was seen to live, stays in vision.
    """

    hint: Hint
    template: TemplateId | None = None
    place: FacePlace | None = field(default=None, repr=False)
    live: Verdict = Verdict.UNDECIDED


def is_match(score: float, second: float, *, threshold: float, margin: float) -> bool:
    """Tell whether a comparison may name its template: at the threshold or above, and clear of the second.

    All four are cosines or differences of them; second belongs to the nearest other template. NaN is no match.
    """
    if not score >= threshold:
        return False
    return score - second >= margin


def decide_face(attempt: AttemptId, *, matched: bool, live: Verdict, saw_face: bool) -> Decision:
    """Decide a face attempt from what its frames agreed on: a match opens only with a face that lives."""
    if matched and live is Verdict.LIVE:
        return Decision(attempt, Method.FACE, granted=True, reason=Reason.MATCHED)
    if matched or live is Verdict.ATTACK:
        reason = Reason.NOT_LIVE
    else:
        reason = Reason.NOT_RECOGNISED if saw_face else Reason.NO_FACE
    return Decision(attempt, Method.FACE, granted=False, reason=reason)


def decide_credential(attempt: AttemptId, method: Method, finding: Reason) -> Decision:
    """Decide a card or PIN attempt: one reason opens, every other refuses."""
    return Decision(attempt, method, finding is Reason.KNOWN_CREDENTIAL, finding)
