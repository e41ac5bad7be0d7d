"""The audit log for who may see it: pages, verification and export, beside the door's work (R55)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from gate.core.chain import Break
from gate.core.retention import Item, cutoff
from gate.core.roles import Staff
from gate.office.background import Job, beside
from gate.ports import Clock
from gate.store import Store
from gate.store.account.audit import Action, Actor, Entry, Wanted
from gate.web.staff.ports.audit import LINES_MOST, AuditLine, AuditPage, AuditQuery, AuditVerdict

ACCOUNTS: Final = ("staff", "token", "key")
"""Before the colon of an actor that is an account, a program's token, or a key that signs orders."""
_EXPORT_LINES: Final = 2000
NameOf = Callable[[str], str | None]


class AuditOffice:
    """The audit log of one gate. name_of: gives the name of an account's random id, None for nobody's."""

    def __init__(self, store: Store, clock: Clock, zone: ZoneInfo, name_of: NameOf) -> None:
        self._store = store
        self._clock = clock
        self._zone = zone
        self._name_of = name_of
        self._job: Job[AuditVerdict] = Job()

    @property
    def actors(self) -> Sequence[str]:
        """Name the roles and the kinds of account that can have acted."""
        return (*Actor, *ACCOUNTS)

    @property
    def actions(self) -> Sequence[str]:
        """Name what can have been done, in alphabetical order."""
        return tuple(sorted(Action))

    async def page(self, query: AuditQuery) -> AuditPage:
        """Give up to LINES_MOST lines, the newest first."""
        found = await self._read(query, query.before, LINES_MOST + 1)
        lines = tuple(self._line(each) for each in found[:LINES_MOST])
        return AuditPage(lines, lines[-1].seq if len(found) > LINES_MOST else None)

    def verify(self) -> None:
        """Begin to verify the whole log, unless that is under way."""
        at = self._clock.now()

        def work() -> AuditVerdict:
            broken: Break | None = self._store.audit.verify(cutoff(Item.AUDIT, at))
            count = self._store.audit.count()
            if broken is None:
                return AuditVerdict(at, count, None)
            return AuditVerdict(at, count, broken.seq, broken.why)

        self._job.begin(self._store, work)

    @property
    def is_verifying(self) -> bool:
        """Tell whether a verification is under way."""
        return self._job.is_at_work

    @property
    def verdict(self) -> AuditVerdict | None:
        """Give what the last verification since the start found. Raises what kept it from being done."""
        return self._job.result

    async def verified(self) -> None:
        """Wait until no verification is under way."""
        await self._job.done()

    async def export(self, query: AuditQuery, who: Staff) -> AsyncIterator[bytes]:
        """Give all wanted lines as JSON lines, newest first, after a line of the log says who took them."""
        detail = {"what": "audit-log"}
        self._store.audit.write(who, Action.AUDIT_EXPORTED, at=self._clock.now(), detail=detail)
        before = query.before
        while found := await self._read(query, before, _EXPORT_LINES):
            yield b"".join(_as_json(each) for each in found)
            before = found[-1].seq

    async def _read(self, query: AuditQuery, before: int | None, most: int) -> tuple[Entry, ...]:
        actor = f"{query.actor}:" if query.actor in ACCOUNTS else query.actor
        wanted = Wanted(
            since=None if query.first is None else self._midnight(query.first),
            until=None if query.last is None else self._midnight(_after(query.last)),
            actor=actor,
            action=query.action,
        )
        return await beside(self._store, lambda: self._store.audit.page(wanted, before=before, most=most))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self._zone)

    def _line(self, entry: Entry) -> AuditLine:
        kind, _, account = entry.actor.partition(":")
        return AuditLine(
            seq=entry.seq,
            at=entry.at,
            actor=entry.actor,
            name=self._name_of(account) if kind == "staff" else None,
            action=entry.action,
            object=entry.object,
            detail=entry.detail,
            hash=entry.hash.hex(),
        )


def _after(day: date) -> date:
    return day if day == date.max else day + timedelta(days=1)


def _as_json(entry: Entry) -> bytes:
    said = {
        "seq": entry.seq,
        "at": entry.at.astimezone(UTC).isoformat(),
        "actor": entry.actor,
        "action": entry.action,
        "object": entry.object,
        "detail": entry.detail,
        "hash": entry.hash.hex(),
    }
    return json.dumps(said, ensure_ascii=False).encode() + b"\n"
