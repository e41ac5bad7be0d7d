"""What one person asks for and another allows: the two-person acts (gate/core/roles.TWO_PERSON)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType, Protocol

from gate.core.roles import AccountId, Act, Staff

ApprovalId = NewType("ApprovalId", str)
"""16 hex digits, random."""


class ApprovalState(StrEnum):
    """How an approval stands."""

    PENDING = "pending"
    ALLOWED = "allowed"  # may be used once, by who asked, within 24 hours
    DENIED = "denied"
    USED = "used"
    LAPSED = "lapsed"  # nobody answered, or nobody used it, in time


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """One approval. subject: what exactly is asked for, in canonical words. until: when it lapses as it stands.

    unit: of the person it is about, in lists; None where it is about nobody, or nobody who is still here.
    """

    id: ApprovalId
    act: Act
    subject: str = field(repr=False)
    reason: str = field(repr=False)
    asked_by: AccountId
    asked_at: datetime
    state: ApprovalState
    until: datetime
    answered_by: AccountId | None = None
    answered_at: datetime | None = None
    unit: str | None = field(default=None, repr=False)


class ApprovalsPort(Protocol):
    """Every method may raise VaultError. Accounts are told by their ids: AccountBookPort.name_of tells names."""

    def ask(self, staff: Staff, act: Act, subject: str, reason: str) -> ApprovalId:
        """Ask that another account, which may APPROVE, allows *staff* to do *act* about *subject*, once.

        subject: canonical words, 1 to 500 characters, such as "person <id>" or "rules face.retention_days=30>90".
        reason: 1 to 500 characters; the second person reads it. One that waits already for the same is given again.
        Raises RequestError: ``reason-unfit``, ``approval-many``.
        """

    def all(self) -> Sequence[ApprovalView]:
        """Give what waits, and what was answered within the last 30 days, newest first."""

    def find(self, staff: Staff, act: Act, subject: str) -> ApprovalView | None:
        """Give the newest that *staff* asked for exactly this, however it stands; None where there is none."""

    def allow(self, approval: ApprovalId, staff: Staff) -> None:
        """Allow it. Raises RequestError: ``approval-own`` where *staff* asked; ``approval-over``; ``approval-role``.

        ``approval-near`` where who asked entered or reset the account of *staff*, or gave it an office, within 30 days.
        """

    def deny(self, approval: ApprovalId, staff: Staff) -> None:
        """Refuse it; who asked may take it back the same way. Raises RequestError ``approval-over``, ``approval-role``."""

    def take(self, approval: ApprovalId, staff: Staff, act: Act, subject: str) -> None:
        """Use it up. Raises RequestError ``approval-missing`` unless it is allowed, unused, of *staff*, and for exactly this."""
