"""What people asked about their own data, by when it is due, and what was answered (R70 to R73)."""

from __future__ import annotations

import hmac
import json
import secrets
import sqlite3
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Final

from gate.core.consent import Channel
from gate.core.rights import NextOfKin, Outcome, RequestKind, RequestState, due_at, state_of
from gate.core.types import PersonId
from gate.errors import RequestError, VaultError
from gate.store.account.audit import Action, AuditLog, Who
from gate.store.database import Database, Row
from gate.store.times import seconds_of, time_of
from gate.store.vault import Binding, Sealed, Vault

TEXT_MOST: Final = 2000
OPEN_MOST: Final = 5
"""Open requests that one person may have by their own page; at the desk and on paper every one is taken in."""
_SELECT = """SELECT id, kind, received_at, due_at, closed_at, outcome, wrapped_key, sealed, person_lookup
    FROM requests"""


@dataclass(frozen=True, slots=True)
class Facts:
    """Who asked, in what words, how, and what was answered. person: None where nobody here was named."""

    person: PersonId | None
    details: str = field(repr=False)
    channel: Channel
    kin: NextOfKin | None = field(default=None, repr=False)
    answer: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """One request. facts: None where the record was altered and opens no more; its due date stands all the same."""

    id: str
    kind: RequestKind
    received_at: datetime
    due_at: datetime
    closed_at: datetime | None
    outcome: Outcome | None
    facts: Facts | None = field(repr=False)

    def state(self, now: datetime) -> RequestState:
        """Tell where it stands at *now*."""
        return state_of(self.due_at, self.closed_at, now)


