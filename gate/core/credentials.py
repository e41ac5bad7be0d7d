"""Cards and PINs without their secrets: what is well formed, what is too weak, how long a wrong PIN waits."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from itertools import pairwise, zip_longest
from typing import NewType

from gate.core.types import PersonId, Pin, Reason, Seconds, Sign, UnitPin

CredentialId = NewType("CredentialId", str)

PIN_DIGITS = 6
PIN_DIGITS_MOST = 12
UNIT_DIGITS_MOST = 8
BETWEEN_KEYS: Seconds = 10.0

_CARD = re.compile(r"[0-9A-Za-z:._-]{4,128}")
_UNIT = re.compile(rf"[0-9]{{1,{UNIT_DIGITS_MOST}}}")
_PIN = re.compile(r"[0-9]+")
_LONGEST_MOTIF = 3
_FEWEST_DISTINCT = 3
_PLACES_APART = 3
# Keypad walks, word numbers and constants: what people choose and thieves try first.
_COMMON = frozenset(
    "147258 147369 159357 159753 258369 369258 741852 852456 963852 "  # noqa: SIM905 - a list fills a screen
    "123789 123654 123321 112233 332211 520131 521131 131452 201314 100200 102030 142857 314159 271828 112358 123456789 "
    "1314520 5201314 12345679 147258369 159357258".split()
)
# R03, PIN and card: three tries cost nothing, then each waits longer; nobody is ever locked out.
_DELAYS = (0, 0, 0, 5, 15, 30, 60, 120, 240, 480)
LONGEST_DELAY = 900
_SIGNS = frozenset(Sign)


class PinPlace(StrEnum):
    """Where a PIN, or a password, was typed. Each has tries and waits of its own: a page must not slow the door (R03)."""

    KEYPAD = "keypad"
    PAGE = "page"
    STAFF = "staff"  # the staff's sign-in
    PROOF = "proof"  # by staff who are signed in, before a secret of theirs changes


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose page it is, by which PIN: once that PIN no longer holds, neither does the sign-in (R54)."""

    person: PersonId = field(repr=False)
    pin: CredentialId = field(repr=False)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the store found of a card or PIN. *person* is known only when it opens, and goes into no record (R36).

    pin: which PIN it was, where it was one that opens. duress: it was the one for use under threat; whatever anybody
    at the gate or outside can see stays the same.
    """

    reason: Reason
    person: PersonId | None = field(default=None, repr=False)
    pin: CredentialId | None = field(default=None, repr=False, compare=False)
    duress: bool = field(default=False, repr=False)

    @property
    def granted(self) -> bool:
        """Tell whether the credential opens."""
        return self.reason is Reason.KNOWN_CREDENTIAL


class PinMatch(IntEnum):
    """Which of a person's PINs a typed one is. Truthy where it opens."""

    NONE = 0
    PIN = 1
    DURESS = 2


class PinFault(StrEnum):
    """Why a PIN may not be used."""

    NOT_DIGITS = "not-digits"
    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    RUN = "run"
    REPEATS = "repeats"
    COMMON = "common"


def is_card_number(text: str) -> bool:
    """Tell whether *text* is a card as a reader gives it: 4 to 128 letters, digits and ``: . _ -``."""
    return _CARD.fullmatch(text) is not None


def is_unit(text: str) -> bool:
    """Tell whether *text* is a unit number that can be typed at the keypad: 1 to 8 digits."""
    return _UNIT.fullmatch(text) is not None


def pin_fault(pin: str) -> PinFault | None:
    """Say what makes *pin* unfit, or None: 6 to 12 digits, no run, no repeated motif, not on the blocklist."""
    faults = {
        PinFault.NOT_DIGITS: not _PIN.fullmatch(pin),
        PinFault.TOO_SHORT: len(pin) < PIN_DIGITS,
        PinFault.TOO_LONG: len(pin) > PIN_DIGITS_MOST,
    }
    first = next((fault for fault, found in faults.items() if found), None)
    return first or _weakness(pin)


def are_alike(pin: str, other: str) -> bool:
    """Tell whether the two differ in fewer than three places: one slip, or two digits swapped, makes one the other."""
    apart = [one for one, two in zip_longest(pin, other) if one != two]
    return len(apart) < _PLACES_APART


def _weakness(pin: str) -> PinFault | None:
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    if steps in ({1}, {9}):
        return PinFault.RUN
    motif = any(pin[size:] == pin[:-size] for size in range(1, _LONGEST_MOTIF + 1))
    if motif or len(set(pin)) < _FEWEST_DISTINCT:
        return PinFault.REPEATS
    return PinFault.COMMON if pin in _COMMON else None


def delay_after(failures: int) -> int:
    """Give the seconds the next try waits after *failures* wrong ones in a row (0 or more): at most 15 minutes."""
    return _DELAYS[failures] if failures < len(_DELAYS) else LONGEST_DELAY


@dataclass(frozen=True, slots=True)
class Keypad:
    """The keys pressed so far towards ``unit#pin#``, or ``pin#`` after a card. An overlong entry is dropped whole."""

    typed: str = field(default="", repr=False)
    last_key: Seconds = 0.0
    after_card: bool = False

    def press(
        self, key: str, now: Seconds, *, after_card: bool = False
    ) -> tuple[Keypad, UnitPin | Pin | None]:
        """Take one key at monotonic *now*; give the keypad that follows, and the entry when it is whole.

        ``*`` clears, ten seconds without a key clear, a card read or given up meanwhile clears, and what is no key of
        a keypad changes nothing.
        """
        if len(key) != 1 or key not in "0123456789#*":
            return self, None
        press = self._pin_alone if after_card else self._unit_first
        return press(self._standing(now, after_card=after_card), key, now)

    def sign(self, key: str, now: Seconds, *, after_card: bool = False) -> Sign | None:
        """Tell what *key* asks for after what was typed: no entry holds it, so that pressing it costs nobody a try."""
        typed = self._standing(now, after_card=after_card) + key
        return Sign(typed) if typed in _SIGNS else None

    def _standing(self, now: Seconds, *, after_card: bool) -> str:
        """Give what was typed and still counts."""
        current = after_card == self.after_card and now - self.last_key <= BETWEEN_KEYS
        return self.typed if current else ""

    @staticmethod
    def _unit_first(typed: str, key: str, now: Seconds) -> tuple[Keypad, UnitPin | None]:
        unit, ends_unit, pin = (typed + key).partition("#")
        if key == "*" or not unit or len(unit) > UNIT_DIGITS_MOST or len(pin.rstrip("#")) > PIN_DIGITS_MOST:
            return Keypad(), None
        if ends_unit and pin.endswith("#"):
            return Keypad(), UnitPin(unit, pin[:-1]) if pin != "#" else None
        return Keypad(typed + key, now), None

    @staticmethod
    def _pin_alone(typed: str, key: str, now: Seconds) -> tuple[Keypad, Pin | None]:
        """Drop what is too short for any PIN: a unit number, typed from habit, costs its person no try."""
        if key == "#":
            whole = PIN_DIGITS <= len(typed) <= PIN_DIGITS_MOST
            return Keypad(after_card=True), Pin(typed) if whole else None
        kept = (
            "" if key == "*" else (typed + key)[: PIN_DIGITS_MOST + 1]
        )  # one too many tells that it is overlong
        return Keypad(kept, now, after_card=True), None
