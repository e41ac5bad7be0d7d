"""The desk: consent with a live enrolment, refusal and withdrawal, with the resident present (R05, R06, R24, R26)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Annotated, Final, Literal, TypeVar

from fastapi import APIRouter, Depends, Form, Query
from starlette.requests import Request
from starlette.responses import Response

from gate.core.consent import Approver, Relation, RelationProof
from gate.core.notices import Form as NoticeForm
from gate.core.types import PersonId
from gate.errors import GateError, RequestError
from gate.web.consent_words import APPROVERS, PROOFS, RELATIONS, STANDINGS
from gate.web.context import ChildSaid, FaceStanding, Resident, Said, WebContext
from gate.web.faults import page_fault
from gate.web.gatekeeper import GuardedRoute
from gate.web.languages import Language
from gate.web.pages import Pages, back_to, language_of, words_of
from gate.web.reading import Reading
from gate.web.receipt import receipt_path
from gate.web.texts import blocks_of
from gate.web.words import ALARMS, OBSTACLES, SILENT

HOME = "/desk"
RESIDENTS_A_PAGE: Final = 50
"""Every name is a sealed record to be opened while the door's loop waits."""
SheetNumber = Annotated[int, Query(ge=1, le=100_000)]
Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class Answer:
    """One filled form of the consent sheet, as it came. notice, language, shown: what they had before them, since when."""

    person: Annotated[str, Form()]
    notice: Annotated[str, Form()]
    language: Annotated[Language, Form()]
    shown: Annotated[str, Form()] = ""
    agreed: Annotated[str, Form()] = ""
    age: Annotated[Literal["", "from-14", "under-14"], Form()] = ""
    relation: Annotated[Relation | Literal[""], Form()] = ""
    checked_by: Annotated[RelationProof | Literal[""], Form()] = ""
    turns_14_on: Annotated[date | Literal[""], Form()] = ""
    approver: Annotated[Approver | Literal[""], Form()] = ""


def routes(context: WebContext, pages: Pages) -> APIRouter:
    """Give the desk's page, the consent sheet, and their buttons."""
    router = APIRouter(route_class=GuardedRoute)
    sheet = _Sheet(context, pages, Reading(context.clock, context.notice_minimum_s))

    @router.get(HOME)
    async def desk(request: Request, page: SheetNumber = 1) -> Response:
        return sheet.show(request, page)

    @router.get("/desk/consent")
    async def ask(request: Request, person: str, page: SheetNumber = 1) -> Response:
        return sheet.ask(request, PersonId(person), page)

    _answers(router, context, sheet)
    _withdrawal(router, context, sheet)
    return router


def _answers(router: APIRouter, context: WebContext, sheet: _Sheet) -> None:
    @router.post("/desk/consent")
    async def consent(
        request: Request, answer: Annotated[Answer, Depends()], page: SheetNumber = 1
    ) -> Response:
        """Take the face of a person who ticked the box themselves."""
        person = PersonId(answer.person)
        try:
            enrolling = context.desk.enrol(person, _ticked(context, sheet.reading, answer))
            receipt = await _while_connected(request, enrolling)
        except GateError as error:
            return sheet.ask(request, person, page, error, shown=answer.shown)
        return back_to(receipt_path(person, receipt.reference))

    @router.post("/desk/reconfirm")
    async def reconfirm(
        request: Request, answer: Annotated[Answer, Depends()], page: SheetNumber = 1
    ) -> Response:
        """Let the template live on for a person who ticked the box of the new notice themselves."""
        person = PersonId(answer.person)
        try:
            receipt = context.desk.reconfirm(person, _ticked(context, sheet.reading, answer))
        except GateError as error:
            return sheet.ask(request, person, page, error, shown=answer.shown)
        return back_to(receipt_path(person, receipt.reference))

    @router.post("/desk/decline")
    async def decline(
        request: Request, answer: Annotated[Answer, Depends()], page: SheetNumber = 1
    ) -> Response:
        """Remember the refusal; nothing else in the form matters."""
        person = PersonId(answer.person)
        try:
            receipt = context.desk.decline(person, _shown(context, answer))
        except GateError as error:
            return sheet.ask(request, person, page, error, shown=answer.shown)
        return back_to(receipt_path(person, receipt.reference))


