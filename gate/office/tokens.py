"""The port TokensPort of gate/web/staff/ports/tokens.py over the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from gate.core.roles import Program, Role, Staff
from gate.errors import RequestError
from gate.office.accounts.desk import fit_name
from gate.ports import Clock
from gate.store import Store
from gate.store.staff.tokens import ApiToken
from gate.web.staff.ports.tokens import FreshToken, TokenView

DAYS: Final = range(1, 366)


class TokenDesk:
    """Makes, lists and ends the tokens of programs."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._tokens = store.staff.tokens
        self._clock = clock

    def all(self) -> Sequence[TokenView]:
        """Give every token that is still listed, newest first."""
        return tuple(map(_view, self._tokens.all()))

    def roles_for(self, by: Staff) -> Sequence[Role]:
        """Give the offices whose every act *by* may do: nobody makes a key to more than they have."""
        return tuple(role for role in Role if by.may_all_of(role))

    def make(self, by: Staff, name: str, role: Role, days: int) -> FreshToken:
        """Make one; see TokensPort."""
        if days not in DAYS:
            raise RequestError(
                "token-days", "A token holds for 1 to 365 days.", remedy="Make a new one before it runs out."
            )
        if role not in self.roles_for(by):
            raise RequestError(
                "token-role",
                "A program may do nothing that its maker may not.",
                remedy="Choose another office, or ask somebody who holds this one too.",
            )
        holds = timedelta(days=days)
        token, text = self._tokens.make(fit_name(name), role, holds, at=self._clock.now(), by=by)
        return FreshToken(_view(token), text)

    def revoke(self, by: Staff, token: str) -> None:
        """End one at once. Raises RequestError ``token-unknown``."""
        self._tokens.revoke(token, at=self._clock.now(), by=by)

    def holder(self, bearer: str) -> Program | None:
        """Give who shows *bearer*, None where it is no token in force."""
        return self._tokens.holder(bearer, self._clock.now())


def _view(token: ApiToken) -> TokenView:
    return TokenView(
        id=token.id,
        name=token.name,
        role=token.role,
        made_by=token.made_by,
        made_at=token.made_at,
        expires_at=token.expires_at,
        revoked_at=token.revoked_at,
    )
