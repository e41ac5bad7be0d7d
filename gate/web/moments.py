"""Moments as the site's people read them: its own time, with what the zone is called beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo


@dataclass(frozen=True, slots=True)
class LocalTimes:
    """The times of one site."""

    zone: tzinfo = UTC

    def moment(self, at: datetime) -> str:
        """Give *at*, aware, to the minute, with its offset: letters such as CST mean several zones."""
        local = at.astimezone(self.zone)
        return f"{local:%Y-%m-%d %H:%M} {_offset(local)}"

    def exact(self, at: datetime) -> str:
        """Give *at* to the second, and beside it the time that is signed, where that reads differently."""
        local, signed = at.astimezone(self.zone), f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        here = f"{local:%Y-%m-%d %H:%M:%S} {_offset(local)}"
        return signed if here == signed else f"{here} ({signed})"


def _offset(local: datetime) -> str:
    offset = f"{local:%z}"
    return "UTC" if offset == "+0000" else f"UTC{offset[:3]}:{offset[3:5]}"
