"""The desk: consent with a live enrolment, and withdrawal, with the resident present (R06, R24, R26)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import Response

from gate.core.types import NoticeVersion, PersonId
from gate.errors import GateError, RequestError
from gate.web.context import WebContext
from gate.web.languages import Language
from gate.web.pages import Pages, back_to, language_of, words_of
from gate.web.words import FAULTS, OBSTACLES

HOME = "/desk"
RESIDENTS_A_PAGE: Final = 50
"""Every name is a sealed record to be opened while the door's loop waits."""
SheetNumber = Annotated[int, Query(ge=1, le=100_000)]


def routes(context: WebContext, pages: Pages) -> APIRouter:
    """Give the desk's page and its two buttons."""
    router = APIRouter()
    sheet = _Sheet(context, pages)

    @router.get(HOME)
    async def desk(request: Request, page: SheetNumber = 1) -> Response:
        return sheet.show(request, page)

    _consent(router, context, sheet)
    _withdrawal(router, context, sheet)
    return router


def _consent(router: APIRouter, context: WebContext, sheet: _Sheet) -> None:
    @router.post("/desk/consent")
    async def consent(
        request: Request,
        person: Annotated[str, Form()],
        notice: Annotated[str, Form()],
        language: Annotated[Language, Form()],
        agreed: Annotated[str, Form()] = "",
        page: SheetNumber = 1,
    ) -> Response:
        """Take the face of a person who ticked the box themselves.

        notice and language: the version they had before them, and the language it was shown in.
        """
        resident = PersonId(person)
        try:
            if agreed != "yes":
                raise _fault("consent-box")
            if notice != context.notice or language not in context.notice_texts:
                raise _fault("notice-outdated")
            enrolling = context.desk.enrol(resident, agreed_to=NoticeVersion(notice), language=language)
            await _while_connected(request, enrolling)
        except GateError as error:
            return sheet.show(request, page, resident, error)
        return back_to(f"{HOME}?page={page}")


def _withdrawal(router: APIRouter, context: WebContext, sheet: _Sheet) -> None:
    @router.post("/desk/withdraw")
    async def withdraw(request: Request, person: Annotated[str, Form()], page: SheetNumber = 1) -> Response:
        try:
            context.desk.withdraw(PersonId(person))
        except GateError as error:
            return sheet.show(request, page, PersonId(person), error)
        return back_to(f"{HOME}?page={page}")


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The desk's page, one sheet of residents at a time."""

    context: WebContext
    pages: Pages

    def show(
        self, request: Request, number: int, person: PersonId | None = None, error: GateError | None = None
    ) -> Response:
        """Show sheet *number*, with *error* beside the *person* it is about."""
        first = (number - 1) * RESIDENTS_A_PAGE
        found = self.context.desk.residents(first, RESIDENTS_A_PAGE + 1)  # one more tells of a next sheet
        return self.pages.page(
            request,
            "desk.html",
            status=HTTPStatus.OK if error is None else HTTPStatus.UNPROCESSABLE_ENTITY,
            residents=found[:RESIDENTS_A_PAGE],
            number=number,
            has_next=len(found) > RESIDENTS_A_PAGE,
            notice=self.context.notice,
            text=self.context.notice_texts.get(language_of(request)),
            unpublished=OBSTACLES["notice_published"],
            person=person,
            error=error,
            words=error and words_of(error),
        )


async def _while_connected(request: Request, work: Coroutine[object, object, object]) -> None:
    """Do *work*, or give it up once the browser has gone: no face is taken of a person who has left."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.wait({working, leaving})
    if not working.cancelled():
        working.result()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _fault(code: str) -> RequestError:
    return RequestError(code, FAULTS[code].title, remedy=FAULTS[code].next)
