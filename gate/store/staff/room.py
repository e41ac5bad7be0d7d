"""All that the store keeps of the staff, under keys of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from gate.store.account.audit import AuditLog
from gate.store.database import Database
from gate.store.keyring.hashing import USUAL, Cost
from gate.store.keyring.keys import KeyUse, MasterKey
from gate.store.staff.accounts import AccountKeys, Accounts
from gate.store.staff.approvals import Approvals
from gate.store.staff.codes import StaffCodes
from gate.store.staff.passkeys import Passkeys
from gate.store.staff.sign_in import StaffSignIn
from gate.store.staff.tokens import Tokens
from gate.store.throttle import Throttle
from gate.store.vault import Vault

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StaffRoom:
    """The tables of the staff. write: runs several of their acts in one transaction, all or nothing."""

    accounts: Accounts
    codes: StaffCodes
    passkeys: Passkeys
    sign_in: StaffSignIn
    approvals: Approvals
    tokens: Tokens
    _database: Database

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run *work* in one transaction; on any error nothing is written."""
        return self._database.write(work)

    @classmethod
    def open(
        cls,
        database: Database,
        master: MasterKey,
        throttle: Throttle,
        audit: AuditLog,
        cost: Cost = USUAL,
    ) -> StaffRoom:
        """Give the room of an open store. cost: of a new password's verifier."""
        keys = AccountKeys(
            facts=master.derive(KeyUse.ACCOUNTS),
            secrets=master.derive(KeyUse.SECOND_FACTORS),
            login=master.derive(KeyUse.LOGIN_LOOKUP),
        )
        accounts = Accounts(database, keys, audit)
        codes = StaffCodes(database, master.derive(KeyUse.STAFF_CODES), audit)
        # Public keys stand under the key of the accounts; their binding names another table.
        passkeys = Passkeys(database, Vault(keys.facts), keys.login, audit)
        pepper = master.derive(KeyUse.PASSWORD_PEPPER)
        return cls(
            accounts=accounts,
            codes=codes,
            passkeys=passkeys,
            sign_in=StaffSignIn(database, accounts, codes, passkeys, throttle, pepper, audit, cost),
            approvals=Approvals(database, Vault(master.derive(KeyUse.APPROVALS)), accounts, audit),
            tokens=Tokens(
                database,
                Vault(master.derive(KeyUse.TOKENS)),
                master.derive(KeyUse.TOKEN_LOOKUP),
                accounts,
                audit,
            ),
            _database=database,
        )
