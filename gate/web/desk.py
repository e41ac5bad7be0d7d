"""The staff's page for face: whom to hand the page over to, withdrawing on the spot, a child's second approval.

Nobody's consent is given here: the resident does that on the page that is handed over (R05, R06, R24, R26, R27).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import Response

from gate.core.types import PersonId
from gate.errors import GateError, RequestError
from gate.web.consent_words import STANDINGS, ways_of
from gate.web.context import Resident, WebContext
from gate.web.enrol import HOME as HANDED_OVER
from gate.web.faults import page_fault
from gate.web.gatekeeper import STAFF_COOKIE, GuardedRoute, SignedStaff, StaffSession, gatekeeper_of
from gate.web.moments import LocalTimes
from gate.web.pages import Pages, back_to
from gate.web.receipt import find_receipt, receipt_file, receipt_path, receipt_values
from gate.web.sitting import Sitting, SittingRoom
from gate.web.staff.layout import StaffPages
from gate.web.words import ALARMS, OBSTACLES, SILENT

HOME: Final = "/staff/desk"
RESIDENTS_A_PAGE: Final = 50
"""Every name is a sealed record to be opened while the door's loop waits."""
SheetNumber = Annotated[int, Query(ge=1, le=100_000)]
PersonField = Annotated[str, Form(max_length=64)]


def routes(context: WebContext, pages: Pages, room: SittingRoom) -> APIRouter:
    """Give the desk's page and its buttons."""
    router = APIRouter(route_class=GuardedRoute)
    desk = _Desk(context, StaffPages(context, pages), room)
    _lists(router, desk)
    _children(router, desk)
    _papers(router, desk)
    return router


def _lists(router: APIRouter, desk: _Desk) -> None:
    @router.get(HOME)
    async def home(
        request: Request,
        session: SignedStaff,
        page: SheetNumber = 1,
        unit: Annotated[str, Query(max_length=64)] = "",
    ) -> Response:
        return await desk.show(request, session, page, unit.strip())

    @router.post("/staff/desk/hand-over")
    async def hand_over(request: Request, session: SignedStaff, person: PersonField = "") -> Response:
        """Hand the page over to *person*, or to whoever identifies themselves there; sign the staff out here."""
        try:
            if person:
                desk.refuse_shut(session, PersonId(person))
        except GateError as error:
            return await desk.show(request, session, 1, "", error)
        gatekeeper_of(request).staff.end(request.cookies.get(STAFF_COOKIE))
        answer = back_to(HANDED_OVER)
        answer.delete_cookie(STAFF_COOKIE, path="/", secure=True, httponly=True, samesite="strict")
        desk.room.hand_over(answer, Sitting(session.who, PersonId(person) if person else None))
        return answer

    @router.post("/staff/desk/withdraw")
    async def withdraw(request: Request, session: SignedStaff, person: PersonField) -> Response:
        """End the consent of somebody who is there and asks for it: no reason, no approval (R24)."""
        try:
            receipt = desk.context.desk.withdraw(PersonId(person))
        except GateError as error:
            return await desk.show(request, session, 1, "", error)
        return back_to(receipt_path(PersonId(person), receipt.reference) if receipt else HOME)


def _children(router: APIRouter, desk: _Desk) -> None:
    @router.get("/staff/desk/child")
    async def child(request: Request, session: SignedStaff, person: str) -> Response:
        return await desk.child(request, session, PersonId(person))

    @router.post("/staff/desk/child/ask")
    async def ask(
        request: Request,
        session: SignedStaff,
        person: PersonField,
        reason: Annotated[str, Form(max_length=500)] = "",
    ) -> Response:
        """Ask a second person to allow that a child's record is opened."""
        try:
            desk.context.office.people.people.ask_to_open(session.who, PersonId(person), reason)
        except GateError as error:
            return await desk.child(request, session, PersonId(person), error, reason=reason)
        return back_to(f"{HOME}/child?person={person}")

    @router.post("/staff/desk/child/open")
    async def open_child(request: Request, session: SignedStaff, person: PersonField) -> Response:
        """Use the approval: the record is open for a quarter of an hour."""
        try:
            desk.context.office.people.people.open_child(session.who, PersonId(person))
        except GateError as error:
            return await desk.child(request, session, PersonId(person), error)
        return back_to(f"{HOME}/child?person={person}&open=1")


def _papers(router: APIRouter, desk: _Desk) -> None:
    @router.get("/staff/desk/receipt")
    async def receipt(request: Request, session: SignedStaff, person: str, reference: str = "") -> Response:
        """Show the receipt with that reference, or the newest one, and the way to the others."""
        receipts = desk.context.desk.receipts(PersonId(person))
        shown = find_receipt(receipts, reference) if receipts or reference else None
        return desk.pages.page(
            request,
            session,
            "desk_receipt.html",
            person=person,
            **receipt_values(receipts, shown, desk.times),
        )

    @router.get("/staff/desk/receipt.json")
    async def document(person: str, reference: str) -> Response:
        return receipt_file(find_receipt(desk.context.desk.receipts(PersonId(person)), reference))


@dataclass(frozen=True, slots=True)
class _Desk:
    """The desk's pages."""

    context: WebContext
    pages: StaffPages
    room: SittingRoom

    @property
    def times(self) -> LocalTimes:
        """Give how moments are told here."""
        return LocalTimes(self.context.zone)

    def refuse_shut(self, session: StaffSession, person: PersonId) -> None:
        """Raise RequestError: ``person-unknown``; ``minor-approval`` for a child whose record nobody opened."""
        resident = self.context.desk.resident(person)
        if resident.child and not self.context.desk.is_open(session.who, person):
            raise page_fault("minor-approval")

    async def show(
        self,
        request: Request,
        session: StaffSession,
        number: int,
        unit: str,
        error: GateError | None = None,
    ) -> Response:
        """Show sheet *number* of the residents, or the one of *unit*."""
        found: list[Resident]
        if unit:
            one = self.context.desk.find(unit)
            found = [one] if one else []
        else:
            first = (number - 1) * RESIDENTS_A_PAGE
            one_more = RESIDENTS_A_PAGE + 1  # it tells whether there is a next sheet
            found = list(await self.context.desk.by_unit(first, one_more))
        obstacles = self.context.status().obstacles
        stopped = "not_stopped" in obstacles
        in_the_way = [OBSTACLES[each] for each in obstacles if each != "screen_live"]
        return self.pages.page(
            request,
            session,
            "desk.html",
            error=error,
            residents=found[:RESIDENTS_A_PAGE],
            standings=STANDINGS,
            ways=ways_of,
            unit=unit,
            number=number,
            has_next=len(found) > RESIDENTS_A_PAGE,
            published=self.context.notice,
            stopped=stopped,
            silent=[ALARMS[name] for name in self.context.status().alarms if name in SILENT],
            obstacles=in_the_way,
            children=self.context.desk.children_enabled,
        )

    async def child(
        self,
        request: Request,
        session: StaffSession,
        person: PersonId,
        error: GateError | None = None,
        *,
        reason: str = "",
    ) -> Response:
        """Show how the second approval to a child's record stands, and what to do next (R27)."""
        try:
            resident = self.context.desk.resident(person)
        except RequestError as unknown:
            return await self.show(request, session, 1, "", unknown)
        return self.pages.page(
            request,
            session,
            "desk_child.html",
            error=error,
            resident=resident,
            reason=reason,
            is_open=self.context.desk.is_open(session.who, person),
            approval=self.context.office.people.people.approval(session.who, person),
            moment=self.times.moment,
        )
