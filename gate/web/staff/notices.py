"""The notice's pages: written in both languages together, linted while it is written, seen, published (R11, R14, R22, R23)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter
from fastapi import Form as FormField
from starlette.requests import Request
from starlette.responses import Response

from gate.core.notices import KEYS, LANGUAGES, REQUIRED, Form, Key, is_version
from gate.core.types import NoticeVersion
from gate.errors import GateError, RequestError
from gate.web.gatekeeper import GuardedRoute, SignedStaff, StaffSession
from gate.web.moments import LocalTimes
from gate.web.pages import back_to
from gate.web.staff import notice_words
from gate.web.staff.layout import StaffPages
from gate.web.staff.ports.notices import TEXT_MOST
from gate.web.texts import blocks_of

HOME: Final = "/staff/notices"
EDIT: Final = "/staff/notices/edit"
PREVIEW: Final = "/staff/notices/preview"
FRAGMENT: Final = "outlook"
PLACEHOLDERS: Final = (
    "{controller} {contact} {officer} {processors} {retention_days} {minors} {errors} {complaints} {version} "
    "{effective} {changes} {full_text}"
)
Seen = Annotated[str, FormField(max_length=64)]


def routes(staff: StaffPages) -> APIRouter:
    """Give the pages of the notice."""
    router = APIRouter(route_class=GuardedRoute)
    pages = _Notices(staff)
    _writing(router, pages)
    _drafts(router, pages)
    _publishing(router, pages)
    _reading(router, pages)  # last: a version could be any word
    return router


def _writing(router: APIRouter, pages: _Notices) -> None:
    port = pages.port

    @router.get(EDIT)
    async def edit(request: Request, session: SignedStaff) -> Response:
        """Show the draft, or the site's texts to begin from."""
        now = port.texts()
        return pages.form(request, session, now.texts, now.seen)

    @router.post(EDIT)
    async def save(request: Request, session: SignedStaff, seen: Seen = "") -> Response:
        """Keep the draft; where somebody else wrote meanwhile, both stand on the page and nothing is lost."""
        texts = await _typed(request)
        try:
            _refuse_unfit(texts)
            port.save(session.who, texts, seen)
        except GateError as error:
            return pages.form(request, session, texts, seen, error)
        return back_to(EDIT)

    @router.post("/staff/notices/check")
    async def check(request: Request, session: SignedStaff, seen: Seen = "", part: Seen = "") -> Response:
        """Say what publishing what was typed would do; nothing is written. part: only that part, for the script."""
        texts = await _typed(request)
        try:
            _refuse_unfit(texts)
        except GateError as error:
            return pages.form(request, session, texts, seen, error)
        if part == FRAGMENT:
            return pages.outlook(request, session, texts)
        return pages.form(request, session, texts, seen)


def _drafts(router: APIRouter, pages: _Notices) -> None:
    port = pages.port

    @router.post("/staff/notices/anew")
    async def anew(request: Request, session: SignedStaff, seen: Seen = "") -> Response:
        """Begin a draft from the texts of the release, or of the site's folder."""
        try:
            port.save(session.who, port.shipped(), seen)
        except GateError as error:
            return pages.home(request, session, error)
        return back_to(EDIT)

    @router.post("/staff/notices/discard")
    async def discard(request: Request, session: SignedStaff, seen: Seen = "") -> Response:
        try:
            port.discard(seen)
        except GateError as error:
            return pages.home(request, session, error)
        return back_to(HOME)


def _publishing(router: APIRouter, pages: _Notices) -> None:
    port = pages.port

    @router.get(PREVIEW)
    async def preview(request: Request, session: SignedStaff) -> Response:
        """Show the draft as the gate's screen and as the full page show it, with what it changes."""
        return pages.preview(request, session)

    @router.post("/staff/notices/publish")
    async def publish(
        request: Request, session: SignedStaff, seen: Seen = "", version: Seen = "", was_read: Seen = ""
    ) -> Response:
        """Publish both languages at once, as the version that was shown."""
        try:
            if was_read != "yes":
                raise RequestError(
                    "notice-unconfirmed",
                    "The box was not ticked.",
                    remedy="Read both languages, then tick it.",
                )
            published = port.publish(session.who, seen, NoticeVersion(version))
        except GateError as error:
            return pages.preview(request, session, error)
        return back_to(f"{HOME}?published={published}")


