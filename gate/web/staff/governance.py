"""Duties, registers and the impact assessment: what a site keeps in order, and by when (R16, R80 to R85)."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import Response

from gate.core.duties import PEOPLE_FILED, PEOPLE_NEAR
from gate.core.register_forms import AnswerFault, questions, read_answers, shown
from gate.core.registers import Fields, Register
from gate.core.rights import last_day
from gate.errors import GateError
from gate.web.gatekeeper import GuardedRoute, SignedStaff, StaffSession
from gate.web.moments import LocalTimes
from gate.web.pages import back_to
from gate.web.staff import assessment_words, duty_words
from gate.web.staff.layout import StaffPages
from gate.web.staff.ports.governance import REMARKS_MOST, RegisterEntry
from gate.web.staff.register_words import FAULTS, FIELDS, REGISTERS

DUTIES: Final = "/staff/duties"
ASSESSMENT: Final = "/staff/assessment"


def routes(staff: StaffPages) -> APIRouter:
    """Give the pages of duties, registers and the assessment."""
    router = APIRouter(route_class=GuardedRoute)
    _duties(router, staff)
    _registers(router, staff)
    _assessment(router, staff)
    return router


def register_path(register: Register) -> str:
    """Give a register's page."""
    return f"/staff/registers/{register.value}"


def _duties(router: APIRouter, staff: StaffPages) -> None:
    port = staff.context.office.privacy.governance

    @router.get(DUTIES)
    async def duties(request: Request, session: SignedStaff) -> Response:
        """Show what is to do, the registers, and the figures that are watched (R84)."""
        return staff.page(
            request,
            session,
            "governance_duties.html",
            duties=port.duties(),
            tasks=duty_words.TASKS,
            states=duty_words.STATES,
            pills=duty_words.PILLS,
            registers=REGISTERS,
            register_path=register_path,
            consents=port.consents(),
            people=port.people_with_templates(),
            people_near=PEOPLE_NEAR,
            people_filed=PEOPLE_FILED,
            last_day=last_day,
            minute=LocalTimes(staff.context.zone).moment,
        )


def _registers(router: APIRouter, staff: StaffPages) -> None:
    pages = _Registers(staff)

    @router.get("/staff/registers/{register}")
    async def entries(request: Request, session: SignedStaff, register: Register) -> Response:
        return pages.list(request, session, register)

    @router.get("/staff/registers/{register}/new")
    async def new(request: Request, session: SignedStaff, register: Register) -> Response:
        return pages.form(request, session, register, pages.begun(register))

    @router.post("/staff/registers/{register}/new")
    async def add(request: Request, session: SignedStaff, register: Register) -> Response:
        """Enter something; what is wrong is said beside the field, and nothing typed is lost."""
        typed = await _typed(request, register)
        read = pages.read(register, typed)
        if not isinstance(read, Fields):
            return pages.form(request, session, register, typed, read)
        pages.port.add(session.who, register, read)
        return back_to(register_path(register))

    @router.get("/staff/registers/{register}/{entry}")
    async def entry(request: Request, session: SignedStaff, register: Register, entry: str) -> Response:
        found = pages.port.entry(entry)
        return pages.form(request, session, register, pages.shown(found), entry=found)

    @router.post("/staff/registers/{register}/{entry}")
    async def revise(
        request: Request,
        session: SignedStaff,
        register: Register,
        entry: str,
        seen: Annotated[int, Form(ge=1, le=1 << 31)],
    ) -> Response:
        """Change an entry; one that somebody else changed meanwhile is shown beside what was typed."""
        typed = await _typed(request, register)
        read = pages.read(register, typed)
        found = pages.port.entry(entry)
        if not isinstance(read, Fields):
            return pages.form(request, session, register, typed, read, entry=found)
        try:
            pages.port.revise(session.who, entry, read, seen)
        except GateError as error:
            return pages.form(request, session, register, typed, entry=pages.port.entry(entry), error=error)
        return back_to(register_path(register))


