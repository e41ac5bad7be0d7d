"""Cards and PINs: keyed HMACs and verifiers, never the number, never the PIN."""

from __future__ import annotations

import hmac
import secrets
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime

from gate.core.credentials import (
    CredentialId,
    PinMatch,
    PinPlace,
    SignedIn,
    Verdict,
    is_card_number,
    pin_fault,
)
from gate.core.types import Method, PersonId, Reason
from gate.errors import RequestError
from gate.store.database import Database, Row
from gate.store.keyring.hashing import USUAL, Cost
from gate.store.people import People, fresh_person
from gate.store.pins import (
    PinCheck,
    StoredPin,
    dummy_verifier,
    generate_pin,
    make_duress,
    make_verifier,
    no_duress,
)
from gate.store.throttle import Throttle
from gate.store.times import seconds_of, time_of
from gate.store.upkeep import tombstones
from gate.store.upkeep.tombstones import Kind

# An ended tenancy ends what it gave at that very second, whenever the housekeeping comes to revoke it. A tombstone
# outlives whoever takes a revocation back in the table itself.
_IN_FORCE = """revoked_at IS NULL AND valid_from <= :now AND (valid_until IS NULL OR valid_until > :now)
    AND NOT EXISTS (SELECT 1 FROM people WHERE people.id = person_id AND ends_at <= :now)
    AND NOT EXISTS (SELECT 1 FROM tombstones WHERE tombstones.kind = 'credential' AND ref = credentials.id)"""
_CARD_HOLDER = "SELECT person_id FROM credentials WHERE kind = 'card' AND lookup = :lookup"
_METHODS_OF = "SELECT DISTINCT kind FROM credentials WHERE person_id = :person"
_PIN_OF = "SELECT id, verifier, duress FROM credentials WHERE kind = 'pin' AND person_id = :person"
_INSERT = """INSERT INTO credentials
    (id, person_id, kind, lookup, verifier, valid_from, valid_until, duress)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"""
_UNKNOWN = Verdict(Reason.UNKNOWN_CREDENTIAL)
_CARDS = "card"
"""In a unit's place where all cards on pages are counted: units are digits."""


@dataclass(frozen=True, slots=True)
class IssuedCredential:
    """A card or PIN as the desk sees it: that it exists and when it holds, None for no bound. method: CARD or PIN."""

    id: CredentialId
    method: Method
    valid_from: datetime | None
    valid_until: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class MadeCard:
    """A card, ready to be written. row: as the table has it."""

    id: CredentialId
    row: Row = field(repr=False)


@dataclass(frozen=True, slots=True)
class FreshPin:
    """A PIN with what verifies it and its duress PIN, or none, not yet issued."""

    pin: str = field(repr=False)
    verifier: str = field(repr=False)
    duress: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CredentialKeys:
    """The secrets behind the lookups and verifiers, 32 bytes each. cost: of a new verifier."""

    card_lookup: bytes = field(repr=False)
    pin_pepper: bytes = field(repr=False)
    cost: Cost = USUAL


