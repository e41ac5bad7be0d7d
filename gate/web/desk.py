"""The desk: consent with a live enrolment, and withdrawal, with the resident present (R06, R24, R26)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from gate.core.types import NoticeVersion, PersonId
from gate.errors import GateError, RequestError
from gate.web.context import WebContext
from gate.web.pages import Pages, back_to, language_of, words_of
from gate.web.words import FAULTS

HOME = "/desk"


def routes(context: WebContext, pages: Pages) -> APIRouter:
    """Give the desk's page and its two buttons."""
    router = APIRouter()

    def desk_page(
        request: Request, person: PersonId | None = None, error: GateError | None = None
    ) -> Response:
        """Show everybody, with *error* beside the *person* it is about."""
        return pages.page(
            request,
            "desk.html",
            status=HTTPStatus.OK if error is None else HTTPStatus.UNPROCESSABLE_ENTITY,
            residents=context.desk.residents(),
            notice=context.notice,
            text=context.notice_texts[language_of(request)],
            person=person,
            error=error,
            words=error and words_of(error),
        )

    @router.get(HOME)
    async def desk(request: Request) -> Response:
        return desk_page(request)

    @router.post("/desk/consent")
    async def consent(
        request: Request,
        person: Annotated[str, Form()],
        notice: Annotated[str, Form()],
        agreed: Annotated[str, Form()] = "",
    ) -> Response:
        """Take the face of a person who ticked the box themselves; *notice* is the version they had before them."""
        resident = PersonId(person)
        try:
            if agreed != "yes":
                raise _fault("consent-box")
            if notice != context.notice:
                raise _fault("notice-outdated")
            await context.desk.enrol(resident, agreed_to=NoticeVersion(notice), language=language_of(request))
        except GateError as error:
            return desk_page(request, resident, error)
        return back_to(HOME)

    @router.post("/desk/withdraw")
    async def withdraw(request: Request, person: Annotated[str, Form()]) -> Response:
        try:
            context.desk.withdraw(PersonId(person))
        except GateError as error:
            return desk_page(request, PersonId(person), error)
        return back_to(HOME)

    return router


def _fault(code: str) -> RequestError:
    return RequestError(code, FAULTS[code].title, remedy=FAULTS[code].next)
