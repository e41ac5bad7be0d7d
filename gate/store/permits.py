"""Named weekly hours, who has which, and the door's own; judged in the site's time zone.

Which hours a person has stands in the person's sealed record alone. The hours themselves are readable, and carry a keyed
code each, so that whoever writes to the database widens nobody's.
"""

from __future__ import annotations

import hmac
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum

from gate.core.door_inputs import DoorHours
from gate.core.hours import Hours, HoursFault, is_hours_name, parse
from gate.core.permits import Permit, Timetable, refusal
from gate.core.types import PersonId, Reason
from gate.errors import RequestError
from gate.store.account.audit import Action, Actor, AuditLog, Who
from gate.store.database import Database
from gate.store.people import People, Person


class DoorHoursKind(StrEnum):
    """What the door does in its hours."""

    LOCKED = "locked"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class NamedHours:
    """Hours as an operator sees them. hours: a fault where they were altered: then they open nothing."""

    name: str
    hours: Hours | HoursFault


class Permits:
    """The hours and door_hours tables, and what they mean for a person and for the door."""

    def __init__(
        self, database: Database, people: People, audit: AuditLog, mac_key: bytes, zone: tzinfo
    ) -> None:
        """zone: the site's, in which hours are meant."""
        self._database = database
        self._people = people
        self._audit = audit
        self._mac_key = mac_key
        self._zone = zone

    def refusal(self, person: Person, at: datetime, *, clock_trusted: bool) -> Reason | None:
        """Give why *person* may not come in at *at* (aware), None where nothing of theirs stands against it."""
        hours = None if person.hours is None else self.of(person.hours)
        local = at.astimezone(self._zone)
        return refusal(Permit(hours, person.ends_at), local, clock_trusted=clock_trusted)

    def of(self, name: str) -> Hours | HoursFault:
        """Give the hours of that name; UNREADABLE where they are gone or altered."""
        rows = self._database.rows("SELECT CAST(text AS BLOB), mac FROM hours WHERE name = :name", name=name)
        return self._read(name, *rows[0]) if rows else HoursFault.UNREADABLE

    def list(self) -> tuple[NamedHours, ...]:
        """Give all named hours by name."""
        rows = self._database.rows("SELECT name, CAST(text AS BLOB), mac FROM hours ORDER BY name")
        return tuple(NamedHours(name, self._read(name, text, mac)) for name, text, mac in rows)

    def set(self, name: str, text: str, at: datetime, *, by: Who = Actor.INSTALLER) -> Hours:
        """Let *name* mean *text* from now on, for all who have it; give it as it was read.

        Raises RequestError, and then nothing changes: ``hours-name``, ``hours-unfit``.
        """
        if not is_hours_name(name):
            raise RequestError(
                "hours-name",
                "Hours are named with 1 to 32 letters, digits and -, a letter or digit first; not always, not none.",
                remedy="Name what they are for, such as cleaners or night; never a person: the name stands in the log.",
            )
        hours = parse(text)
        if isinstance(hours, HoursFault):
            raise RequestError("hours-unfit", f"These are no hours ({hours.value}).", remedy=hours.remedy)

        def work(connection: sqlite3.Connection) -> None:
            row = (name, hours.text, self._mac("hours", name, hours.text.encode()))
            sql = """INSERT INTO hours VALUES (?, ?, ?)
                ON CONFLICT (name) DO UPDATE SET text = excluded.text, mac = excluded.mac"""
            connection.execute(sql, row)
            self._note(connection, by, Action.HOURS_SET, name, at)

        self._database.write(work)
        return hours

    def remove(self, name: str, at: datetime, *, by: Who = Actor.INSTALLER) -> None:
        """Delete hours nobody has and no door keeps. Raises RequestError: ``hours-unknown``, ``hours-in-use``."""

        def work(connection: sqlite3.Connection) -> None:
            self._refuse_unknown(name)
            having = sum(person.hours == name for person in self._people.everybody().people)
            doors = self._database.rows("SELECT 1 FROM door_hours WHERE name = :name", name=name)
            if having or doors:
                raise RequestError(
                    "hours-in-use",
                    f"The hours '{name}' are still in use (residents: {having}{', and the door' if doors else ''}).",
                    remedy="Give them other hours first (gate hours give UNIT always; gate door hours).",
                )
            connection.execute("DELETE FROM hours WHERE name = ?", (name,))
            self._note(connection, by, Action.HOURS_REMOVED, name, at)

        self._database.write(work)

    def give(self, unit: str, name: str | None, at: datetime) -> None:
        """Let the unit's resident in within the hours *name* only, by every method; None: at all times.

        Raises RequestError, and then nothing changes: ``unit-unknown``, ``hours-unknown``.
        """

        def work(_connection: sqlite3.Connection) -> None:
            person = self._people.find_by_unit(unit)
            if person is None:
                raise RequestError(
                    "unit-unknown",
                    "No resident is entered under this unit.",
                    remedy="See gate resident list.",
                )
            self.give_to(person.id, name, at)

        self._database.write(work)
        self._database.scrub()

    def give_to(self, person: PersonId, name: str | None, at: datetime, *, by: Who = Actor.INSTALLER) -> None:
        """Let *person* in as ``give`` does. Raises RequestError ``person-unknown``, ``hours-unknown``."""

        def work(connection: sqlite3.Connection) -> None:
            if name is not None:
                self._refuse_unknown(name)
            self._people.remember_hours(connection, person, name)
            # Which hours is sealed with the person: the log says that they changed, and no more.
            self._note(connection, by, Action.HOURS_GIVEN, person, at)

        self._database.write(work)

    def set_door(
        self, kept: Mapping[DoorHoursKind, str | None], at: datetime, *, by: Who = Actor.INSTALLER
    ) -> None:
        """Let the door keep the hours of these names, None: no more; what is not in *kept* stays.

        Raises RequestError ``hours-unknown``, and then nothing changes.
        """

        def work(connection: sqlite3.Connection) -> None:
            for kind, name in kept.items():
                connection.execute("DELETE FROM door_hours WHERE kind = ?", (kind.value,))
                if name is not None:
                    self._refuse_unknown(name)
                    row = (kind.value, name, self._mac("door", kind.value, name.encode()))
                    connection.execute("INSERT INTO door_hours VALUES (?, ?, ?)", row)
                self._note(connection, by, Action.DOOR_HOURS_SET, name or "", at, {"kind": kind.value})

        self._database.write(work)

    def door(self) -> dict[DoorHoursKind, NamedHours]:
        """Give which hours the door keeps."""
        found = {}
        for kind, name, mac in self._database.rows("SELECT kind, name, mac FROM door_hours ORDER BY kind"):
            is_ours = hmac.compare_digest(self._mac("door", kind, name.encode()), mac)
            found[DoorHoursKind(kind)] = NamedHours(name, self.of(name) if is_ours else HoursFault.UNREADABLE)
        return found

    def door_hours(self, at: datetime, *, clock_trusted: bool) -> DoorHours:
        """Give what the door does by itself at *at*: read anew each time, for the command line may have set it."""
        hours = {kind: named.hours for kind, named in self.door().items()}
        timetable = Timetable(locked=hours.get(DoorHoursKind.LOCKED), open=hours.get(DoorHoursKind.OPEN))
        return timetable.says(at.astimezone(self._zone), clock_trusted=clock_trusted)

    def unreadable(self) -> tuple[str, ...]:
        """Give the names of altered hours, of altered orders to the door, and of those somebody has that are gone."""
        named = {person.hours for person in self._people.everybody().people if person.hours is not None}
        gone = {name for name in named if isinstance(self.of(name), HoursFault)}
        looked_at = (*self.list(), *self.door().values())
        return tuple(sorted(gone | {each.name for each in looked_at if isinstance(each.hours, HoursFault)}))

    def _read(self, name: str, text: bytes, mac: bytes) -> Hours | HoursFault:
        # As bytes, for what somebody else wrote there may be no text.
        is_ours = hmac.compare_digest(self._mac("hours", name, text), mac)
        return parse(text.decode()) if is_ours else HoursFault.UNREADABLE

    def _mac(self, what: str, first: str, second: bytes) -> bytes:
        """Give the keyed code of two texts; the length of the first keeps them apart."""
        return hmac.digest(self._mac_key, f"{what}:{len(first)}:{first}:".encode() + second, "sha256")

    def _refuse_unknown(self, name: str) -> None:
        if not self._database.rows("SELECT 1 FROM hours WHERE name = :name", name=name):
            raise RequestError(
                "hours-unknown", "There are no hours of that name.", remedy="See gate hours list."
            )

    def _note(
        self,
        connection: sqlite3.Connection,
        by: Who,
        action: Action,
        object: str,  # noqa: A002 - the log's own word
        at: datetime,
        detail: dict[str, str | int] | None = None,
    ) -> None:
        self._audit.note(connection, by, action, at=at, object=object, detail=detail)
