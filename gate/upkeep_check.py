"""What ``gate check`` says of the clock, the case and the deletions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from gate.errors import VaultError
from gate.store import Store

STALE: Final = timedelta(days=1)
"""A gate that serves runs the retention engine every hour; one whose last run is older than this does not serve."""


def look_at_clock(store: Store, wall: datetime) -> str:
    """Say whether *wall* may be believed. Raises VaultError ``clock-behind``, ``clock-ahead``."""
    mark, _ = store.clock.read()
    if mark is None:
        return "nothing seen yet"
    if not store.clock.trusted(wall).clock_trusted:
        raise VaultError(
            "clock-behind",
            f"The clock says {wall:%Y-%m-%d %H:%M} UTC, but the gate has seen {mark:%Y-%m-%d %H:%M} UTC; face is off.",
            remedy="Set the clock. If it is right now and was wrong before, run gate clock accept.",
        )
    if store.clock.has_leapt(wall):
        raise VaultError(
            "clock-ahead",
            f"The clock says {wall:%Y-%m-%d %H:%M} UTC, but the gate has last seen {mark:%Y-%m-%d %H:%M} UTC; face is off "
            "and nothing is deleted.",
            remedy="If it is right, run gate clock accept, or let the gate run under it for a day. Else set the clock.",
        )
    return f"not behind {mark:%Y-%m-%d %H:%M} UTC, the latest time the gate has seen"


def look_at_case(store: Store, _wall: datetime) -> str:
    """Say whether the case was opened. Raises VaultError ``tampered`` (R60)."""
    if store.tamper.is_noted:
        raise VaultError(
            "tampered",
            "The case was opened; faces are locked away, cards and PINs work.",
            remedy="Look at the device, run gate tamper clear, then start the gate again.",
        )
    return "no tamper noted"


def look_at_retention(store: Store, wall: datetime) -> str:
    """Say whether everything past its time was deleted, lately. Raises VaultError ``retention-...`` (R75, R76)."""
    runs = store.retention.runs(newest=1)
    if not runs:
        return "no run yet: the first start makes one"
    last = runs[0]
    if last.failed:
        raise VaultError(
            "retention-failed",
            f"{len(last.failed)} records are past their time, or damaged, and could not be deleted.",
            remedy="See gate retention runs; the gate tries again every hour.",
        )
    if store.clock.trusted(wall).at - last.at > STALE:
        raise VaultError(
            "retention-stale",
            f"Nothing was deleted since {last.at:%Y-%m-%d %H:%M} UTC.",
            remedy="Start the gate, or run gate retention run.",
        )
    return f"last run {last.at:%Y-%m-%d %H:%M} UTC, nothing left over"


LOOKS: Final[Mapping[str, Callable[[Store, datetime], str]]] = MappingProxyType(
    {"clock": look_at_clock, "case": look_at_case, "deleting": look_at_retention}
)
