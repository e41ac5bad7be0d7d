"""Which settings a manager may change from the console, and what a change does to whom: a closed list, and no values.

Everything else stands in the settings file alone, which only whoever installs the device can write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Kind(StrEnum):
    """How a value is typed in."""

    NUMBER = "number"
    WHOLE = "whole"
    SWITCH = "switch"
    TEXT = "text"


class Area(StrEnum):
    """What a setting is about, as the page groups them."""

    DOOR = "door"
    ACCESS = "access"
    SCREEN = "screen"
    FACE = "face"
    RETENTION = "retention"
    SITE = "site"
    BACKUP = "backup"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting that may be changed. two_persons: another account must have agreed (R53)."""

    area: Area
    kind: Kind
    optional: bool = False
    """An empty text means none."""
    two_persons: bool = False


Value = bool | int | float | str | None
Values = Mapping[str, Value]
"""Values by key, such as ``door.release_s``: what is in force beside the settings file."""


_RETENTION = Setting(Area.RETENTION, Kind.WHOLE, two_persons=True)

SETTINGS: Final[Mapping[str, Setting]] = MappingProxyType(
    {
        "door.release_s": Setting(Area.DOOR, Kind.NUMBER),
        "door.held_after_s": Setting(Area.DOOR, Kind.NUMBER),
        "access.passback_minutes": Setting(Area.ACCESS, Kind.WHOLE),
        "access.duress": Setting(Area.ACCESS, Kind.SWITCH),
        "notice.minimum_s": Setting(Area.FACE, Kind.NUMBER),
        "face.enabled": Setting(Area.FACE, Kind.SWITCH),
        "face.threshold_at_least": Setting(Area.FACE, Kind.NUMBER),
        "face.under_14.enabled": Setting(Area.FACE, Kind.SWITCH),
        "face.retention_days": _RETENTION,
        "face.under_14.retention_days": _RETENTION,
        "site.contact": Setting(Area.SITE, Kind.TEXT),
        "site.officer": Setting(Area.SITE, Kind.TEXT, optional=True),
        "web.public_url": Setting(Area.SITE, Kind.TEXT, optional=True),
        "backup.every_hours": Setting(Area.BACKUP, Kind.WHOLE),
    }
)
"""In the order in which a page shows them."""


def changed(before: Values, after: Values) -> tuple[str, ...]:
    """Name the keys in which two sets of values differ, in the order of SETTINGS."""
    return tuple(
        key for key in SETTINGS if (key in before, before.get(key)) != (key in after, after.get(key))
    )


def needs_two(keys: tuple[str, ...]) -> bool:
    """Tell whether a change of *keys* needs a second person."""
    return any(SETTINGS[key].two_persons for key in keys)
