"""One resident's record: its facts, cards and PIN, hours, the end of the tenancy, and moving out (R04, R27, R71, R75)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gate.core.credentials import CredentialId
from gate.core.types import PersonId
from gate.errors import RequestError
from gate.web.gatekeeper import GuardedRoute, SignedStaff, StaffSession
from gate.web.moments import LocalTimes
from gate.web.pages import back_to
from gate.web.qr import qr_svg
from gate.web.staff.layout import StaffPages
from gate.web.staff.people import HOME, done_at, faults_of, gone
from gate.web.staff.people_words import APPROVALS, DONE, FACES, KINDS, STATES
from gate.web.staff.ports.people import Facts, Left, PeoplePort, Sheet, ShownPin
from gate.web.staff.typed import at_field, typed

_ONE: Final = f"{HOME}/{{person}}"
_NOTHING: Final[Mapping[str, str]] = {}
_FACTS: Final = ("unit", "name", "contact")
_CARD_FIELDS: Final = {
    "card-unfit": "card",
    "card-taken": "card",
    "validity-unfit": "until",
    "time-unfit": "until",
}


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the record's page shows beside the record: what was typed, what is wrong with it, what was done."""

    typed: Mapping[str, str]
    faults: Mapping[str, str]
    error: RequestError | None = None
    done: str = ""


class _Pages:
    """The record's page, in all its states."""

    def __init__(self, staff: StaffPages, people: PeoplePort) -> None:
        self._staff = staff
        self._people = people

    def page(self, request: Request, session: StaffSession, person: str, shown: _Shown) -> Response:
        """Show the record as it stands now."""
        sheet = self._people.sheet(session.who, PersonId(person))
        faulty = bool(shown.faults) or shown.error is not None
        return self._staff.page(
            request,
            session,
            "people_one.html",
            error=shown.error,
            status=HTTPStatus.UNPROCESSABLE_ENTITY if faulty else HTTPStatus.OK,
            sheet=sheet,
            typed=shown.typed,
            faults=shown.faults,
            done=DONE.get(shown.done),
            differs=_differs(sheet, shown.typed)
            if shown.error and shown.error.code == "record-changed"
            else (),
            approval=None if sheet.is_open else self._people.approval(session.who, sheet.person),
            approvals=APPROVALS,
            faces=FACES,
            states=STATES,
            kinds=KINDS,
            hours_names=self._people.hours_names,
            takes_duress=self._people.takes_duress,
            moment=LocalTimes(self._staff.context.zone).moment,
            last_day=_last_day,
        )

    def refused(
        self,
        request: Request,
        session: StaffSession,
        person: str,
        told: Mapping[str, str],
        error: RequestError,
        fields: Mapping[str, str] = _NOTHING,
    ) -> Response:
        """Show the record again with what was typed, and *error* beside its field, or above where it has none."""
        if error.code == "person-unknown":
            raise error
        if error.code in fields:
            return self.page(request, session, person, _Shown(told, at_field(error, fields)))
        return self.page(request, session, person, _Shown(told, {}, error))


def _last_day(ends_at: datetime | None) -> str:
    """Give the day that ends at *ends_at*, in the site's zone, as a form has it."""
    return "" if ends_at is None else (ends_at - timedelta(seconds=1)).date().isoformat()


def _differs(sheet: Sheet, told: Mapping[str, str]) -> tuple[str, ...]:
    """Name the facts that stand otherwise now than they were typed."""
    now = {"unit": sheet.unit, "name": sheet.name, "contact": sheet.contact}
    return tuple(name for name in _FACTS if name in told and told[name] != now[name])


def routes(staff: StaffPages) -> APIRouter:
    """Give the record's page and every act on it."""
    router = APIRouter(route_class=GuardedRoute)
    people = staff.context.office.people.people
    pages = _Pages(staff, people)

    @router.get(_ONE)
    async def one(request: Request, session: SignedStaff, person: str, done: str = "") -> Response:
        return pages.page(request, session, person, _Shown({}, {}, done=done))

    @router.post(f"{_ONE}/correct")
    async def correct(request: Request, session: SignedStaff, person: str) -> Response:
        """Put the facts right, unless somebody else changed them since they were shown."""
        told = await typed(request, *_FACTS, "seen")
        facts = Facts(told["unit"], told["name"], told["contact"])
        if faults := faults_of(facts):
            return pages.page(request, session, person, _Shown(told, faults))
        try:
            corrected = people.correct(session.who, PersonId(person), facts, seen=told["seen"])
        except RequestError as error:
            return pages.refused(request, session, person, told, error, {"unit-taken": "unit"})
        return done_at(f"{HOME}/{person}", "corrected" if corrected else "same")

    _credentials(router, people, pages)
    _pins(router, staff, people, pages)
    _tenancy(router, staff, people, pages)
    _child(router, people, pages)
    return router


