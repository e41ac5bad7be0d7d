"""Requests of people about their own data: due dates, the record for the answer, the answer itself (R70 to R73)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import Response

from gate.core.rights import NextOfKin, Outcome, RequestKind, RequestState
from gate.errors import GateError, RequestError
from gate.web.gatekeeper import GuardedRoute, SignedStaff, StaffSession
from gate.web.moments import LocalTimes
from gate.web.own import KINDS, OUTCOMES, STATES
from gate.web.pages import back_to
from gate.web.staff.layout import StaffPages
from gate.web.staff.ports.requests import PAGE, WORDS_MOST, NewRequest, RequestsPort
from gate.web.staff.request_words import CHANNELS, DONE, FIELD_OF, LINKS

HOME: Final = "/staff/requests"
PILLS: Final[Mapping[RequestState, str]] = MappingProxyType(
    {
        RequestState.OVERDUE: "bad",
        RequestState.NEAR: "near",
        RequestState.OPEN: "calm",
        RequestState.CLOSED: "good",
    }
)
_FIELDS: Final = ("kind", "unit", "details", "kin_name", "kin_relation", "kin_checked")
Words = Annotated[str, Form()]


def routes(staff: StaffPages) -> APIRouter:
    """Give the list, the form for a new request, and each request's page."""
    router = APIRouter(route_class=GuardedRoute)
    pages = _Requests(staff)
    _list_and_new(router, pages)
    _one(router, pages)
    _record(router, pages)
    _child(router, pages)
    return router


def _list_and_new(router: APIRouter, pages: _Requests) -> None:
    port = pages.port

    @router.get(HOME)
    async def home(
        request: Request, session: SignedStaff, page: Annotated[int, Query(ge=1, le=10_000)] = 1
    ) -> Response:
        """Show what waits, the earliest due first, and below a page of what was answered."""
        answered = port.answered((page - 1) * PAGE)
        return pages.page(
            request,
            session,
            "requests_list.html",
            waiting=port.waiting(),
            answered=answered[:PAGE],
            has_next=len(answered) > PAGE,
            number=page,
        )

    @router.get("/staff/requests/new")
    async def new(request: Request, session: SignedStaff) -> Response:
        return pages.form(request, session, dict.fromkeys(_FIELDS, ""))

    @router.post("/staff/requests/new")
    async def take_in(request: Request, session: SignedStaff) -> Response:
        """Take a request in at the desk; what is wrong is said beside the field, and nothing typed is lost."""
        form = await request.form()
        typed = {name: str(form.get(name, "")) for name in _FIELDS}
        try:
            opened = port.open(session.who, _asked(typed))
        except GateError as error:
            return pages.form(request, session, typed, error)
        return back_to(f"{HOME}/{opened}")


def _one(router: APIRouter, pages: _Requests) -> None:
    port = pages.port

    @router.get("/staff/requests/{request_id}")
    async def one(request: Request, session: SignedStaff, request_id: str, done: str = "") -> Response:
        return pages.one(request, session, request_id, done=done)

    @router.post("/staff/requests/{request_id}/answer")
    async def answer(
        request: Request, session: SignedStaff, request_id: str, answer: Words = "", outcome: Words = ""
    ) -> Response:
        """Close it; what somebody else answered meanwhile is shown beside what was typed."""

        def close() -> None:
            if outcome not in set(Outcome):
                raise RequestError("outcome-missing", "It does not say how it ended.", remedy="Choose one.")
            port.answer(session.who, request_id, Outcome(outcome), answer)

        typed = {"answer": answer, "outcome": outcome}
        return pages.do(request, session, request_id, close, typed=typed, done="answered")


