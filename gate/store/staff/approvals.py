"""What one of the staff asks for and another allows, good once: never the same account twice (R27, R53)."""

from __future__ import annotations

import json
import secrets
import sqlite3
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from gate.core.roles import TWO_PERSON, AccountId, Act, Staff
from gate.errors import RequestError
from gate.store.account.audit import Action, AuditLog
from gate.store.database import Database, Row
from gate.store.staff.accounts import NEAR, Accounts
from gate.store.times import seconds_of, time_of
from gate.store.vault import Binding, Sealed, Vault

TEXT_MOST: Final = 500
WAITING_MOST: Final = 20
"""That one account may have waiting for an answer."""
ANSWER_WITHIN: Final = timedelta(days=7)
USE_WITHIN: Final = timedelta(hours=24)
_ID_BYTES: Final = 8
_SELECT: Final = "SELECT id, asked_at, wrapped_key, sealed FROM approvals"


class Answer(StrEnum):
    """What became of it."""

    NONE = "none"
    ALLOWED = "allowed"
    DENIED = "denied"
    USED = "used"


@dataclass(frozen=True, slots=True)
class Approval:
    """One approval. subject: what exactly is asked for, in canonical words; reason: for the second person."""

    id: str
    act: Act
    subject: str = field(repr=False)
    reason: str = field(repr=False)
    asked_by: AccountId
    asked_at: datetime
    answer: Answer = Answer.NONE
    answered_by: AccountId | None = None
    answered_at: datetime | None = None

    @property
    def until(self) -> datetime:
        """Give when it lapses as it stands."""
        if self.answer is Answer.ALLOWED and self.answered_at is not None:
            return self.answered_at + USE_WITHIN
        return self.asked_at + ANSWER_WITHIN

    def waits(self, at: datetime) -> bool:
        """Tell whether it may still be answered."""
        return self.answer is Answer.NONE and at < self.until

    def may_be_used(self, at: datetime) -> bool:
        """Tell whether it is allowed, unused and not too old."""
        return self.answer is Answer.ALLOWED and at < self.until


