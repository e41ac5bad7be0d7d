"""The words the whole gate speaks: ids, methods, results and reasons."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

Seconds = float
"""Monotonic time or a span of it, in seconds, always an argument and never read in the core."""

AttemptId = NewType("AttemptId", str)
PersonId = NewType("PersonId", str)
ConsentId = NewType("ConsentId", str)
TemplateId = NewType("TemplateId", str)
NoticeVersion = NewType("NoticeVersion", str)
"""``major.minor``: a new major suspends every consent given under an older one (R22)."""


class Method(StrEnum):
    """How a person asks to come in."""

    FACE = "face"
    CARD = "card"
    PIN = "pin"
    CODE = "code"
    """A visitor's code: the host's word, signed, for a time and once."""


class Sign(StrEnum):
    """What a person asks for by the keypad's own keys, where the screen cannot be touched. Each is pressed alone."""

    GO = "*"
    """Begin; and where the screen offers it, face, or yes."""
    OTHER = "#"
    """The other language; and where the screen asks, no."""
    WITHDRAW = "00*"
    OWN_CODE = "11*"
    SPEAK = "22*"
    HELP = "33*"
    MORE_TIME = "44*"


class Reason(StrEnum):
    """Why an attempt ended as it did. None of them names or describes a person."""

    MATCHED = "matched"
    KNOWN_CREDENTIAL = "known-credential"
    UNKNOWN_CREDENTIAL = "unknown-credential"
    THROTTLED = "throttled"
    NO_FACE = "no-face"
    NOT_RECOGNISED = "not-recognised"
    NOT_LIVE = "not-live"
    """No living head was seen. The screen says NOT_RECOGNISED: whoever holds up a picture learns nothing."""
    NOT_CONSENTED = "not-consented"
    TOO_SLOW = "too-slow"
    FAULT = "fault"
    NOT_NOW = "not-now"  # outside the person's hours
    DOOR_LOCKED = "door-locked"
    INTERLOCKED = "interlocked"
    SECOND_MISSING = "second-missing"  # no second factor came in time


class WithdrawalOutcome(StrEnum):
    """How a withdrawal at the gate's screen ended."""

    WITHDRAWN = "withdrawn"
    NOTHING_TO_WITHDRAW = "nothing-to-withdraw"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one attempt. ``granted`` is the only thing that may ask for the strike."""

    attempt: AttemptId
    method: Method
    granted: bool
    reason: Reason


@dataclass(frozen=True, slots=True)
class Card:
    """A card as the reader gave it: format and bits, as text. Never shown, logged or stored as it is."""

    number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class UnitPin:
    """A unit number and the PIN typed after it: identify, then verify."""

    unit: str = field(repr=False)
    pin: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pin:
    """A PIN typed alone after a card: the card says whose it must be."""

    pin: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Code:
    """A visitor's code as it was scanned."""

    text: str = field(repr=False)


Credential = Card | UnitPin | Code
"""What lets in by itself where one factor is enough."""

Second = Card | Pin
"""What proves, after a first credential, that it is in the hands of the person it was given to."""