def _withdrawal(router: APIRouter, context: WebContext, sheet: _Sheet) -> None:
    @router.post("/desk/withdraw")
    async def withdraw(request: Request, person: Annotated[str, Form()], page: SheetNumber = 1) -> Response:
        try:
            receipt = context.desk.withdraw(PersonId(person))
        except GateError as error:
            return sheet.show(request, page, PersonId(person), error)
        if receipt is None:
            return back_to(f"{HOME}?page={page}")
        return back_to(receipt_path(PersonId(person), receipt.reference))


def _shown(context: WebContext, answer: Answer) -> Said:
    """Give what was before the person. Raises RequestError unless it is the notice in force."""
    in_force = context.notices.in_force
    if in_force is None or answer.notice != in_force.version:
        raise page_fault("notice-outdated")
    return Said.to(in_force, answer.language)


def _ticked(context: WebContext, reading: Reading, answer: Answer) -> Said:
    """Give what the person agreed to. Raises RequestError for a form that says less than a consent needs, or too soon."""
    if answer.agreed != "yes":
        raise page_fault("consent-box")
    said = _shown(context, answer)
    reading.check(answer.shown, answer.person, answer.notice, answer.language)
    if not context.desk.children_enabled or answer.age == "from-14":
        return said
    if answer.age == "":
        raise page_fault("age-missing")
    if not (answer.relation and answer.checked_by and answer.turns_14_on and answer.approver):
        raise page_fault("guardian-missing")
    child = ChildSaid(answer.relation, answer.checked_by, answer.turns_14_on, answer.approver)
    return Said(said.notice, said.notice_sha256, said.language, child)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The desk's page, one sheet of residents at a time, and the sheet on which one of them decides."""

    context: WebContext
    pages: Pages
    reading: Reading

    def show(
        self, request: Request, number: int, person: PersonId | None = None, error: GateError | None = None
    ) -> Response:
        """Show sheet *number*, with *error* beside the *person* it is about."""
        first = (number - 1) * RESIDENTS_A_PAGE
        found = self.context.desk.residents(first, RESIDENTS_A_PAGE + 1)  # one more tells of a next sheet
        return self.pages.page(
            request,
            "desk.html",
            status=_status(error),
            residents=found[:RESIDENTS_A_PAGE],
            standings=STANDINGS,
            number=number,
            has_next=len(found) > RESIDENTS_A_PAGE,
            published=self.context.notice,
            unpublished=OBSTACLES["notice_published"],
            stopped=OBSTACLES["not_stopped"] if "not_stopped" in self.context.status().obstacles else None,
            silent=[ALARMS[name] for name in self.context.status().alarms if name in SILENT],
            person=person,
            error=error,
            words=error and words_of(error),
        )

    def ask(
        self,
        request: Request,
        person: PersonId,
        number: int,
        error: GateError | None = None,
        *,
        shown: str = "",
    ) -> Response:
        """Show one resident the notice in force and their choices; on sheet *number* the way back leads.

        shown: the stamp of the sheet this one takes the place of.
        """
        in_force = self.context.notices.in_force
        language = language_of(request)
        text = in_force.texts[language, NoticeForm.FULL] if in_force else ""
        return self.pages.page(
            request,
            "consent.html",
            status=_status(error),
            resident=self._resident(person),
            outdated=FaceStanding.OUTDATED,
            number=number,
            notice=in_force.version if in_force else None,
            shown=self.reading.stamp(person, in_force.version, language, kept=shown) if in_force else "",
            blocks=blocks_of(text),
            unpublished=OBSTACLES["notice_published"],
            children=self.context.desk.children_enabled,
            relations=RELATIONS,
            proofs=PROOFS,
            approvers=APPROVERS,
            error=error,
            words=error and words_of(error),
        )

    def _resident(self, person: PersonId) -> Resident | None:
        """Give the resident, None where they are gone: then the page only says what is wrong."""
        try:
            return self.context.desk.resident(person)
        except RequestError:
            return None


async def _while_connected(request: Request, work: Coroutine[object, object, Kind]) -> Kind:
    """Do *work*, or give it up once the browser has gone: no face is taken of a person who has left."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.wait({working, leaving})
    if working.cancelled():
        raise page_fault("browser-gone")
    return working.result()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _status(error: GateError | None) -> HTTPStatus:
    return HTTPStatus.OK if error is None else HTTPStatus.UNPROCESSABLE_ENTITY