def _reading(router: APIRouter, pages: _Notices) -> None:
    @router.get(HOME)
    async def home(request: Request, session: SignedStaff, published: str = "") -> Response:
        """Show the notice in force, the draft, and every version there was."""
        return pages.home(request, session, published=published if is_version(published) else "")

    @router.get("/staff/notices/{version}")
    async def version(request: Request, session: SignedStaff, version: str) -> Response:
        """Show one version's four texts, word for word."""
        found = [each for each in pages.port.archive() if each.version == version]
        if not found or found[0].notice is None:
            return pages.refuse(request)
        return pages.page(
            request, session, "notices_version.html", shown=found[0], read=_read(found[0].notice.texts)
        )


class _Notices:
    def __init__(self, staff: StaffPages) -> None:
        self._staff = staff
        self.port = staff.context.office.privacy.notices

    def page(
        self,
        request: Request,
        session: StaffSession,
        template: str,
        error: GateError | None = None,
        **values: Any,
    ) -> Response:
        return self._staff.page(
            request,
            session,
            template,
            error=error,
            keys=KEYS,
            forms=notice_words.FORMS,
            language_names=notice_words.LANGUAGE_NAMES,
            changes=notice_words.CHANGES,
            terms=notice_words.TERMS,
            rules=notice_words.RULES,
            minute=LocalTimes(self._staff.context.zone).moment,
            **values,
        )

    def home(
        self, request: Request, session: StaffSession, error: GateError | None = None, published: str = ""
    ) -> Response:
        now = self.port.texts()
        return self.page(
            request,
            session,
            "notices_home.html",
            error,
            now=now,
            outlook=self.port.outlook(now.texts),
            archive=self.port.archive(),
            published=published,
        )

    def form(
        self,
        request: Request,
        session: StaffSession,
        texts: Mapping[Key, str],
        seen: str,
        error: GateError | None = None,
    ) -> Response:
        """Show what is written; on a conflict, beside it what somebody else wrote, which a second save replaces."""
        now = self.port.texts()
        conflict = error is not None and error.code == "draft-changed"
        return self.page(
            request,
            session,
            "notices_edit.html",
            error,
            texts=texts,
            seen=now.seen if conflict else seen,
            now=now,
            theirs={key: now.texts[key] for key in KEYS if now.texts[key] != texts[key]} if conflict else {},
            outlook=self.port.outlook(texts),
            text_most=TEXT_MOST,
            required=REQUIRED,
            items=notice_words.ITEMS,
            placeholders=PLACEHOLDERS,
        )

    def outlook(self, request: Request, session: StaffSession, texts: Mapping[Key, str]) -> Response:
        return self.page(request, session, "notices_outlook.html", None, outlook=self.port.outlook(texts))

    def preview(self, request: Request, session: StaffSession, error: GateError | None = None) -> Response:
        now = self.port.texts()
        outlook = self.port.outlook(now.texts)
        return self.page(
            request,
            session,
            "notices_preview.html",
            error,
            now=now,
            outlook=outlook,
            read=_read(outlook.filled),
            contact=self._staff.context.contact,
        )

    def refuse(self, request: Request) -> Response:
        return self._staff.pages.refuse(request, "no-page", HTTPStatus.NOT_FOUND)


async def _typed(request: Request) -> dict[Key, str]:
    """Give the four texts as they were typed, each line ended by a line feed alone."""
    form = await request.form()
    return {
        key: str(form.get(f"{key[0]}.{key[1]}", "")).replace("\r\n", "\n").replace("\r", "\n") for key in KEYS
    }


def _refuse_unfit(texts: Mapping[Key, str]) -> None:
    for text in texts.values():
        if len(text) > TEXT_MOST or not text.replace("\n", "").replace("\t", "").isprintable():
            raise RequestError(
                "notice-long",
                f"A text is longer than {TEXT_MOST} signs, or holds some that cannot be printed.",
                remedy="Shorten it.",
            )


def _read(texts: Mapping[Key, str]) -> dict[str, object]:
    """Give each text in blocks, by language, then by form."""
    return {
        language: {form.value: blocks_of(texts[language, form]) for form in Form} for language in LANGUAGES
    }
