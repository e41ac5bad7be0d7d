"""Visitors' codes that may still be used: signed by this gate, good once, gone when they were.

What a code says of itself is in ``gate/core/visit_codes.py``; here is what only this gate knows: whose guest it lets in,
and that it was used or taken back. Such a code leaves the table at once; its tombstone tells the end of its validity,
never the time of the passage, so that nothing ties a passage to a host (R36).
"""

from __future__ import annotations

import hmac
import secrets
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

from gate.core.credentials import Verdict
from gate.core.types import Method, PersonId, Reason
from gate.core.visit_codes import (
    ID_BYTES,
    OPEN_MOST,
    CodeStanding,
    VisitCode,
    VisitFault,
    gate_digest,
    judge,
    visit_fault,
)
from gate.errors import RequestError
from gate.store.account.audit import Action, Actor, AuditLog, Who
from gate.store.account.signing import Signer, is_signed
from gate.store.database import Database
from gate.store.people import People
from gate.store.permits import Permits
from gate.store.times import seconds_of, time_of
from gate.store.upkeep import tombstones
from gate.store.upkeep.tombstones import Kind

_UNKNOWN: Final = Verdict(Reason.UNKNOWN_CREDENTIAL)
_REF_DIGITS: Final = 32
# Somebody who puts a used code's row back meets its tombstone, as with cards.
_OPEN: Final = """SELECT person_id FROM visits WHERE id = :visit
    AND NOT EXISTS (SELECT 1 FROM tombstones WHERE tombstones.kind = 'credential' AND ref = visits.id)"""
_REMEDIES: Final = {
    VisitFault.BACKWARDS: ("It would end before it begins.", "Name an end after the beginning."),
    VisitFault.OVER: ("It would be over already.", "Name an end that lies ahead."),
    VisitFault.TOO_LONG: ("It would hold longer than 7 days.", "Issue one for each stay."),
    VisitFault.TOO_FAR_AHEAD: ("It would begin more than 30 days from now.", "Issue it nearer to the day."),
}


@dataclass(frozen=True, slots=True)
class OpenVisit:
    """A code not used yet, as its host sees it: never the code itself. id: 32 hex digits."""

    id: str
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class FreshVisit:
    """A code as it is handed over, once: whoever has the text may come in with it."""

    visit: OpenVisit
    text: str = field(repr=False)


