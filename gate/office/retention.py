"""What is kept how long at this gate, and a run of its deleting whenever somebody wants one (R75, R76)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol

from gate.core.retention import DATA_TABLE, DataRow
from gate.core.roles import Staff
from gate.errors import RequestError
from gate.ports import Clock
from gate.settings import Settings
from gate.store import Store
from gate.store.upkeep.retention import Failure, RunReport
from gate.upkeep import BATCH
from gate.web.staff.ports.retention import Run, SiteSpans, Undeleted

RUNS: Final = 48
"""Runs that are shown: two days of hourly ones."""


class JudgedClock(Clock, Protocol):
    """A clock that knows whether it may be believed, as ``TrustedClock`` does."""

    @property
    def trusted(self) -> bool:
        """Tell whether it was not set back."""

    @property
    def confirmed(self) -> datetime | None:
        """Give the time to delete by; None where it just leapt ahead."""


class RetentionOffice:
    """Retention of one gate. erased: told after a run that deleted something, so that vision forgets it too."""

    def __init__(
        self, settings: Settings, store: Store, clock: JudgedClock, erased: Callable[[], None]
    ) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._erased = erased

    @property
    def table(self) -> Sequence[DataRow]:
        """Give every kind of data the device may hold."""
        return DATA_TABLE

    @property
    def spans(self) -> SiteSpans:
        """Give what the site's settings say of a template's time."""
        face = self._settings.face
        children = min(face.under_14.retention_days, face.retention_days)
        return SiteSpans(face.retention_days, children if face.under_14.enabled else None)

    @property
    def standing(self) -> Sequence[Undeleted]:
        """Give what could not be deleted and still is there."""
        return tuple(map(_undeleted, self._store.retention.standing))

    def runs(self) -> Sequence[Run]:
        """Give the newest runs, newest first."""
        return tuple(_run(each) for each in reversed(self._store.retention.runs(newest=RUNS)))

    def run(self, who: Staff) -> Run:
        """Delete what is past its time now, some of each kind at once: the gate goes on with the rest by itself."""
        at = self._clock.confirmed
        if at is None or not self._clock.trusted:
            raise RequestError(
                "clock-unsettled",
                "The clock was set back or leapt ahead; nothing was deleted, for what is deleted is gone for good.",
                remedy="Set the clock right, or let it stand for a day; gate clock accept takes it as it is.",
            )
        report = self._store.retention.run(at, most=BATCH, by=who)
        if report.deleted:
            self._erased()
        return _run(report)


def _run(report: RunReport) -> Run:
    return Run(report.at, dict(report.deleted), tuple(map(_undeleted, report.failed)))


def _undeleted(failure: Failure) -> Undeleted:
    return Undeleted(failure.item, failure.ref, failure.code, failure.stopped)
