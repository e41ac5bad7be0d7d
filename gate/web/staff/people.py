"""Residents: looked up, entered, taken along as a file; and a card blocked whoever holds it (R04, R27)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from gate.core.roster import facts_faults
from gate.errors import RequestError
from gate.web.gatekeeper import GuardedRoute, SignedStaff
from gate.web.pages import back_to
from gate.web.staff.layout import StaffPages
from gate.web.staff.people_words import DONE, PEOPLE_FAULTS, ROW_FAULTS
from gate.web.staff.ports.people import PAGE, Facts, PeoplePort
from gate.web.staff.typed import at_field, typed

HOME: Final = "/staff/people"
QUERY_MOST: Final = 100
_FIELDS: Final = {"unit-unfit": "unit", "unit-taken": "unit", "card-unfit": "card", "card-taken": "card"}


def routes(staff: StaffPages) -> APIRouter:
    """Give the list of residents, the form for a new one, the export, and the blocking of a card."""
    router = APIRouter(route_class=GuardedRoute)
    people = staff.context.office.people.people

    @router.get(HOME)
    async def residents(
        request: Request,
        session: SignedStaff,
        q: Annotated[str, Query(max_length=QUERY_MOST)] = "",
        page: Annotated[int, Query(ge=1, le=10_000)] = 1,
        done: str = "",
        alike: Annotated[str, Query(max_length=4)] = "",
    ) -> Response:
        """Show one page of those whom the query tells, all where there is none; or of those whose face is like another's."""
        found = await people.search(q, page, alike=bool(alike))
        kept = {"q": q.strip(), "alike": "yes" if alike else ""}
        more = urlencode({name: value for name, value in kept.items() if value})
        return staff.page(
            request,
            session,
            "people_list.html",
            found=found,
            query=q.strip(),
            number=page,
            has_next=found.total > page * PAGE,
            more=f"&{more}" if more else "",
            alike=bool(alike),
            has_lookalikes=people.has_lookalikes,
            done=DONE.get(done),
        )

    @router.get(f"{HOME}/new")
    async def new(request: Request, session: SignedStaff) -> Response:
        """Show the empty form."""
        blank = dict.fromkeys(("unit", "name", "contact", "card"), "")
        return staff.page(request, session, "people_new.html", typed=blank, faults={})

    @router.post(f"{HOME}/new")
    async def enter(request: Request, session: SignedStaff) -> Response:
        """Enter somebody; the page that follows shows the PIN, once."""
        told = await typed(request, "unit", "name", "contact", "card")
        facts = Facts(told["unit"], told["name"], told["contact"])
        faults = faults_of(facts)
        if not faults:
            try:
                person, pin = await people.move_in(session.who, facts, told["card"])
            except RequestError as error:
                faults = at_field(error, _FIELDS)
            else:
                return back_to(f"{HOME}/{person}/pin/{session.put_aside(pin)}")
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return staff.page(request, session, "people_new.html", typed=told, faults=faults, status=status)

    @router.post(f"{HOME}/export.csv")
    async def export(session: SignedStaff) -> Response:
        """Give all residents as a file; that it was taken is on record."""
        headers = {"content-disposition": 'attachment; filename="residents.csv"'}
        return StreamingResponse(
            people.export(session.who), media_type="text/csv; charset=utf-8", headers=headers
        )

    _block_card(router, staff, people)
    return router


def faults_of(facts: Facts) -> dict[str, str]:
    """Give what is wrong with a person's facts, by field, as sentences for the catalogues."""
    faults = facts_faults(facts.unit, facts.name, facts.contact)
    return {column.value: ROW_FAULTS[fault].title for column, fault in faults.items()}


def _block_card(router: APIRouter, staff: StaffPages, people: PeoplePort) -> None:
    @router.get("/staff/cards/block")
    async def ask(request: Request, session: SignedStaff, done: str = "") -> Response:
        """Ask for the card's value."""
        return staff.page(
            request, session, "people_block.html", typed={"card": ""}, faults={}, done=DONE.get(done)
        )

    @router.post("/staff/cards/block")
    async def block(request: Request, session: SignedStaff) -> Response:
        """End the card at once, whoever holds it."""
        told = await typed(request, "card")
        try:
            people.block_card(session.who, told["card"])
        except RequestError as error:
            faults = at_field(error, {"card-unfit": "card", "card-unknown": "card"})
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            return staff.page(
                request, session, "people_block.html", typed=told, faults=faults, done=None, status=status
            )
        return done_at("/staff/cards/block", "blocked")


def done_at(path: str, done: str) -> RedirectResponse:
    """Send the browser to a page that says what was done."""
    assert done in DONE
    return back_to(f"{path}?done={done}")


def gone() -> RequestError:
    """Give the fault of what was to be shown once and was, to be raised."""
    words = PEOPLE_FAULTS["shown-gone"]
    return RequestError("shown-gone", words.title, remedy=words.next)