def _credentials(router: APIRouter, people: PeoplePort, pages: _Pages) -> None:
    @router.post(f"{_ONE}/card")
    async def card(request: Request, session: SignedStaff, person: str) -> Response:
        """Give a card, beside the earlier ones or in their place."""
        told = await typed(request, "card", "begins", "until", "instead")
        try:
            people.give_card(
                session.who,
                PersonId(person),
                told["card"],
                begins=told["begins"],
                until=told["until"],
                beside=not told["instead"],
            )
        except RequestError as error:
            return pages.refused(request, session, person, told, error, _CARD_FIELDS)
        return done_at(f"{HOME}/{person}", "card")

    @router.post(f"{_ONE}/revoke")
    async def revoke(request: Request, session: SignedStaff, person: str) -> Response:
        """End one card or PIN at once."""
        told = await typed(request, "credential")
        try:
            people.revoke(session.who, PersonId(person), CredentialId(told["credential"]))
        except RequestError as error:
            return pages.refused(request, session, person, {}, error)
        return done_at(f"{HOME}/{person}", "revoked")


def _pins(router: APIRouter, staff: StaffPages, people: PeoplePort, pages: _Pages) -> None:
    @router.post(f"{_ONE}/pin")
    async def pin(request: Request, session: SignedStaff, person: str) -> Response:
        """Give a fresh PIN; the page that follows shows it, once."""
        told = await typed(request, "duress")
        try:
            fresh = await people.new_pin(session.who, PersonId(person), duress=bool(told["duress"]))
        except RequestError as error:
            return pages.refused(request, session, person, {}, error)
        return back_to(f"{HOME}/{person}/pin/{session.put_aside(fresh)}")

    @router.get(f"{_ONE}/pin/{{key}}")
    async def shown(request: Request, session: SignedStaff, person: str, key: str) -> Response:
        """Show a fresh PIN, once."""
        fresh = session.take(key)
        if not isinstance(fresh, ShownPin):
            return pages.page(request, session, person, _Shown({}, {}, gone()))
        return staff.page(request, session, "people_pin.html", person=person, fresh=fresh)

    @router.post(f"{_ONE}/duress/end")
    async def end_duress(session: SignedStaff, person: str) -> Response:
        """End the duress PIN, if there is one."""
        people.end_duress(session.who, PersonId(person))
        return done_at(f"{HOME}/{person}", "duress")


def _tenancy(router: APIRouter, staff: StaffPages, people: PeoplePort, pages: _Pages) -> None:
    @router.post(f"{_ONE}/hours")
    async def hours(request: Request, session: SignedStaff, person: str) -> Response:
        """Let the person in within these hours only, by every way in alike."""
        told = await typed(request, "hours", "seen")
        try:
            people.give_hours(session.who, PersonId(person), told["hours"], seen=told["seen"])
        except RequestError as error:
            return pages.refused(request, session, person, told, error, {"hours-unknown": "hours"})
        return done_at(f"{HOME}/{person}", "hours")

    @router.post(f"{_ONE}/end")
    async def end(request: Request, session: SignedStaff, person: str) -> Response:
        """Set the last day of the tenancy, or take it back."""
        told = await typed(request, "day", "sure", "seen")
        sure = bool(told["sure"])
        try:
            people.set_end(session.who, PersonId(person), told["day"], seen=told["seen"], sure=sure)
        except RequestError as error:
            fields = {"time-unfit": "day", "end-soon": "sure"}
            return pages.refused(request, session, person, told, error, fields)
        return done_at(f"{HOME}/{person}", "end" if told["day"] else "end-off")

    @router.post(f"{_ONE}/leave")
    async def leave(request: Request, session: SignedStaff, person: str) -> Response:
        """Delete the person with cards, PIN and face, once the unit was typed again."""
        told = await typed(request, "again")
        try:
            left = people.move_out(session.who, PersonId(person), unit=told["again"])
        except RequestError as error:
            return pages.refused(request, session, person, told, error, {"not-confirmed": "again"})
        return back_to(f"{HOME}/left/{session.put_aside(left)}")

    @router.get(f"{HOME}/left/{{key}}")
    async def left(request: Request, session: SignedStaff, key: str) -> Response:
        """Say that somebody moved out, and show the receipt of the face that went with them, once."""
        gone_away = session.take(key)
        if not isinstance(gone_away, Left):
            return back_to(HOME)
        code = qr_svg(gone_away.receipt.compact) if gone_away.receipt else ""
        return staff.page(request, session, "people_left.html", left=gone_away, code=code)


def _child(router: APIRouter, people: PeoplePort, pages: _Pages) -> None:
    @router.post(f"{_ONE}/approval")
    async def approval(request: Request, session: SignedStaff, person: str) -> Response:
        """Ask a second person to open a child's record (R27)."""
        told = await typed(request, "reason")
        try:
            people.ask_to_open(session.who, PersonId(person), told["reason"])
        except RequestError as error:
            return pages.refused(request, session, person, told, error, {"reason-unfit": "reason"})
        return done_at(f"{HOME}/{person}", "asked")

    @router.post(f"{_ONE}/open")
    async def open_(request: Request, session: SignedStaff, person: str) -> Response:
        """Open a child's record with the approval there is."""
        try:
            people.open_child(session.who, PersonId(person))
        except RequestError as error:
            return pages.refused(request, session, person, {}, error)
        return done_at(f"{HOME}/{person}", "opened")
