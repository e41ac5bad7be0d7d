"""What the gate decides and on what evidence. Every comparison is written so that a NaN refuses."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum

from gate.core.types import AttemptId, Decision, Method, NoticeVersion, Reason, Seconds, TemplateId


@dataclass(frozen=True, slots=True)
class Rules:
    """The numbers behind the decisions, for one site. Built from the settings and the operating point."""

    notice: NoticeVersion
    notice_minimum_s: Seconds
    notice_confirm_s: Seconds = 3.0
    choose_s: Seconds = 20.0
    capture_s: Seconds = 8.0
    compare_s: Seconds = 2.5
    agreeing_frames: int = 2
    verify_s: Seconds = 5.0
    record_s: Seconds = 5.0
    show_result_s: Seconds = 3.0
    show_withdrawn_s: Seconds = 20.0
    refusals_before_rest: int = 5
    rest_s: Seconds = 30.0
    two_factors: bool = False
    """Card with PIN or face instead of any of them alone; a visitor's code is the host's word and opens by itself."""


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


@dataclass(frozen=True, slots=True)
class Finding:
    """What vision says of one frame: guidance, and the template that a compared face matched, None if it matched none.

    How near it came stays in vision.
    """

    hint: Hint
    template: TemplateId | None = None


def is_match(score: float, second: float, *, threshold: float, margin: float) -> bool:
    """Tell whether a comparison may name its template: at the threshold or above, and clear of the second.

    All four are cosines or differences of them; second belongs to the nearest other template. NaN is no match.
    """
    if not score >= threshold:
        return False
    return score - second >= margin


def decide_face(attempt: AttemptId, *, matched: bool, saw_face: bool) -> Decision:
    """Decide a face attempt from what its frames agreed on."""
    refusal = Reason.NOT_RECOGNISED if saw_face else Reason.NO_FACE
    reason = Reason.MATCHED if matched else refusal
    return Decision(attempt, Method.FACE, matched, reason)


def decide_credential(attempt: AttemptId, method: Method, finding: Reason) -> Decision:
    """Decide a card or PIN attempt: one reason opens, every other refuses."""
    return Decision(attempt, method, finding is Reason.KNOWN_CREDENTIAL, finding)