class Visits:
    """The visits table. A code that is unknown, forged, expired, used or another gate's gives one and the same verdict."""

    def __init__(
        self,
        database: Database,
        people: People,
        permits: Permits,
        audit: AuditLog,
        signer: Signer,
        lookup_key: bytes,
        gate_id: str,
    ) -> None:
        self._database = database
        self._people = people
        self._permits = permits
        self._audit = audit
        self._signer = signer
        self._lookup_key = lookup_key
        self._gate = gate_digest(gate_id)

    def issue(
        self,
        host: PersonId,
        valid_from: datetime,
        valid_until: datetime,
        *,
        at: datetime,
        actor: Who = Actor.INSTALLER,
    ) -> FreshVisit:
        """Let a guest of *host* in once, from *valid_from* until *valid_until* (both aware, cut to the second).

        Raises RequestError, and then nothing is issued: ``visit-span``, ``visit-many``, ``person-unknown``.
        """
        begin, end = (time_of(seconds_of(each)) for each in (valid_from, valid_until))
        if (fault := visit_fault(begin, end, at)) is not None:
            what, remedy = _REMEDIES[fault]
            raise RequestError("visit-span", f"No such code is issued. {what}", remedy=remedy)
        code = VisitCode(self._gate, secrets.token_bytes(ID_BYTES), seconds_of(begin), seconds_of(end))
        visit = OpenVisit(self._ref(code), begin, end)

        def work(connection: sqlite3.Connection) -> None:
            self._people.get(host)
            if len(self.of(host, at)) >= OPEN_MOST:
                raise RequestError(
                    "visit-many",
                    f"This host has {OPEN_MOST} codes that nobody used yet.",
                    remedy="Take some back first (gate visit list UNIT, gate visit revoke ID).",
                )
            row = (visit.id, host, code.valid_from, code.valid_until)
            connection.execute("INSERT INTO visits VALUES (?, ?, ?, ?)", row)
            self._note(connection, actor, Action.CREDENTIAL_ISSUED, host, at)

        self._database.write(work)
        return FreshVisit(visit, code.text(self._signer.sign(code.signed_bytes)))

    def of(self, host: PersonId, at: datetime) -> tuple[OpenVisit, ...]:
        """Give the host's codes that are unused and not over at *at*, oldest first."""
        sql = """SELECT id, valid_from, valid_until FROM visits
            WHERE person_id = :host AND valid_until > :now ORDER BY rowid"""
        rows = self._database.rows(sql, host=host, now=seconds_of(at))
        return tuple(OpenVisit(ref, time_of(begin), time_of(end)) for ref, begin, end in rows)

    def revoke(self, visit: str, at: datetime, *, actor: Who = Actor.INSTALLER) -> None:
        """Take a code back for good. Raises RequestError ``visit-unknown``, also where it was used or is over."""

        def work(connection: sqlite3.Connection) -> None:
            rows = self._database.rows(
                "SELECT person_id FROM visits WHERE id = :visit AND valid_until > :now",
                visit=visit,
                now=seconds_of(at),
            )
            if not rows:
                raise RequestError(
                    "visit-unknown",
                    "There is no such code, or it was used, or it is over.",
                    remedy="See gate visit list UNIT.",
                )
            _end(connection, visit)
            self._note(connection, actor, Action.CREDENTIAL_REVOKED, PersonId(rows[0][0]), at)

        self._database.write(work)

    def revoke_all(self, host: PersonId) -> int:
        """Take all codes of *host* back for good; give how many there were."""

        def work(connection: sqlite3.Connection) -> int:
            refs = connection.execute("SELECT id FROM visits WHERE person_id = ?", (host,)).fetchall()
            for (ref,) in refs:
                _end(connection, ref)
            return len(refs)

        return self._database.write(work)

    def check(self, text: str, at: datetime, *, clock_trusted: bool) -> Verdict:
        """Look *text*, whatever it is, up at *at*, and use it up if it opens: its host is then the verdict's person.

        It is used once this returns, on disk: two scans in a row and a power cut open once at most, and where the door
        then fails the host issues another. What the host's own hours refuse now stays unused, and says so. Without a
        clock to judge by (*clock_trusted*) nothing opens. Consults no throttle: a forged code costs a signature check,
        and a flood of them slows no PIN.
        """
        standing, code = judge(text, seconds_of(at), partial(is_signed, public_key=self._signer.public_key))
        if standing is not CodeStanding.GOOD or code is None or code.gate != self._gate or not clock_trusted:
            return _UNKNOWN
        visit = self._ref(code)

        def work(connection: sqlite3.Connection) -> Verdict:
            rows = self._database.rows(_OPEN, visit=visit)
            host = self._people.readable(PersonId(rows[0][0])) if rows else None
            if host is None:
                return _UNKNOWN
            refused = self._permits.refusal(host, at, clock_trusted=clock_trusted)
            if refused is not None:
                return Verdict(refused)
            _end(connection, visit)
            return Verdict(Reason.KNOWN_CREDENTIAL, host.id)

        return self._database.write(work)

    def _ref(self, code: VisitCode) -> str:
        return hmac.digest(self._lookup_key, code.id, "sha256").hex()[:_REF_DIGITS]

    def _note(
        self, connection: sqlite3.Connection, actor: Who, action: Action, host: PersonId, at: datetime
    ) -> None:
        detail = {"method": Method.CODE.value}
        self._audit.note(connection, actor, action, at=at, object=host, detail=detail)


def _end(connection: sqlite3.Connection, visit: str) -> None:
    """Take the code out with a tombstone, so that no backup brings it back (R51); it tells no time but the code's own."""
    sql = "DELETE FROM visits WHERE id = ? RETURNING valid_until"
    for (valid_until,) in connection.execute(sql, (visit,)).fetchall():
        tombstones.bury(connection, Kind.CREDENTIAL, visit, time_of(valid_until))