def _record(router: APIRouter, pages: _Requests) -> None:
    port = pages.port

    @router.post("/staff/requests/{request_id}/record")
    async def record(request: Request, session: SignedStaff, request_id: str) -> Response:
        """Give the person's record as a file, to be handed to them (R70)."""
        try:
            content = port.record(session.who, request_id)
        except GateError as error:
            return pages.one(request, session, request_id, error)
        headers = {"content-disposition": 'attachment; filename="own-record.zip"'}
        return Response(content, media_type="application/zip", headers=headers)

    @router.post("/staff/requests/{request_id}/record/ask")
    async def ask(request: Request, session: SignedStaff, request_id: str, reason: Words = "") -> Response:
        """Ask a second person to allow that the record is handed out, once."""

        def deed() -> None:
            port.ask_to_export(session.who, request_id, reason.strip())

        return pages.do(request, session, request_id, deed, typed={"reason": reason})

    @router.post("/staff/requests/{request_id}/correct")
    async def correct(
        request: Request,
        session: SignedStaff,
        request_id: str,
        unit: Words = "",
        name: Words = "",
        contact: Words = "",
        seen: Words = "",
    ) -> Response:
        """Put the person's facts right (R71)."""

        def deed() -> None:
            port.correct(session.who, request_id, unit=unit, name=name, contact=contact, seen=seen)

        typed = {"unit": unit, "name": name, "contact": contact}
        return pages.do(request, session, request_id, deed, typed=typed, done="corrected")

    @router.post("/staff/requests/{request_id}/face")
    async def face(
        request: Request, session: SignedStaff, request_id: str, deed: Annotated[str, Form()] = ""
    ) -> Response:
        """Restrict, release or withdraw a face, at the person's wish."""
        deeds = {"restrict": port.restrict, "release": port.release, "withdraw": port.withdraw}
        if deed not in deeds:
            return pages.one(request, session, request_id)
        return pages.do(request, session, request_id, lambda: deeds[deed](session.who, request_id))


def _child(router: APIRouter, pages: _Requests) -> None:
    port = pages.port

    @router.post("/staff/requests/{request_id}/ask")
    async def ask(request: Request, session: SignedStaff, request_id: str, reason: Words = "") -> Response:
        """Ask a second person to allow that a child's record is opened (R27)."""

        def deed() -> None:
            port.ask_to_open(session.who, request_id, reason.strip())

        return pages.do(request, session, request_id, deed, typed={"reason": reason})

    @router.post("/staff/requests/{request_id}/open")
    async def open_child(request: Request, session: SignedStaff, request_id: str) -> Response:
        return pages.do(request, session, request_id, lambda: port.open_child(session.who, request_id))


class _Requests:
    def __init__(self, staff: StaffPages) -> None:
        self._staff = staff
        self.port: RequestsPort = staff.context.office.privacy.requests

    def page(
        self,
        request: Request,
        session: StaffSession,
        template: str,
        error: GateError | None = None,
        **values: Any,
    ) -> Response:
        """Answer with a page; an error of a known field stands beside it."""
        field = FIELD_OF.get(error.code) if error is not None else None
        return self._staff.page(
            request,
            session,
            template,
            error=error,
            field=field,
            kinds=KINDS,
            states=STATES,
            pills=PILLS,
            outcomes=OUTCOMES,
            channels=CHANNELS,
            words_most=WORDS_MOST,
            minute=LocalTimes(self._staff.context.zone).moment,
            **values,
        )

    def form(
        self,
        request: Request,
        session: StaffSession,
        typed: Mapping[str, str],
        error: GateError | None = None,
    ) -> Response:
        return self.page(request, session, "requests_new.html", error, typed=typed)

    def one(
        self,
        request: Request,
        session: StaffSession,
        request_id: str,
        error: GateError | None = None,
        typed: Mapping[str, str] = MappingProxyType({}),
        done: str = "",
    ) -> Response:
        """Show one request. typed: what somebody had typed where something was wrong. done: a key of DONE."""
        view = self.port.get(request_id, session.who)
        link = LINKS.get(view.line.kind) if view.subject is not None else None
        said = DONE.get(done)
        return self.page(
            request, session, "requests_one.html", error, view=view, typed=typed, link=link, done=said
        )

    def do(
        self,
        request: Request,
        session: StaffSession,
        request_id: str,
        deed: Callable[[], None],
        *,
        typed: Mapping[str, str] = MappingProxyType({}),
        done: str = "",
    ) -> Response:
        """Do it and come back to the request's page, which says what was *done*."""
        try:
            deed()
        except GateError as error:
            return self.one(request, session, request_id, error, typed)
        return back_to(f"{HOME}/{request_id}{f'?done={done}' if done else ''}")


def _asked(typed: Mapping[str, str]) -> NewRequest:
    """Read the form of a new request. Raises RequestError: ``kind-missing``, ``kin-missing``."""
    if typed["kind"] not in set(RequestKind):
        raise RequestError("kind-missing", "It does not say what is asked for.", remedy="Choose one.")
    kind = RequestKind(typed["kind"])
    kin = None
    if kind is RequestKind.NEXT_OF_KIN:
        try:
            kin = NextOfKin(typed["kin_name"], typed["kin_relation"], typed["kin_checked"])
        except ValueError as error:
            raise RequestError(
                "kin-missing",
                "Next of kin say their name, their relation, and how it was checked.",
                remedy="Fill in all three.",
            ) from error
    return NewRequest(kind, typed["unit"], typed["details"], kin)
