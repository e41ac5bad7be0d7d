"""What the gate looks after by itself: its time, its case, and what is past its time (R60, R75, R76)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import structlog

from gate.errors import GateError
from gate.store import Store
from gate.store.upkeep.clock import TrustedClock
from gate.store.upkeep.retention import Failure

log = structlog.get_logger()

BATCH: Final = 25
"""Records of one kind that go at once, every 20 s: each takes a millisecond or two in which the door's loop waits."""


class Upkeep:
    """Keeps clock, tamper note and retention of one running gate, and raises the alarm in its log, once each."""

    def __init__(self, store: Store, clock: TrustedClock) -> None:
        self._store = store
        self._clock = clock
        self._told: frozenset[Failure] = frozenset()
        self._clock_told = True

    @property
    def clock_trusted(self) -> bool:
        """Tell whether the wall clock may be believed: a clock set back keeps face off."""
        return self._clock.trusted

    @property
    def untampered(self) -> bool:
        """Tell whether the case stayed shut: an opened one keeps face off until the next start after a look (R60)."""
        return not self._store.tamper.is_raised

    @property
    def is_safe(self) -> bool:
        """Tell whether all that could not be deleted is at least out of processing (R76)."""
        return self._store.retention.is_safe

    def keep(self) -> int:
        """Write the clock's mark, heed tamper notes, end what ended. Returns how many consents and tenancies ended."""
        self._clock.keep()
        self._tell_clock()
        self._store.tamper.keep()
        # A leap of the clock deletes nothing until it has stood: what it deleted would be gone for good.
        at = self._clock.confirmed
        ended = 0 if at is None else self._store.retention.keep(at, most=BATCH)
        self._tell_failures()
        return ended

    def run_retention(self) -> None:
        """Delete everything that is past its time: at the start and every hour, by a clock that did not just leap."""
        at = self._clock.confirmed
        if at is None:
            return
        report = self._store.retention.run(at, most=BATCH)
        log.info("retention_ran", deleted={item.value: count for item, count in report.deleted.items()})
        self._tell_failures()

    def raise_tamper(self, now: datetime) -> None:
        """Lock face: the case was opened."""
        log.critical(
            "tampered", remedy="Look at the device, run gate tamper clear, then start the gate again."
        )
        try:
            self._store.tamper.raise_(now)
        except (
            GateError
        ) as error:  # face is locked all the same; the note is written at the next housekeeping
            log.error("tamper_unwritten", code=error.code, remedy=error.remedy)  # noqa: TRY400 - code and remedy say it

    def _tell_failures(self) -> None:
        standing = frozenset(self._store.retention.standing)
        for failure in sorted(standing - self._told, key=lambda each: (each.item, each.ref)):
            log.error(
                "retention_failed",
                item=failure.item.value,
                record=failure.ref,
                code=failure.code,
                stopped=failure.stopped,
                remedy="See gate retention runs; it is tried again every hour.",
            )
        self._told = standing

    def _tell_clock(self) -> None:
        trusted = self._clock.trusted
        if trusted != self._clock_told:
            if trusted:
                log.info("clock_trusted")
            else:
                log.error(
                    "clock_untrusted", remedy="Set the clock, or run gate clock accept if it is right now."
                )
        self._clock_told = trusted
