"""The desk behind the pages in these tests: two residents, and what was asked of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from gate.core.consent_record import EventKind
from gate.core.enrolment import Progress
from gate.core.receipt import Receipt
from gate.core.types import (
    Method,
    PersonId,
)
from gate.errors import RequestError
from gate.web.context import FaceStanding, Resident, Said
from tests.receipts import receipt_of


@dataclass
class FakeDesk:
    """Two residents, one agreed and one did not, and *others*; *fault* is raised by whatever is asked next.

    An enrolment is over at once, or with *capture_ends*.
    """

    consented: dict[str, bool] = field(default_factory=lambda: {"p-agreed": True, "p-undecided": False})
    fault: Exception | None = None
    others: int = 0
    asked: list[tuple[int, int]] = field(default_factory=list)
    capture_ends: asyncio.Event | None = None
    capturing: asyncio.Event = field(default_factory=asyncio.Event)
    given_up: asyncio.Event = field(default_factory=asyncio.Event)
    agreements: list[tuple[str, str]] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    standings: dict[str, FaceStanding] = field(default_factory=dict)
    children: set[str] = field(default_factory=set)
    children_enabled: bool = False
    methods: frozenset[Method] = frozenset({Method.CARD, Method.PIN})
    issued: list[Receipt] = field(default_factory=list)
    progress: Progress | None = None
    lookalikes: set[str] = field(default_factory=set)
    opened: set[tuple[str, str]] = field(default_factory=set)
    pins: list[tuple[str, str]] = field(default_factory=list)
    cards: list[tuple[str, str]] = field(default_factory=list)

    def find(self, unit):
        return next((each for each in self.residents(0, 2 + self.others) if each.unit == unit), None)

    async def identify(self, unit, pin):
        if (unit, pin) != ("1204", "739154"):
            raise RequestError("sign-in-wrong", "Unit, PIN or code is not right.", remedy="Try again.")
        return PersonId("p-undecided")

    def identify_card(self, card):
        if card != "40451":
            raise RequestError("card-wrong", "No card that opens here has this number.", remedy="Try again.")
        return PersonId("p-undecided")

    async def by_unit(self, offset, limit):
        return self.residents(offset, limit)

    def looks_alike(self, person):
        return person in self.lookalikes

    def refuse_early(self, _person, said, **_by):
        if said.child is not None and not self.opened:
            raise RequestError("minor-approval", "A second approval is needed.", remedy="Ask.")
        if self.fault:
            raise self.fault

    def is_open(self, staff, person):
        return (staff.account, person) in self.opened

    async def fresh_pin(self, person, *, by):
        self.pins.append((person, by.value))
        return "482915"

    def give_card(self, person, card):
        if not card.isdigit():
            raise RequestError("card-unfit", "This is no card's number.", remedy="Type it again.")
        self.cards.append((person, card))

    def residents(self, offset, limit):
        self.asked.append((offset, limit))
        everybody = [
            ("p-agreed", "1203", "Li Wen"),
            ("p-undecided", "1204", "<b>Chen & Bo</b>"),
            *((f"p-{number}", str(2000 + number), f"Resident {number}") for number in range(self.others)),
        ]
        return [
            Resident(
                PersonId(person),
                unit,
                name,
                self._standing(person),
                person in self.children,
                methods=self.methods,
            )
            for person, unit, name in everybody[offset : offset + limit]
        ]

    def resident(self, person):
        found = [each for each in self.residents(0, 2 + self.others) if each.person == person]
        self.asked.pop()
        if not found:
            raise RequestError("person-unknown", "There is no such person here.", remedy="Look again.")
        return found[0]

    def receipts(self, _person):
        return tuple(self.issued)

    async def enrol(self, person, said, **_by):
        self.capturing.set()
        try:
            if self.capture_ends:
                await self.capture_ends.wait()
        except asyncio.CancelledError:
            self.given_up.set()
            raise
        return self._agreed(person, said, EventKind.GIVEN)

    def reconfirm(self, person, said, **_by):
        return self._agreed(person, said, EventKind.RECONFIRMED)

    def decline(self, person, said):
        self._change(person, to=False)
        self.said.append(said)
        self.standings[person] = FaceStanding.DECLINED
        return self._issue(EventKind.REFUSED)

    def withdraw(self, person):
        had = self.consented.get(person, False)
        self._change(person, to=False)
        return self._issue(EventKind.WITHDRAWN) if had else None

    def _standing(self, person):
        given = FaceStanding.GIVEN if self.consented.get(person, False) else FaceStanding.NONE
        return self.standings.get(person, given)

    def _agreed(self, person, said, kind):
        self._change(person, to=True)
        self.standings.pop(person, None)
        self.said.append(said)
        self.agreements.append((said.notice, said.language))
        return self._issue(kind)

    def _issue(self, kind):
        self.issued.append(receipt_of(kind, seq=2 + len(self.issued)))
        return self.issued[-1]

    def _change(self, person, *, to):
        if self.fault:
            raise self.fault
        self.consented[person] = to
