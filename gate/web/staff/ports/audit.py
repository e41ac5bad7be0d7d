"""What the pages need of the audit log: pages of it, its verification, and a file of it (R55)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Protocol

from gate.core.roles import Staff

LINES_MOST: Final = 100
"""Lines of one page."""


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which lines are wanted. first, last: days in the site's zone, both included; None: no bound.

    actor: a role, or the kind of account ("staff", "token"); action: one of them; empty: every one. before: only lines
    numbered below, for the next page.
    """

    first: date | None = None
    last: date | None = None
    actor: str = ""
    action: str = ""
    before: int | None = None


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line. name: of the account that acted. detail: as JSON. hash: the chain's, in hexadecimal."""

    seq: int
    at: datetime
    actor: str
    name: str | None = field(repr=False)
    action: str
    object: str
    detail: str = field(repr=False)
    hash: str

    @property
    def told(self) -> tuple[tuple[str, str], ...]:
        """Give the details by name; of a line that was altered, whatever stands there."""
        try:
            said = json.loads(self.detail)
            return tuple((str(name), str(value)) for name, value in said.items())
        except (ValueError, AttributeError, RecursionError):
            return (("?", self.detail),)


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Lines, newest first. older: what to ask ``before`` for the next page, None where it would be empty."""

    lines: tuple[AuditLine, ...]
    older: int | None


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """What a verification found. broken_at: number of the first line that does not hold, None where all hold.

    why: as core and store say it, in English.
    """

    at: datetime
    lines: int
    broken_at: int | None
    why: str = ""


class AuditPort(Protocol):
    """The audit log. Every method may raise VaultError."""

    @property
    def actors(self) -> Sequence[str]:
        """Name what ``AuditQuery.actor`` may be."""

    @property
    def actions(self) -> Sequence[str]:
        """Name what ``AuditQuery.action`` may be."""

    async def page(self, query: AuditQuery) -> AuditPage:
        """Give up to LINES_MOST lines."""

    def verify(self) -> None:
        """Begin to verify the whole log beside the door's work, unless that is under way."""

    @property
    def is_verifying(self) -> bool:
        """Tell whether a verification is under way."""

    @property
    def verdict(self) -> AuditVerdict | None:
        """Give what the last verification since the start found. Raises what kept it from being done."""

    def export(self, query: AuditQuery, who: Staff) -> AsyncIterator[bytes]:
        """Give all wanted lines as JSON lines, newest first; that somebody took them is on record itself."""