class Requests:
    """The requests table, sealed under a key of its own."""

    def __init__(self, database: Database, vault: Vault, lookup_key: bytes, audit: AuditLog) -> None:
        """lookup_key: 32 bytes, under which a person's own requests are found."""
        self._database = database
        self._vault = vault
        self._lookup_key = lookup_key
        self._audit = audit

    def open(
        self,
        kind: RequestKind,
        person: PersonId | None,
        details: str,
        *,
        channel: Channel,
        at: datetime,
        actor: Who,
        kin: NextOfKin | None = None,
    ) -> str:
        """Take a request in; give its random id. details: what is asked, in the person's words.

        Raises RequestError: ``details-long``, ``kin-missing`` where next of kin ask without saying who they are,
        ``requests-many`` where OPEN_MOST of the person wait and one more comes by their page.
        """
        _refuse_long(details)
        if (kind is RequestKind.NEXT_OF_KIN) != (kin is not None):
            raise RequestError(
                "kin-missing",
                "A request by next of kin needs their name, relation, and how it was checked; no other request does.",
                remedy="Fill in all three, or choose another kind.",
            )
        request = Request(
            secrets.token_hex(8),
            kind,
            _whole(at),
            due_at(at),
            None,
            None,
            Facts(person, details, channel, kin),
        )

        lookup = self._lookup(person)

        def work(connection: sqlite3.Connection) -> str:
            if channel is Channel.SELF_SERVICE:
                _refuse_many(connection, lookup)
            sealed = self._seal(request)
            row = (
                request.id,
                kind.value,
                seconds_of(request.received_at),
                seconds_of(request.due_at),
                sealed.wrapped_key,
                sealed.content,
                lookup,
            )
            connection.execute("INSERT INTO requests VALUES (?, ?, ?, ?, NULL, NULL, ?, ?, ?)", row)
            detail = {"kind": kind.value, "channel": channel.value}
            self._audit.note(
                connection, actor, Action.REQUEST_OPENED, at=at, object=request.id, detail=detail
            )
            return request.id

        return self._database.write(work)

    def close(self, request: str, outcome: Outcome, answer: str, *, at: datetime, actor: Who) -> None:
        """Write what was answered. A refusal needs its reason.

        Raises RequestError: ``request-unknown``, ``request-closed``, ``answer-missing``, ``details-long``; VaultError
        ``record-altered``.
        """
        _refuse_long(answer)
        if not answer.strip():
            raise RequestError(
                "answer-missing",
                "A request is closed with an answer.",
                remedy="Say what was done, or why it was not.",
            )

        def work(connection: sqlite3.Connection) -> None:
            found = self.get(request)
            if found.closed_at is not None:
                raise RequestError(
                    "request-closed",
                    "This request is closed already.",
                    remedy="Open a new one if more is asked.",
                )
            if found.facts is None:
                raise _altered(request)
            facts = replace(found.facts, answer=answer)
            closed = replace(found, closed_at=_whole(at), outcome=outcome, facts=facts)
            sealed = self._seal(closed)
            connection.execute(
                "UPDATE requests SET closed_at = ?, outcome = ?, wrapped_key = ?, sealed = ? WHERE id = ?",
                (seconds_of(at), outcome.value, sealed.wrapped_key, sealed.content, request),
            )
            detail = {"outcome": outcome.value}
            self._audit.note(connection, actor, Action.REQUEST_CLOSED, at=at, object=request, detail=detail)

        self._database.write(work)
        self._database.scrub()

    def get(self, request: str) -> Request:
        """Give one request. Raises RequestError ``request-unknown``."""
        rows = self._database.rows(f"{_SELECT} WHERE id = :request", request=request)
        if not rows:
            raise RequestError(
                "request-unknown",
                "There is no request of this id.",
                remedy="Copy the id from gate rights list.",
            )
        return self._request(rows[0])

    def list(self, *, closed: bool = False) -> tuple[Request, ...]:
        """Give the open requests, or all of them with *closed*, the earliest due first."""
        sql = f"{_SELECT} WHERE :closed OR closed_at IS NULL ORDER BY due_at, received_at"
        return tuple(self._request(row) for row in self._database.rows(sql, closed=closed))

    def closed(self, offset: int, limit: int) -> tuple[Request, ...]:
        """Give up to *limit* closed requests after the first *offset*, the newest answer first; opens no others."""
        sql = f"{_SELECT} WHERE closed_at IS NOT NULL ORDER BY closed_at DESC, id LIMIT :limit OFFSET :offset"
        return tuple(self._request(row) for row in self._database.rows(sql, limit=limit, offset=offset))

    def of(self, person: PersonId) -> tuple[Request, ...]:
        """Give the person's own requests, closed ones too; opens nobody else's."""
        sql = f"{_SELECT} WHERE person_lookup = :lookup ORDER BY due_at, received_at"
        found = map(self._request, self._database.rows(sql, lookup=self._lookup(person)))
        return tuple(each for each in found if each.facts is not None)

    def _request(self, row: Row) -> Request:
        request, kind, received, due, closed, outcome, wrapped_key, content, lookup = row
        bare = Request(
            request,
            RequestKind(kind),
            time_of(received),
            time_of(due),
            None if closed is None else time_of(closed),
            None if outcome is None else Outcome(outcome),
            None,
        )
        try:
            facts = json.loads(self._vault.open(Sealed(wrapped_key, content), _binding(bare)))
        except VaultError:
            return bare
        if self._lookup(facts["person"]) != lookup:  # moved to somebody else's page, or away from its own
            return bare
        kin = facts["kin"]
        return replace(
            bare,
            facts=Facts(
                person=facts["person"],
                details=facts["details"],
                channel=Channel(facts["channel"]),
                kin=None if kin is None else NextOfKin(**kin),
                answer=facts["answer"],
            ),
        )

    def _lookup(self, person: PersonId | None) -> bytes | None:
        return None if person is None else hmac.digest(self._lookup_key, person.encode(), "sha256")

    def _seal(self, request: Request) -> Sealed:
        assert request.facts is not None
        return self._vault.seal(json.dumps(asdict(request.facts)).encode(), _binding(request))


def _binding(request: Request) -> Binding:
    """Bind every column, so that no due date moves and no open request passes for a closed one."""
    closed = "" if request.closed_at is None else f"{seconds_of(request.closed_at)}/{request.outcome}"
    times = f"{seconds_of(request.received_at)}/{seconds_of(request.due_at)}"
    return Binding("requests", f"{request.id}/{request.kind}/{times}/{closed}", 0)


def _refuse_many(connection: sqlite3.Connection, lookup: bytes | None) -> None:
    sql = "SELECT count(*) FROM requests WHERE person_lookup = ? AND closed_at IS NULL"
    if connection.execute(sql, (lookup,)).fetchone()[0] >= OPEN_MOST:
        raise RequestError(
            "requests-many",
            f"{OPEN_MOST} of your requests wait for an answer already.",
            remedy="Wait for an answer, or tell the contact on the notice what else you ask for.",
        )


def _refuse_long(text: str) -> None:
    if len(text) > TEXT_MOST:
        raise RequestError(
            "details-long",
            f"The text is longer than {TEXT_MOST} characters.",
            remedy="Say it in fewer words; papers stay on paper.",
        )


def _altered(request: str) -> VaultError:
    return VaultError(
        "record-altered",
        f"The request {request} was altered.",
        remedy="Ask the person again; find out who wrote to the database.",
    )


def _whole(at: datetime) -> datetime:
    return time_of(seconds_of(at))
