"""The registers of governance: each entry sealed, each change a revision that leaves the earlier one (R82, R83, R85)."""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import TypeAdapter, ValidationError

from gate.core.registers import FORMS, Fields, Register
from gate.errors import RequestError, VaultError
from gate.store.account.audit import Action, Actor, AuditLog, Who
from gate.store.database import Database, Row
from gate.store.times import seconds_of, time_of
from gate.store.vault import Binding, Sealed, Vault

_ADAPTERS: dict[Register, TypeAdapter[Fields]] = {name: TypeAdapter(form) for name, form in FORMS.items()}
_ALL = "SELECT id, revision, register, at, wrapped_key, sealed FROM register_entries"
_NEWEST = (
    "revision = (SELECT max(revision) FROM register_entries AS later WHERE later.id = register_entries.id)"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a register as it stood from *at* on; revision counts from 1."""

    id: str
    revision: int
    register: Register
    at: datetime
    fields: Fields = field(repr=False)


class Registers:
    """The register_entries table. A row that was altered or moved raises VaultError ``record-altered``."""

    def __init__(self, database: Database, vault: Vault, audit: AuditLog) -> None:
        self._database = database
        self._vault = vault
        self._audit = audit

    def add(self, register: Register, fields: Fields, at: datetime, *, by: Who = Actor.INSTALLER) -> str:
        """Enter something new; give its random id. Raises RequestError ``register-form`` for another kind's fields."""
        entry = secrets.token_hex(8)
        self._database.write(lambda connection: self._insert(connection, entry, 1, register, fields, at, by))
        return entry

    def revise(
        self, entry: str, fields: Fields, at: datetime, *, by: Who = Actor.INSTALLER, seen: int | None = None
    ) -> int:
        """Let *fields* hold from now on; the earlier revisions stay. Give the revision's number.

        seen: the revision they were made from, where another person might revise it too. Raises RequestError:
        ``entry-unknown``, ``register-form``; ``entry-changed`` where it was revised meanwhile.
        """

        def work(connection: sqlite3.Connection) -> int:
            newest = self.newest(entry)
            if seen is not None and newest.revision != seen:
                raise RequestError(
                    "entry-changed",
                    "Somebody else changed this entry meanwhile; nothing was written.",
                    remedy="Look at what it says now, then change it again.",
                )
            self._insert(connection, entry, newest.revision + 1, newest.register, fields, at, by)
            return newest.revision + 1

        return self._database.write(work)

    def newest(self, entry: str) -> Entry:
        """Give the entry's present revision. Raises RequestError ``entry-unknown``."""
        rows = self._database.rows(f"{_ALL} WHERE id = :entry AND {_NEWEST}", entry=entry)
        if not rows:
            raise RequestError(
                "entry-unknown",
                "No register has an entry of this id.",
                remedy="Copy the id from gate govern register list.",
            )
        return self._entry(rows[0])

    def current(self, register: Register) -> tuple[Entry, ...]:
        """Give the newest revision of every entry, in the order of their first revision, ended ones too."""
        order = "(SELECT min(at) FROM register_entries AS first WHERE first.id = register_entries.id), id"
        rows = self._database.rows(
            f"{_ALL} WHERE register = :register AND {_NEWEST} ORDER BY {order}", register=register.value
        )
        return tuple(self._entry(row) for row in rows)

    def revisions(self, register: Register) -> tuple[tuple[str, int], ...]:
        """Give each entry's id with the number of its newest revision, by id; opens nothing."""
        sql = "SELECT id, max(revision) FROM register_entries WHERE register = :register GROUP BY id ORDER BY id"
        return tuple((entry, last) for entry, last in self._database.rows(sql, register=register.value))

    def history(self, entry: str) -> tuple[Entry, ...]:
        """Give every revision that is still kept, oldest first."""
        rows = self._database.rows(f"{_ALL} WHERE id = :entry ORDER BY revision", entry=entry)
        return tuple(self._entry(row) for row in rows)

    def _insert(
        self,
        connection: sqlite3.Connection,
        entry: str,
        revision: int,
        register: Register,
        fields: Fields,
        at: datetime,
        by: Who,
    ) -> None:
        if type(fields) is not FORMS[register]:
            raise RequestError(
                "register-form",
                f"These are not the fields of the register '{register}'.",
                remedy=f"Fill the form of '{register}'.",
            )
        content = _ADAPTERS[register].dump_json(fields)
        sealed = self._vault.seal(content, _binding(entry, revision, register, seconds_of(at)))
        row = (entry, revision, register.value, seconds_of(at), sealed.wrapped_key, sealed.content)
        connection.execute("INSERT INTO register_entries VALUES (?, ?, ?, ?, ?, ?)", row)
        detail: dict[str, str | int] = {"register": register.value, "revision": revision}
        self._audit.note(connection, by, Action.REGISTER_CHANGED, at=at, object=entry, detail=detail)

    def _entry(self, row: Row) -> Entry:
        entry, revision, name, at, wrapped_key, content = row
        try:
            register = Register(name)
            opened = self._vault.open(Sealed(wrapped_key, content), _binding(entry, revision, register, at))
            return Entry(entry, revision, register, time_of(at), _ADAPTERS[register].validate_json(opened))
        except (ValueError, ValidationError, OverflowError) as error:
            raise VaultError(
                "record-altered",
                f"The register entry {entry} is none that this gate wrote.",
                remedy="Restore the last backup (gate restore); find out who wrote to the database.",
            ) from error


def _binding(entry: str, revision: int, register: Register, at: int) -> Binding:
    """Bind every column: no revision passes for another, nor for an older or a newer one."""
    return Binding("register_entries", f"{register.value}/{entry}/{revision}/{at}", 0)
