"""What can be wrong with a consent as it is asked for, by code."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gate.core.consent import AgeFault
from gate.errors import RequestError

_FAULTS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "notice-text": (
            "The text that was shown is not one of the published notice in that language.",
            "Show the published notice and ask again.",
        ),
        "enrol-stale": (
            "The keys of the templates were renewed while the face was taken.",
            "Take the face again, live.",
        ),
        "embedding-shape": ("The template has not the size of one.", "Take the face again, live."),
        "reconfirm-nothing": (
            "There is no template that could live on under a new consent.",
            "Consent anew, with the face taken live.",
        ),
        "reconfirm-needless": (
            "The consent stands under the present notice already.",
            "Nothing needs to be done.",
        ),
        "release-undeleted": (
            "The face should have been deleted and could not be, so it stays out of use.",
            "See gate retention runs; withdraw the consent, and enrol anew if it is wanted.",
        ),
        "minor-approval": (
            "A child's record opens to staff only with a second approval.",
            "Have a manager or the privacy officer approve it, then try again within fifteen minutes.",
        ),
        AgeFault.OFF.value: (
            "Face is off for children under 14 at this gate.",
            "Use a card or PIN; only the manager can switch it on, in the settings.",
        ),
        AgeFault.GUARDIAN.value: (
            "For a child under 14 a guardian must consent, with the relation and how it was checked.",
            "Ask the guardian to come to the desk with the child.",
        ),
        AgeFault.NO_GUARDIAN.value: (
            "Somebody of 14 or older consents alone.",
            "Leave the fields for guardians empty.",
        ),
        AgeFault.BIRTHDAY.value: (
            "The day on which the child turns 14 is missing, past, or too far ahead.",
            "Ask the guardian for the date of the fourteenth birthday.",
        ),
        "birthday-unknown": (
            "No fourteenth birthday is on record for this person.",
            "There is nothing to correct: the guardian tells it with the first consent.",
        ),
        "birthday-stands": (
            "A consent stands that was given under the other birthday.",
            "Withdraw it at the desk, correct the birthday, then let the guardian agree anew.",
        ),
        AgeFault.DIFFERS.value: (
            "Another fourteenth birthday was told for this child before.",
            "Check which is right; gate rights birthday corrects the one on record, with a second approval.",
        ),
    }
)


def fault(code: str) -> RequestError:
    """Give the fault of that *code*, to be raised."""
    what, remedy = _FAULTS[code]
    return RequestError(code, what, remedy=remedy)
