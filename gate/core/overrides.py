"""Which settings may be changed from the console, by whom, and what a change does to whom: a closed list, and no values.

Everything else stands in the settings file alone, which only whoever installs the device can write.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, assert_never

from gate.core.liveness import Level
from gate.core.roles import TWO_PERSON, Act


class Kind(StrEnum):
    """How a value is typed in."""

    NUMBER = "number"
    WHOLE = "whole"
    SWITCH = "switch"
    TEXT = "text"
    CHOICE = "choice"


class Area(StrEnum):
    """What a setting is about, as the page groups them."""

    DOOR = "door"
    ACCESS = "access"
    SCREEN = "screen"
    FACE = "face"
    RETENTION = "retention"
    SITE = "site"
    BACKUP = "backup"
    EVENTS = "events"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting that may be changed. act: what who changes it must be allowed. choices: all there are, of a CHOICE."""

    area: Area
    kind: Kind
    optional: bool = False
    """An empty text means none."""
    act: Act = Act.CHANGE_RULES
    choices: tuple[str, ...] = ()

    @property
    def two_persons(self) -> bool:
        """Tell whether another account must have agreed (R53)."""
        return self.act in TWO_PERSON


Value = bool | int | float | str | None
Values = Mapping[str, Value]
"""Values by key, such as ``door.release_s``: what is in force beside the settings file."""


_RETENTION = Setting(Area.RETENTION, Kind.WHOLE, act=Act.CHANGE_RETENTION)
DEIDENTIFIED_LIVE: Final = "events.deidentified_live"
LIVENESS: Final = "face.liveness"

SETTINGS: Final[Mapping[str, Setting]] = MappingProxyType(
    {
        "door.release_s": Setting(Area.DOOR, Kind.NUMBER),
        "door.held_after_s": Setting(Area.DOOR, Kind.NUMBER),
        "access.passback_minutes": Setting(Area.ACCESS, Kind.WHOLE),
        "access.duress": Setting(Area.ACCESS, Kind.SWITCH),
        "notice.minimum_s": Setting(Area.FACE, Kind.NUMBER),
        "face.enabled": Setting(Area.FACE, Kind.SWITCH),
        LIVENESS: Setting(Area.FACE, Kind.CHOICE, choices=tuple(level.value for level in Level)),
        "face.threshold_at_least": Setting(Area.FACE, Kind.NUMBER),
        "face.under_14.enabled": Setting(Area.FACE, Kind.SWITCH),
        "face.retention_days": _RETENTION,
        "face.under_14.retention_days": _RETENTION,
        "site.contact": Setting(Area.SITE, Kind.TEXT),
        "site.officer": Setting(Area.SITE, Kind.TEXT, optional=True),
        "web.public_url": Setting(Area.SITE, Kind.TEXT, optional=True),
        "backup.every_hours": Setting(Area.BACKUP, Kind.WHOLE),
        DEIDENTIFIED_LIVE: Setting(Area.EVENTS, Kind.SWITCH, act=Act.SWITCH_LIVE_EVENTS),
    }
)
"""In the order in which a page shows them."""

TEXT_MOST: Final = 300
_NUMBER: Final = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,6})?", re.ASCII)
_SWITCH: Final[Mapping[str, bool]] = MappingProxyType({"on": True, "off": False})


class Unfit(StrEnum):
    """Why what somebody typed is no value."""

    MISSING = "missing"
    NOT_A_NUMBER = "not-a-number"
    NOT_WHOLE = "not-whole"
    NOT_A_SWITCH = "not-a-switch"
    NOT_A_CHOICE = "not-a-choice"
    TOO_LONG = "too-long"
    NOT_A_LINE = "not-a-line"


def read(setting: Setting, typed: str) -> Value | Unfit:
    """Read what somebody typed for *setting*; whether the value is within its bounds, the model of the settings says.

    Wide digits, as an input method for Chinese gives them, are digits.
    """
    text = unicodedata.normalize("NFKC", typed).strip()
    if not text:
        return None if setting.optional else Unfit.MISSING
    match setting.kind:
        case Kind.SWITCH:
            return _SWITCH.get(text, Unfit.NOT_A_SWITCH)
        case Kind.CHOICE:
            return text if text in setting.choices else Unfit.NOT_A_CHOICE
        case Kind.TEXT:
            return _line(typed.strip())
        case Kind.NUMBER:
            return float(text) if _NUMBER.fullmatch(text) else Unfit.NOT_A_NUMBER
        case Kind.WHOLE if _NUMBER.fullmatch(text):
            return int(text) if "." not in text else Unfit.NOT_WHOLE
        case Kind.WHOLE:
            return Unfit.NOT_A_NUMBER
        case _:
            assert_never(setting.kind)


def steps_of(subject: str) -> Mapping[str, tuple[str, str]]:
    """Give what stood and what is to stand by the *subject* of an approval, by key; nothing where it is about something else."""
    word, *pairs = subject.split(" ")
    said = {key: step.partition(">") for key, _, step in (pair.partition("=") for pair in pairs)}
    if word != "rules" or not set(said) <= set(SETTINGS):
        return {}
    return {key: (was, wanted) for key, (was, sign, wanted) in said.items() if sign}


def typed_of(subject: str) -> Mapping[str, str]:
    """Give what was typed for the *subject* of an approval, by key; nothing for one that is about something else."""
    return {key: wanted for key, (_, wanted) in steps_of(subject).items()}


def _line(text: str) -> str | Unfit:
    if any(unicodedata.category(each) == "Cc" for each in text):
        return Unfit.NOT_A_LINE
    return text if len(text) <= TEXT_MOST else Unfit.TOO_LONG


def written(value: Value) -> str:
    """Give *value* as somebody would type it."""
    match value:
        case None:
            return ""
        case bool():
            return "on" if value else "off"
        case float():
            return str(value).removesuffix(".0")
        case _:
            return str(value)


def subject_of(values: Values, in_force: Values) -> str:
    """Give the canonical words by which a second person agrees to exactly these *values* in place of those *in_force*.

    What stood is part of it: leave to shorten a span is none to lengthen it, once the value has moved meanwhile.
    """
    steps = (f"{key}={written(in_force[key])}>{written(values[key])}" for key in SETTINGS if key in values)
    return " ".join(["rules", *steps])


def changed(before: Values, after: Values) -> tuple[str, ...]:
    """Name the keys in which two sets of values differ, in the order of SETTINGS."""
    return tuple(
        key for key in SETTINGS if (key in before, before.get(key)) != (key in after, after.get(key))
    )


def needs_two(keys: tuple[str, ...]) -> bool:
    """Tell whether a change of *keys* needs a second person."""
    return any(SETTINGS[key].two_persons for key in keys)
