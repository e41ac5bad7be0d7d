"""The keys on the gate's screen: a unit, then its PIN, or the PIN alone after a card. What is typed stays on this side.

The page gets the count of a PIN's digits and nothing else of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from gate.core.credentials import PIN_DIGITS, PIN_DIGITS_MOST, UNIT_DIGITS_MOST
from gate.core.types import Pin, Seconds, UnitPin

DELETE: Final = "delete"
OK: Final = "ok"
DIGITS: Final = frozenset("0123456789")
PAD_S: Final[Seconds] = 30.0
"""Longer than the keypad's own pause between two keys: to find a key on glass takes some people longer (R15)."""


class PadFault(StrEnum):
    """Why a press of OK was no entry. It costs nobody a try."""

    NO_UNIT = "no-unit"
    PIN_SHORT = "pin-short"


@dataclass(frozen=True, slots=True)
class Pad:
    """What was typed so far. alone: a PIN after a card, without a unit. pressed_at: monotonic, of the last key."""

    pressed_at: Seconds
    alone: bool = False
    at_pin: bool = False
    unit: str = field(default="", repr=False)
    pin: str = field(default="", repr=False)
    fault: PadFault | None = None

    @property
    def asks_pin(self) -> bool:
        """Tell whether the next digit belongs to the PIN."""
        return self.alone or self.at_pin

    def is_over(self, now: Seconds) -> bool:
        """Tell whether nobody has pressed a key for so long that the entry is dropped."""
        return now - self.pressed_at >= PAD_S

    def press(self, key: str, now: Seconds) -> tuple[Pad, UnitPin | Pin | None]:
        """Take one key at monotonic *now*; give the pad that follows, and the entry when it is whole.

        A digit too many is not taken; DELETE at an empty PIN goes back to the unit; what is no key changes nothing.
        """
        if key not in DIGITS | {DELETE, OK}:
            return self, None
        pad = replace(self, pressed_at=now, fault=None)
        if key == OK:
            return _entered(pad)
        return (_with_pin(pad, key) if pad.asks_pin else _with_unit(pad, key)), None


def _with_unit(pad: Pad, key: str) -> Pad:
    unit = pad.unit[:-1] if key == DELETE else (pad.unit + key)[:UNIT_DIGITS_MOST]
    return replace(pad, unit=unit)


def _with_pin(pad: Pad, key: str) -> Pad:
    if key == DELETE and not pad.pin:
        return replace(pad, at_pin=False)
    pin = pad.pin[:-1] if key == DELETE else (pad.pin + key)[:PIN_DIGITS_MOST]
    return replace(pad, pin=pin)


def _entered(pad: Pad) -> tuple[Pad, UnitPin | Pin | None]:
    if not pad.asks_pin:
        return (replace(pad, at_pin=True) if pad.unit else replace(pad, fault=PadFault.NO_UNIT)), None
    if len(pad.pin) < PIN_DIGITS:
        return replace(pad, fault=PadFault.PIN_SHORT), None
    return Pad(pad.pressed_at, pad.alone), Pin(pad.pin) if pad.alone else UnitPin(pad.unit, pad.pin)
