"""The page handed over to a resident: identify, read, decide, be captured with guidance, take the receipt along.

One address, /enrol, shows whatever step the sitting is at, so that reloading and the back button do no harm (R05, R06,
R24, R25, R26).
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form
from starlette.requests import Request
from starlette.responses import Response

from gate.core.notices import Form as NoticeForm
from gate.core.types import PersonId
from gate.errors import GateError, RequestError
from gate.web.answers import FIELDS, Answer, agreed_of, shown_of
from gate.web.consent_words import PROOFS, RELATIONS
from gate.web.context import FaceStanding, Identified, Resident, WebContext
from gate.web.enrol_words import ADVICE, POSES
from gate.web.faults import page_fault
from gate.web.gatekeeper import GuardedRoute
from gate.web.moments import LocalTimes
from gate.web.pages import Pages, back_to, language_of, words_of
from gate.web.reading import Reading
from gate.web.receipt import find_receipt, receipt_file, receipt_values
from gate.web.sitting import SittingRoom, SittingSession, Step
from gate.web.staff.layout import fresh_word
from gate.web.texts import blocks_of
from gate.web.words import OBSTACLES

HOME: Final = "/enrol"
DESK: Final = "/staff/desk"
TokenField = Annotated[str, Form(max_length=128)]


def routes(context: WebContext, pages: Pages, room: SittingRoom) -> APIRouter:
    """Give the resident's page and its buttons."""
    router = APIRouter(route_class=GuardedRoute)
    page = _Page(context, pages, room, Reading(context.clock, context.notice_minimum_s))
    _shown(router, page)
    _decisions(router, page)
    _refusals(router, page)
    _afterwards(router, page)
    return router


def _shown(router: APIRouter, page: _Page) -> None:
    @router.get(HOME)
    async def home(request: Request) -> Response:
        session = page.room.of(request)
        return page.over() if session is None else page.show(request, session)

    @router.get("/enrol/progress")
    async def progress(request: Request) -> Response:
        """Give the part of the page that changes while the camera looks; 409 once the whole page has."""
        session = page.room.of(request)
        if session is None or session.who.step is not Step.CAPTURE:
            return Response(status_code=HTTPStatus.CONFLICT)
        return page.show(request, session, template="enrol/progress.html")

    @router.post("/enrol/identify")
    async def identify(
        request: Request,
        token: TokenField,
        unit: Annotated[str, Form(max_length=64)] = "",
        pin: Annotated[str, Form(max_length=64)] = "",
        card: Annotated[str, Form(max_length=64)] = "",
    ) -> Response:
        """Learn who is there, by unit and PIN or by a card; whoever is known already stays who they are."""
        session = page.session(request, token)
        sitting, desk = session.who, page.context.desk
        if sitting.step is not Step.IDENTIFY:
            return back_to(HOME)
        try:
            by = Identified.BY_CARD if card else Identified.BY_PIN
            person = desk.identify_card(card) if card else await desk.identify(unit, pin)
        except GateError as error:
            return page.show(request, session, error)
        if sitting.person is None:  # while the PIN was hashed, another press may have told
            sitting.person, sitting.identified = person, by
        return back_to(HOME)


def _decisions(router: APIRouter, page: _Page) -> None:
    @router.post("/enrol/consent")
    async def consent(request: Request, token: TokenField, answer: Annotated[Answer, Depends()]) -> Response:
        """Take the face of a person who ticked the box themselves; a second press leads to what the first began."""
        session = page.session(request, token)
        sitting, desk = session.who, page.context.desk
        if page.is_past_deciding(session):
            return back_to(HOME)
        try:
            person = page.person(session)
            said = agreed_of(page.context, page.reading, person, answer, sitting.identified)
            desk.refuse_early(person, said, by=sitting.staff)
        except GateError as error:
            return page.show(request, session, error)
        await sitting.begin(desk.enrol(person, said, by=sitting.staff), page.context.clock)
        return back_to(HOME)

    @router.post("/enrol/reconfirm")
    async def reconfirm(
        request: Request, token: TokenField, answer: Annotated[Answer, Depends()]
    ) -> Response:
        """Let the template live on for a person who ticked the box of the new notice themselves (R22)."""
        session = page.session(request, token)
        sitting = session.who
        if page.is_past_deciding(session):
            return back_to(HOME)
        try:
            person = page.person(session)
            said = agreed_of(page.context, page.reading, person, answer, sitting.identified)
            sitting.finish(page.context.desk.reconfirm(person, said, by=sitting.staff))
        except GateError as error:
            return page.show(request, session, error)
        return back_to(HOME)


