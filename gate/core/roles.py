"""Who may do what among the staff: what the table does not grant is denied (R53)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NewType

AccountId = NewType("AccountId", str)
"""16 hex digits, random; never used again."""


class Role(StrEnum):
    """An office at the site."""

    GUARD = "guard"
    MANAGER = "manager"
    PRIVACY_OFFICER = "privacy-officer"
    INSTALLER = "installer"


class Act(StrEnum):
    """What only some may do."""

    SEE_GATE = "see-gate"  # the door, alarms, the parts' health: nobody's data
    RELEASE_DOOR = "release-door"
    LOCK_DOWN = "lock-down"
    ACKNOWLEDGE = "acknowledge"
    BLOCK_CARD = "block-card"
    MANAGE_PEOPLE = "manage-people"
    ENROL = "enrol"
    SET_HOURS = "set-hours"
    EDIT_NOTICE = "edit-notice"
    PUBLISH_NOTICE = "publish-notice"
    ANSWER_REQUESTS = "answer-requests"
    SEE_COUNTS = "see-counts"
    SEE_AUDIT = "see-audit"
    EXPORT_EVIDENCE = "export-evidence"
    SEE_RETENTION = "see-retention"
    CHANGE_RETENTION = "change-retention"
    CHANGE_RULES = "change-rules"
    SWITCH_LIVE_EVENTS = "switch-live-events"  # R44: each passage told at once, de-identified at most
    MANAGE_BACKUPS = "manage-backups"
    MANAGE_ACCOUNTS = "manage-accounts"
    MANAGE_TOKENS = "manage-tokens"
    APPROVE = "approve"  # as the second person
    APPROVE_ASSESSMENT = "approve-assessment"  # R80
    OPEN_MINOR = "open-minor"  # R27: the second approval to a child's record
    EXPORT_RECORD = "export-record"  # of somebody who did not ask on their own page


_G, _M, _P, _I = Role.GUARD, Role.MANAGER, Role.PRIVACY_OFFICER, Role.INSTALLER

GRANTED: Final[Mapping[Act, frozenset[Role]]] = MappingProxyType(
    {
        Act.SEE_GATE: frozenset(Role),
        Act.RELEASE_DOOR: frozenset({_G, _M}),
        Act.LOCK_DOWN: frozenset({_G, _M}),
        Act.ACKNOWLEDGE: frozenset({_G, _M}),
        Act.BLOCK_CARD: frozenset({_G, _M}),
        Act.MANAGE_PEOPLE: frozenset({_M}),
        Act.ENROL: frozenset({_M}),
        Act.SET_HOURS: frozenset({_M}),
        Act.EDIT_NOTICE: frozenset({_M, _P}),
        Act.PUBLISH_NOTICE: frozenset({_P}),
        Act.ANSWER_REQUESTS: frozenset({_M, _P}),
        Act.SEE_COUNTS: frozenset({_M, _P}),
        Act.SEE_AUDIT: frozenset({_P}),
        Act.EXPORT_EVIDENCE: frozenset({_P}),
        Act.SEE_RETENTION: frozenset({_M, _P}),
        Act.CHANGE_RETENTION: frozenset({_M, _P}),
        Act.CHANGE_RULES: frozenset({_M, _I}),
        Act.SWITCH_LIVE_EVENTS: frozenset({_P}),
        Act.MANAGE_BACKUPS: frozenset({_M, _I}),
        Act.MANAGE_ACCOUNTS: frozenset({_M}),
        Act.MANAGE_TOKENS: frozenset({_M, _P}),
        Act.APPROVE: frozenset({_M, _P}),
        Act.APPROVE_ASSESSMENT: frozenset({_M, _P}),
        Act.OPEN_MINOR: frozenset({_M, _P}),
        Act.EXPORT_RECORD: frozenset({_M, _P}),
    }
)

TWO_PERSON: Final = frozenset({Act.EXPORT_EVIDENCE, Act.CHANGE_RETENTION, Act.OPEN_MINOR, Act.EXPORT_RECORD})
"""What one person asks for and another, who may APPROVE, allows: never the same account twice."""


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody of the staff who is signed in: an account by its random id, and the offices it holds.

    One account may hold several offices, as in a small compound; a second person is always another account. stamp: which
    of the account's secrets they signed in by; once these changed, the sign-in no longer holds.
    """

    account: AccountId
    roles: frozenset[Role]
    stamp: str = field(default="", repr=False, compare=False)

    def may(self, act: Act) -> bool:
        """Tell whether some office of theirs may do *act*."""
        return not self.roles.isdisjoint(GRANTED.get(act, frozenset()))

    def may_all_of(self, role: Role) -> bool:
        """Tell whether they may do whatever *role* may: nobody makes, or keeps, a key to more than that."""
        return all(self.may(act) for act, roles in GRANTED.items() if role in roles)

    @property
    def value(self) -> str:
        """Give what the audit log says of who acted: the account, and no name (R55)."""
        return f"staff:{self.account}"


class Proof(StrEnum):
    """By what a program is known."""

    TOKEN = "token"  # noqa: S105 - a kind of proof
    """An API token, which it shows."""
    KEY = "key"
    """A key of the site's settings, by which it signs orders (ADR 0028)."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program: the id of its token or key, 16 hex digits, and the one role it was made for."""

    token: str
    role: Role
    proof: Proof = Proof.TOKEN

    def may(self, act: Act) -> bool:
        """Tell whether its role may do *act*."""
        return self.role in GRANTED.get(act, frozenset())

    @property
    def value(self) -> str:
        """Give what the audit log says of who acted: the token or key, and no name (R55)."""
        return f"{self.proof}:{self.token}"


def may(role: str, act: Act) -> bool:
    """Tell whether who holds *role* may do *act*; a word that names no role may nothing."""
    return role in GRANTED.get(act, frozenset())