class Credentials:
    """The credentials table. An unknown, revoked or expired card or PIN gives one and the same verdict."""

    def __init__(
        self,
        database: Database,
        people: People,
        throttle: Throttle,
        keys: CredentialKeys,
        *,
        duress: bool = False,
    ) -> None:
        """duress: whether the site takes duress PINs; where it does not, one that was drawn before is a wrong PIN."""
        self._database = database
        self._takes_duress = duress
        self._people = people
        self._throttle = throttle
        self._keys = keys

    def issue_card(
        self,
        person: PersonId,
        number: str,
        *,
        at: datetime,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
    ) -> CredentialId:
        """Let the card open for the person, at once unless *valid_from* is after *at*.

        Raises RequestError: ``card-unfit``, ``card-taken``, ``validity-unfit``, ``person-unknown``.
        """
        if not is_card_number(number):
            raise RequestError(
                "card-unfit",
                "A card number is 4 to 128 letters, digits and : . _ - characters.",
                remedy="Read the card at a reader of this gate.",
            )
        self._people.get(person)
        card = self.made_card(person, number, *_span(at, valid_from, valid_until))

        def insert(connection: sqlite3.Connection) -> CredentialId:
            if not self.enter_cards(connection, [card]):
                raise RequestError(
                    "card-taken",
                    "This card already opens for somebody.",
                    remedy="Give that resident a new card first (gate resident card UNIT), or take another card.",
                )
            return card.id

        return self._database.write(insert)

    def made_card(self, person: PersonId, number: str, begins: int = 0, ends: int | None = None) -> MadeCard:
        """Make a card of a fit *number* as ``enter_cards`` takes it; writes nothing. begins, ends: UTC seconds."""
        credential = CredentialId(secrets.token_hex(16))
        row = (credential, person, Method.CARD, self._card_lookup(number), None, begins, ends, None)
        return MadeCard(credential, row)

    @staticmethod
    def enter_cards(connection: sqlite3.Connection, cards: Collection[MadeCard]) -> int:
        """Write cards, inside the caller's transaction; give how many: one that opens for somebody is left out."""
        return connection.executemany(_INSERT, [each.row for each in cards]).rowcount

    def card_holders(self) -> dict[bytes, PersonId]:
        """Give what ``card_key`` gives for every card that was not revoked, and who holds it."""
        sql = "SELECT lookup, person_id FROM credentials WHERE kind = 'card' AND revoked_at IS NULL"
        return {lookup: PersonId(person) for lookup, person in self._database.rows(sql)}

    def card_key(self, number: str) -> bytes:
        """Give the keyed HMAC of a card, 32 bytes, whether or not anybody holds it."""
        return self._card_lookup(number)

    def make_pin(self, person: PersonId, pin: str | None = None) -> FreshPin:
        """Make a PIN for the person, generated unless *pin* is given, without writing it: one argon2id.

        Raises RequestError ``pin-weak``.
        """
        # The digest of no duress PIN: a row looks the same whether or not somebody has one.
        pin = generate_pin() if pin is None else pin
        if (fault := pin_fault(pin)) is not None:
            raise RequestError(
                "pin-weak",
                f"This PIN is too easy to guess ({fault}).",
                remedy="Leave it out: the gate draws a good one.",
            )
        verifier = make_verifier(self._keys.pin_pepper, person, pin, self._keys.cost)
        return FreshPin(pin, verifier, no_duress())

    def make_pins(self, person: PersonId) -> tuple[FreshPin, str]:
        """Draw a PIN and a duress PIN that no slip of a finger makes of it, without writing them: two argon2id.

        Returns both, the duress PIN second. A fresh PIN as well, for the gate does not know the PIN somebody has, and one too close to it would call for help by mistake.
        """
        fresh = self.make_pin(person)
        duress_pin = generate_pin(unlike=fresh.pin)
        duress = make_duress(self._keys.pin_pepper, person, duress_pin, fresh.verifier)
        return replace(fresh, duress=duress), duress_pin

    def issue_pin(
        self,
        person: PersonId,
        pin: FreshPin | str | None = None,
        *,
        at: datetime,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
    ) -> str:
        """Give the person a PIN in place of an earlier one and its duress PIN, valid like a card; return it, once.

        pin: from ``make_pin`` or ``make_pins``, else it is made here, outside the transaction. Raises RequestError:
        ``pin-weak``, ``validity-unfit``, ``person-unknown``.
        """
        self._people.get(person)
        fresh = pin if isinstance(pin, FreshPin) else self.make_pin(person, pin)
        span = _span(at, valid_from, valid_until)
        row = (secrets.token_hex(16), person, Method.PIN, None, fresh.verifier, *span, fresh.duress)

        def replace(connection: sqlite3.Connection) -> None:
            self.revoke_all(person, Method.PIN, at)
            connection.execute(_INSERT, row)

        self._database.write(replace)
        return fresh.pin

    def end_duress(self, person: PersonId) -> None:
        """End the person's duress PIN; the PIN itself stays. Whoever has none, or no PIN, keeps that."""
        sql = "UPDATE credentials SET duress = ? WHERE kind = 'pin' AND person_id = ? AND revoked_at IS NULL"
        self._database.write(lambda connection: connection.execute(sql, (no_duress(), person)))

    def revoke(self, credential: CredentialId, at: datetime) -> None:
        """End a card or PIN for good; a second time, or an unknown one, changes nothing."""
        self._revoke("SELECT id FROM credentials WHERE id = ? AND revoked_at IS NULL", (credential,), at)

    def revoke_all(self, person: PersonId, method: Method, at: datetime) -> None:
        """End the person's cards, or the PIN, for good. method: CARD or PIN."""
        sql = "SELECT id FROM credentials WHERE person_id = ? AND kind = ? AND revoked_at IS NULL"
        self._revoke(sql, (person, method), at)

    def revoke_card(self, number: str, at: datetime) -> PersonId | None:
        """End the card of that number for good, whoever holds it; give its holder, None where nobody does."""
        lookup = self._card_lookup(number)
        sql = "SELECT id FROM credentials WHERE kind = 'card' AND lookup = ? AND revoked_at IS NULL"

        def work(_connection: sqlite3.Connection) -> PersonId | None:
            holders = self._database.rows(f"{_CARD_HOLDER} AND revoked_at IS NULL", lookup=lookup)
            self._revoke(sql, (lookup,), at)
            return PersonId(holders[0][0]) if holders else None

        return self._database.write(work)

    def of(self, person: PersonId) -> tuple[IssuedCredential, ...]:
        """Give the person's cards and PINs, ended ones too, oldest first."""
        sql = """SELECT id, kind, valid_from, valid_until, revoked_at
            FROM credentials WHERE person_id = :person ORDER BY rowid"""
        rows = self._database.rows(sql, person=person)
        return tuple(
            IssuedCredential(
                id=CredentialId(credential),
                method=Method(kind),
                valid_from=time_of(valid_from) if valid_from else None,
                valid_until=None if valid_until is None else time_of(valid_until),
                revoked_at=None if revoked_at is None else time_of(revoked_at),
            )
            for credential, kind, valid_from, valid_until, revoked_at in rows
        )

    def check_card(self, number: str, at: datetime) -> Verdict:
        """Look the card up at *at*. Consults no throttle: wrong PINs never slow a card."""
        rows = self._database.rows(
            f"{_CARD_HOLDER} AND {_IN_FORCE}", lookup=self._card_lookup(number), now=seconds_of(at)
        )
        return Verdict(Reason.KNOWN_CREDENTIAL, PersonId(rows[0][0])) if rows else _UNKNOWN

    def check_card_on_page(self, number: str, at: datetime) -> Verdict:
        """Look up at *at* a card that was shown to a page; THROTTLED while such cards, or the pages, wait after wrong ones.

        All cards count as one account among the pages' PINs: numbers run in a row, and nobody is to try the neighbours'.
        """
        account = self._people.unit_key(_CARDS)
        if not self._throttle.take_try(account, at, PinPlace.PAGE):
            return Verdict(Reason.THROTTLED)
        verdict = self.check_card(number, at)
        if verdict.person is not None:
            self._database.write(lambda c: self._throttle.forgive(c, account, PinPlace.PAGE))
        return verdict

    def methods_of(self, person: PersonId, at: datetime) -> frozenset[Method]:
        """Tell which of CARD and PIN the person has in force at *at*."""
        rows = self._database.rows(f"{_METHODS_OF} AND {_IN_FORCE}", person=person, now=seconds_of(at))
        return frozenset(Method(kind) for (kind,) in rows)

    def prepare_pin(self, unit: str, at: datetime, place: PinPlace = PinPlace.KEYPAD) -> PinCheck:
        """Begin a PIN try: count it, and fetch what ``PinCheck.verify`` needs, a dummy where there is nothing."""
        return self._prepare(self._people.unit_key(unit), self._people.id_by_unit(unit), at, place)

    def prepare_pin_of(self, person: PersonId, at: datetime, place: PinPlace = PinPlace.KEYPAD) -> PinCheck:
        """Begin a try of the PIN of somebody known by a card: as ``prepare_pin`` with their unit, and counted as that."""
        account = self._people.unit_key_of(person)
        if account is None:  # removed a moment ago: counted, and met by no PIN
            return self._prepare(self._people.unit_key(person), None, at, place)
        return self._prepare(account, person, at, place)

    def finish_pin(self, check: PinCheck, *, ok: PinMatch, at: datetime) -> Verdict:
        """Turn what ``check.verify`` said into a verdict; a right PIN may be revoked by now and is looked up again.

        The duress PIN gives what the PIN gives, with ``Verdict.duress``: it forgives earlier failures as well.
        """
        if check.is_throttled:
            return Verdict(Reason.THROTTLED)
        if not ok or check.credential is None:
            return _UNKNOWN

        def work(connection: sqlite3.Connection) -> Verdict:
            now = self._valid_pin(check.person, at)
            if now is None or (now.credential, now.verifier) != (check.credential, check.verifier):
                return _UNKNOWN
            is_duress = ok is PinMatch.DURESS
            if is_duress and now.duress != check.duress:
                return _UNKNOWN
            self._throttle.forgive(connection, check.account, check.place)
            return Verdict(Reason.KNOWN_CREDENTIAL, check.person, check.credential, duress=is_duress)

        return self._database.write(work)

    def still_holds(self, signed_in: SignedIn, at: datetime) -> bool:
        """Tell whether the PIN somebody signed in with opens at *at*: in force, and the tenancy not over."""
        found = self._valid_pin(signed_in.person, at)
        return found is not None and found.credential == signed_in.pin

    def _prepare(self, account: bytes, person: PersonId | None, at: datetime, place: PinPlace) -> PinCheck:
        may_try = self._throttle.take_try(account, at, place)
        found = self._valid_pin(person, at) if person else None
        return PinCheck(
            account=account,
            person=person or fresh_person(),
            credential=found.credential if found else None,
            verifier=found.verifier if found else dummy_verifier(self._keys.cost),
            pepper=self._keys.pin_pepper,
            is_throttled=not may_try,
            place=place,
            duress=found.duress if found and self._takes_duress else None,
        )

    def _revoke(self, sql: str, values: tuple[str | bytes, ...], at: datetime) -> None:
        """End what *sql* finds, each with a tombstone: a lost card must not come back with a backup (R51)."""

        def work(connection: sqlite3.Connection) -> None:
            for (credential,) in connection.execute(sql, values).fetchall():
                connection.execute(
                    "UPDATE credentials SET revoked_at = ? WHERE id = ?", (seconds_of(at), credential)
                )
                tombstones.bury(connection, Kind.CREDENTIAL, credential, at)

        self._database.write(work)

    def _valid_pin(self, person: PersonId, at: datetime) -> StoredPin | None:
        rows = self._database.rows(f"{_PIN_OF} AND {_IN_FORCE}", person=person, now=seconds_of(at))
        return StoredPin(*rows[0]) if rows else None

    def _card_lookup(self, number: str) -> bytes:
        return hmac.digest(self._keys.card_lookup, number.encode(), "sha256")


def _span(at: datetime, valid_from: datetime | None, valid_until: datetime | None) -> tuple[int, int | None]:
    """Give the seconds to store. Raises RequestError ``validity-unfit`` for an end before the beginning, or before now."""
    if valid_until is not None and valid_until <= max(at, valid_from or at):
        raise RequestError(
            "validity-unfit",
            "What is given until then would open at no time.",
            remedy="Name an end that lies ahead and after the beginning; nothing was changed.",
        )
    # What holds at once holds from the beginning of time: a clock set back by a power cut refuses nobody.
    start = seconds_of(valid_from) if valid_from is not None and valid_from > at else 0
    return start, None if valid_until is None else seconds_of(valid_until)
