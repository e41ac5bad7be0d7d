"""What the pages need about what is kept how long, and the runs that delete it (R75, R76)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gate.core.retention import DataRow, Item
from gate.core.roles import Staff


@dataclass(frozen=True, slots=True)
class Undeleted:
    """A record past its time that could not be deleted. stopped: it is out of all processing (R76)."""

    item: Item
    ref: str
    code: str
    stopped: bool


@dataclass(frozen=True, slots=True)
class Run:
    """One run: how many of each kind went, and what could not go."""

    at: datetime
    deleted: Mapping[Item, int]
    failed: tuple[Undeleted, ...]


@dataclass(frozen=True, slots=True)
class SiteSpans:
    """What this site set, in days. children: None where face is off for them."""

    template: int
    children: int | None


class RetentionPort(Protocol):
    """Every method may raise VaultError."""

    @property
    def table(self) -> Sequence[DataRow]:
        """Give every kind of data the device may hold."""

    @property
    def spans(self) -> SiteSpans:
        """Give what the site's settings say of a template's time."""

    @property
    def standing(self) -> Sequence[Undeleted]:
        """Give what could not be deleted and still is there: the alarm that stands."""

    def runs(self) -> Sequence[Run]:
        """Give the newest runs, newest first."""

    def run(self, who: Staff) -> Run:
        """Delete what is past its time now. Raises RequestError ``clock-unsettled`` while the clock is in doubt."""
