"""An account that is ready at once, for demonstrations and measurements: never on a gate that serves a site."""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime

from gate.core.accounts import code_of
from gate.core.roles import Role
from gate.office.accounts import totp
from gate.store import Store
from gate.store.staff.accounts import Account, Secrets, new_account
from gate.store.times import seconds_of, time_of

_PASSWORD_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class ReadyAccount:
    """What somebody signs in with. totp: base32, for an authenticator app."""

    login: str
    password: str = field(repr=False)
    totp: str = field(repr=False)


def make_ready(store: Store, login: str, name: str, roles: frozenset[Role], at: datetime) -> ReadyAccount:
    """Enter an account with a password and a second factor drawn here. Raises RequestError ``login-taken``."""
    ready = ReadyAccount(login, code_of(secrets.token_bytes(_PASSWORD_CHARACTERS)), totp.fresh_secret())
    account = new_account()
    verifier = store.staff.sign_in.verifier(account, ready.password)
    kept = Secrets(verifier, ready.totp)
    entered = Account(account, login, name, roles, time_of(seconds_of(at)), secrets=kept)

    def work(connection: sqlite3.Connection) -> None:
        store.staff.accounts.insert(connection, entered, entered.staff)

    store.staff.write(work)
    return ready