class Approvals:
    """The approvals table. A row altered or moved raises VaultError ``record-altered``."""

    def __init__(self, database: Database, vault: Vault, accounts: Accounts, audit: AuditLog) -> None:
        self._database = database
        self._vault = vault
        self._accounts = accounts
        self._audit = audit

    def since(self, at: datetime) -> tuple[Approval, ...]:
        """Give what was asked for from *at* on, newest first."""
        sql = f"{_SELECT} WHERE asked_at >= :at ORDER BY asked_at DESC, rowid DESC"
        return tuple(self._approval(row) for row in self._database.rows(sql, at=seconds_of(at)))

    def get(self, approval: str) -> Approval:
        """Give one. Raises RequestError ``approval-over`` where there is none."""
        rows = self._database.rows(f"{_SELECT} WHERE id = :approval", approval=approval)
        if not rows:
            raise _over()
        return self._approval(rows[0])

    def ask(self, act: Act, subject: str, reason: str, *, at: datetime, by: Staff) -> Approval:
        """Ask for it; the same that waits already is given again.

        Raises RequestError: ``reason-unfit``, ``approval-many``; ValueError for an act that needs no second person.
        """
        if act not in TWO_PERSON or not 1 <= len(subject) <= TEXT_MOST:
            raise ValueError("no act of two persons, or no subject")
        reason = reason.strip()
        if not 1 <= len(reason) <= TEXT_MOST:
            raise RequestError(
                "reason-unfit",
                f"The second person needs a reason, of at most {TEXT_MOST} characters.",
                remedy="Say in a sentence what it is for.",
            )
        fresh = Approval(
            secrets.token_hex(_ID_BYTES), act, subject, reason, by.account, time_of(seconds_of(at))
        )

        def work(connection: sqlite3.Connection) -> Approval:
            waiting = [each for each in self.since(at - ANSWER_WITHIN) if each.waits(at)]
            mine = [each for each in waiting if each.asked_by == by.account]
            same = next((each for each in mine if (each.act, each.subject) == (act, subject)), None)
            if same is not None:
                return same
            if len(mine) >= WAITING_MOST:
                raise RequestError(
                    "approval-many",
                    f"{WAITING_MOST} of your questions wait for a second person already.",
                    remedy="Take some back, or wait for the answers.",
                )
            sealed = self._seal(fresh)
            row = (fresh.id, seconds_of(at), sealed.wrapped_key, sealed.content)
            connection.execute("INSERT INTO approvals VALUES (?, ?, ?, ?)", row)
            detail = {"act": act.value}
            self._audit.note(connection, by, Action.APPROVAL_ASKED, at=at, object=fresh.id, detail=detail)
            return fresh

        return self._database.write(work)

    def allow(self, approval: str, *, at: datetime, by: Staff) -> None:
        """Allow it as the second person.

        Raises RequestError: ``approval-over``, ``approval-role``; ``approval-own`` where *by* asked for it, and
        ``approval-near`` where who asked had a hand in the account of *by* lately, and may well be the same person.
        """

        def work(connection: sqlite3.Connection) -> None:
            asked = self._waiting(approval, at)
            _refuse_role(by)
            if asked.asked_by == by.account:
                raise RequestError(
                    "approval-own",
                    "Nobody allows what they asked for themselves.",
                    remedy="Have somebody else of the staff look at it.",
                )
            self._refuse_near(asked, at, by)
            self._answer(connection, asked, Answer.ALLOWED, at, by)

        self._database.write(work)

    def deny(self, approval: str, *, at: datetime, by: Staff) -> None:
        """Refuse it; who asked takes it back. Raises RequestError: ``approval-over``, ``approval-role``."""

        def work(connection: sqlite3.Connection) -> None:
            asked = self._waiting(approval, at)
            if asked.asked_by != by.account:
                _refuse_role(by)
            self._answer(connection, asked, Answer.DENIED, at, by)

        self._database.write(work)

    def take(self, approval: str, act: Act, subject: str, *, at: datetime, by: Staff) -> None:
        """Use it up, once. Raises RequestError ``approval-missing`` unless it is allowed, of *by*, and for exactly this."""

        def work(connection: sqlite3.Connection) -> None:
            rows = self._database.rows(f"{_SELECT} WHERE id = :approval", approval=approval)
            found = self._approval(rows[0]) if rows else None
            asked = (by.account, act, subject)
            is_theirs = found is not None and (found.asked_by, found.act, found.subject) == asked
            if found is None or not is_theirs or not found.may_be_used(at):
                raise RequestError(
                    "approval-missing",
                    "No second person allowed this, or it was used, or a day went by.",
                    remedy="Ask for it again, and do it within a day of the answer.",
                )
            self._write(connection, replace(found, answer=Answer.USED))
            detail = {"act": act.value}
            self._audit.note(connection, by, Action.APPROVAL_USED, at=at, object=found.id, detail=detail)

        self._database.write(work)

    def _waiting(self, approval: str, at: datetime) -> Approval:
        found = self.get(approval)
        if not found.waits(at):
            raise _over()
        return found

    def _refuse_near(self, asked: Approval, at: datetime, by: Staff) -> None:
        second = self._accounts.find(by.account)
        if second is not None and second.is_near(asked.asked_by, at):
            raise RequestError(
                "approval-near",
                "Who asks entered, reset or gave an office to your account within the last "
                f"{NEAR.days} days, so that the two may be one person.",
                remedy="Have another of the staff look at it, wait until that is longer ago,"
                " or ask for it yourself and let them answer.",
            )

    def _answer(
        self, connection: sqlite3.Connection, asked: Approval, answer: Answer, at: datetime, by: Staff
    ) -> None:
        when = time_of(seconds_of(at))
        self._write(connection, replace(asked, answer=answer, answered_by=by.account, answered_at=when))
        action = Action.APPROVAL_ALLOWED if answer is Answer.ALLOWED else Action.APPROVAL_DENIED
        self._audit.note(connection, by, action, at=at, object=asked.id, detail={"act": asked.act.value})

    def _write(self, connection: sqlite3.Connection, approval: Approval) -> None:
        sealed = self._seal(approval)
        sql = "UPDATE approvals SET wrapped_key = ?, sealed = ? WHERE id = ?"
        connection.execute(sql, (sealed.wrapped_key, sealed.content, approval.id))

    def _approval(self, row: Row) -> Approval:
        ref, asked_at, wrapped_key, content = row
        facts = json.loads(self._vault.open(Sealed(wrapped_key, content), _binding(ref, asked_at)))
        answered_at, answered_by = facts["answered_at"], facts["answered_by"]
        return Approval(
            id=ref,
            act=Act(facts["act"]),
            subject=facts["subject"],
            reason=facts["reason"],
            asked_by=AccountId(facts["asked_by"]),
            asked_at=time_of(asked_at),
            answer=Answer(facts["answer"]),
            answered_by=None if answered_by is None else AccountId(answered_by),
            answered_at=None if answered_at is None else time_of(answered_at),
        )

    def _seal(self, approval: Approval) -> Sealed:
        facts = {
            "act": approval.act.value,
            "subject": approval.subject,
            "reason": approval.reason,
            "asked_by": approval.asked_by,
            "answer": approval.answer.value,
            "answered_by": approval.answered_by,
            "answered_at": None if approval.answered_at is None else seconds_of(approval.answered_at),
        }
        bound = _binding(approval.id, seconds_of(approval.asked_at))
        return self._vault.seal(json.dumps(facts).encode(), bound)


def _refuse_role(by: Staff) -> None:
    if not by.may(Act.APPROVE):
        raise RequestError(
            "approval-role",
            "Only a manager or the privacy officer answers for a second person.",
            remedy="Ask one of them to look at it.",
        )


def _over() -> RequestError:
    return RequestError(
        "approval-over",
        "This was answered or taken back already, or waited too long.",
        remedy="Look at the list again; ask anew if it is still needed.",
    )


def _binding(ref: str, asked_at: int) -> Binding:
    return Binding("approvals", f"{ref}/{asked_at}", 0)