def _refusals(router: APIRouter, page: _Page) -> None:
    @router.post("/enrol/decline")
    async def decline(request: Request, token: TokenField, answer: Annotated[Answer, Depends()]) -> Response:
        """Remember the refusal; nothing else in the form matters (R05). A capture under way stops before it."""
        session = page.session(request, token)
        sitting = session.who
        if sitting.step is Step.DONE:
            return back_to(HOME)
        await sitting.stop()  # what it wrote just before that ends with the refusal
        try:
            person = page.person(session)
            receipt = page.context.desk.decline(person, shown_of(page.context, answer, sitting.identified))
        except GateError as error:
            return page.show(request, session, error)
        sitting.finish(receipt, declined=True)
        return back_to(HOME)

    @router.post("/enrol/stop")
    async def stop(request: Request, token: TokenField) -> Response:
        """Give up the capture."""
        await page.session(request, token).who.stop()
        return back_to(HOME)


def _afterwards(router: APIRouter, page: _Page) -> None:
    @router.post("/enrol/pin")
    async def pin(request: Request, token: TokenField) -> Response:
        """Give a fresh PIN at once; it is shown on the next page, and never again."""
        session = page.session(request, token)
        try:
            page.renews(session)
            fresh = await page.context.desk.fresh_pin(page.person(session), by=session.who.staff)
        except GateError as error:
            return page.show(request, session, error)
        return back_to(f"{HOME}?once={session.put_aside(fresh)}")

    @router.post("/enrol/card")
    async def card(
        request: Request, token: TokenField, card: Annotated[str, Form(max_length=64)]
    ) -> Response:
        """Give the resident the one card that they may take along; the audit log names them, not the staff."""
        session = page.session(request, token)
        try:
            page.renews(session)
            if session.who.card_given:
                raise page_fault("card-again")
            page.context.desk.give_card(page.person(session), card)
        except GateError as error:
            return page.show(request, session, error, typed_card=card)
        session.who.card_given = True
        return back_to(HOME)

    @router.get("/enrol/receipt.json")
    async def receipt(request: Request) -> Response:
        session = page.room.of(request)
        if session is None:
            return page.over()
        page.finished(session)
        receipts = page.context.desk.receipts(page.person(session))
        return receipt_file(find_receipt(receipts, session.who.receipt))

    @router.post("/enrol/give-back")
    async def give_back(request: Request, token: TokenField) -> Response:
        """End the sitting; only the staff's sign-in leads on."""
        await page.session(request, token).who.stop()
        answer = page.over()
        page.room.end(request, answer)
        return answer


