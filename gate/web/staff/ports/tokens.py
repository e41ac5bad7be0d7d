"""Tokens of the JSON API: a program's key to what one role may do, for a year at most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gate.core.roles import AccountId, Program, Role, Staff


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token without its text. id: 16 hex digits."""

    id: str
    name: str = field(repr=False)
    role: Role
    made_by: AccountId
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class FreshToken:
    """A token as it is shown, once: whoever has the text may do what its role may."""

    token: TokenView
    text: str = field(repr=False)


class TokensPort(Protocol):
    """Every method may raise VaultError."""

    def all(self) -> Sequence[TokenView]:
        """Give every token that is still listed, newest first."""

    def roles_for(self, by: Staff) -> Sequence[Role]:
        """Give the offices that *by* may make a token of: those that may do nothing that *by* may not."""

    def make(self, by: Staff, name: str, role: Role, days: int) -> FreshToken:
        """Make one for 1 to 365 days. Raises RequestError: ``name-unfit``, ``token-days``, ``token-role``, ``token-many``."""

    def revoke(self, by: Staff, token: str) -> None:
        """End one at once. Raises RequestError ``token-unknown``."""

    def holder(self, bearer: str) -> Program | None:
        """Give who shows *bearer*, whatever it is: None for what is no token that holds now."""