class _Registers:
    def __init__(self, staff: StaffPages) -> None:
        self._staff = staff
        self.port = staff.context.office.privacy.governance

    def list(self, request: Request, session: StaffSession, register: Register) -> Response:
        return self._staff.page(
            request,
            session,
            "governance_register.html",
            register=register,
            register_path=register_path,
            about=REGISTERS[register],
            entries=[(each, self.shown(each)) for each in self.port.entries(register)],
            fields=FIELDS,
            minute=LocalTimes(self._staff.context.zone).moment,
            zone=str(self._staff.context.zone),
        )

    def form(
        self,
        request: Request,
        session: StaffSession,
        register: Register,
        typed: dict[str, str],
        faults: dict[str, AnswerFault] | None = None,
        *,
        entry: RegisterEntry | None = None,
        error: GateError | None = None,
    ) -> Response:
        """Show the form with what was *typed*. error: what the gate said to it."""
        return self._staff.page(
            request,
            session,
            "governance_entry.html",
            error=error,
            status=422 if faults else None,
            register=register,
            register_path=register_path,
            about=REGISTERS[register],
            questions=questions(register),
            typed=typed,
            faults={name: FAULTS[fault] for name, fault in (faults or {}).items()},
            fields=FIELDS,
            entry=entry,
            now_says=self.shown(entry) if entry is not None and error is not None else None,
            history=self.port.history(entry.id) if entry is not None else (),
            shown=self.shown,
            minute=LocalTimes(self._staff.context.zone).moment,
            zone=str(self._staff.context.zone),
        )

    def begun(self, register: Register) -> dict[str, str]:
        """Give the form's first values: what the settings tell, and the present moment where one is asked for."""
        begun = self.port.begun(register)
        return {} if begun is None else self._values(register, begun)

    def shown(self, entry: RegisterEntry) -> dict[str, str]:
        """Give an entry's values as the form has them."""
        return self._values(entry.register, entry.fields)

    def read(self, register: Register, typed: dict[str, str]) -> Fields | dict[str, AnswerFault]:
        """Read what was typed; give the entry, or what is wrong by field."""
        read = read_answers(register, typed, self._staff.context.clock.now(), self._staff.context.zone)
        return read if isinstance(read, Fields) else dict(read)

    def _values(self, register: Register, fields: Fields) -> dict[str, str]:
        zone = self._staff.context.zone
        return {each.name: shown(getattr(fields, each.name), zone) for each in questions(register)}


def _assessment(router: APIRouter, staff: StaffPages) -> None:
    port = staff.context.office.privacy.governance

    def page(
        request: Request, session: StaffSession, error: GateError | None = None, remarks: str = ""
    ) -> Response:
        return staff.page(
            request,
            session,
            "governance_assessment.html",
            error=error,
            view=port.assessment(),
            config_columns=assessment_words.COLUMNS,
            name_of=assessment_words.name_of,
            value_of=assessment_words.value_of,
            notice_in_force=staff.context.notice is not None,
            remarks=remarks,
            remarks_most=REMARKS_MOST,
            minute=LocalTimes(staff.context.zone).moment,
        )

    @router.get(ASSESSMENT)
    async def read(request: Request, session: SignedStaff) -> Response:
        """Show the impact assessment of the present configuration, and who approved which (R80)."""
        return page(request, session)

    @router.post(ASSESSMENT)
    async def approve(
        request: Request,
        session: SignedStaff,
        seen: Annotated[str, Form(max_length=64)],
        remarks: Annotated[str, Form(max_length=REMARKS_MOST)] = "",
    ) -> Response:
        """Approve it, for the very configuration that was shown."""
        try:
            port.approve(session.who, seen, remarks)
        except GateError as error:
            return page(request, session, error, remarks)
        return back_to(ASSESSMENT)


async def _typed(request: Request, register: Register) -> dict[str, str]:
    form = await request.form()
    return {each.name: str(form.get(each.name, "")) for each in questions(register)}