@dataclass(frozen=True, slots=True)
class _Page:
    """The resident's page at whatever step it is."""

    context: WebContext
    pages: Pages
    room: SittingRoom
    reading: Reading

    def over(self) -> Response:
        """Lead to where staff sign in again; nothing of the console is open in this browser."""
        return back_to(f"/staff/sign-in?next={DESK}")

    def session(self, request: Request, token: str) -> SittingSession:
        """Give the sitting that a form belongs to. Raises RequestError: ``sitting-over``, ``foreign-page``."""
        session = self.room.of(request)
        if session is None:
            raise page_fault("sitting-over")
        if not session.fits(token):
            raise page_fault("foreign-page")
        return session

    def person(self, session: SittingSession) -> PersonId:
        """Give whom the sitting is about. Raises RequestError ``person-unknown`` before anybody is known."""
        if session.who.person is None:
            raise page_fault("person-unknown")
        return session.who.person

    def finished(self, session: SittingSession) -> None:
        """Raise RequestError ``not-so`` before the decision is on record."""
        if session.who.step is not Step.DONE:
            raise page_fault("not-so")

    def renews(self, session: SittingSession) -> None:
        """Raise RequestError ``not-so`` unless the decision is on record, and the person may draw a PIN or take a card."""
        self.finished(session)
        if not session.who.may_renew:
            raise page_fault("not-so")

    def is_past_deciding(self, session: SittingSession) -> bool:
        """Tell whether a decision is under way or on record: a form of the sheet that still comes in changes nothing."""
        return session.who.step in {Step.CAPTURE, Step.DONE}

    def show(
        self,
        request: Request,
        session: SittingSession,
        error: GateError | None = None,
        *,
        template: str = "",
        typed_card: str = "",
    ) -> Response:
        """Show the step the sitting is at, with what went wrong just now or in the capture before."""
        sitting = session.who
        wrong = error or sitting.error
        code = wrong.code if wrong else ""
        words = wrong and words_of(wrong)
        values: dict[str, object] = {}
        match sitting.step:
            case Step.DECIDE:
                values = self._sheet(request, session)
            case Step.CAPTURE:
                sitting.asked_at = self.context.clock.monotonic()
                values = {"progress": self.context.desk.progress, "poses": POSES, "advice": ADVICE}
            case Step.DONE:
                values = self._papers(request, session)
            case Step.IDENTIFY:
                pass
        return self.pages.page(
            request,
            template or f"enrol/{sitting.step.value}.html",
            status=HTTPStatus.OK if error is None else HTTPStatus.UNPROCESSABLE_ENTITY,
            token=session.form,
            once=fresh_word,
            gate_id=self.context.status().gate_id,
            error=wrong,
            words=words,
            wrong_field=FIELDS.get(code, ""),
            typed_card=typed_card,
            **values,
        )

    def _sheet(self, request: Request, session: SittingSession) -> dict[str, object]:
        """Give what the consent sheet shows: the whole notice in force, in the reader's language."""
        in_force, language = self.context.notices.in_force, language_of(request)
        person = self.person(session)
        if in_force is not None:
            session.who.shown = self.reading.stamp(person, in_force.version, language, kept=session.who.shown)
        return {
            "resident": self._resident(person),
            "outdated": FaceStanding.OUTDATED,
            "notice": in_force.version if in_force else None,
            "shown": session.who.shown,
            "blocks": blocks_of(in_force.texts[language, NoticeForm.FULL]) if in_force else (),
            "unpublished": OBSTACLES["notice_published"],
            "children": self.context.desk.children_enabled,
            "relations": RELATIONS,
            "proofs": PROOFS,
            "least_s": self.context.notice_minimum_s,
        }

    def _papers(self, request: Request, session: SittingSession) -> dict[str, object]:
        """Give the receipt, and the PIN where one was drawn a moment ago."""
        receipts = self.context.desk.receipts(self.person(session))
        receipt = find_receipt(receipts, session.who.receipt)
        return receipt_values(receipts, receipt, LocalTimes(self.context.zone)) | {
            "declined": session.who.declined,
            "lookalike": self.context.desk.looks_alike(self.person(session)),
            "pin": session.take(request.query_params.get("once", "")),
            "card_given": session.who.card_given,
            "may_renew": session.who.may_renew,
        }

    def _resident(self, person: PersonId) -> Resident | None:
        """Give the resident, None where they are gone: then the page only says what is wrong."""
        try:
            return self.context.desk.resident(person)
        except RequestError:
            return None
