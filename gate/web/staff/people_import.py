"""Many residents from one file: sent, looked at row by row, then entered whole or not at all (R52)."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from gate.core.roster import Deed
from gate.errors import RequestError
from gate.web.gatekeeper import GuardedRoute, SignedStaff
from gate.web.pages import back_to
from gate.web.staff.layout import StaffPages
from gate.web.staff.people_words import COLUMNS, DEEDS, PEOPLE_FAULTS, ROW_FAULTS
from gate.web.staff.ports.people import Imported
from gate.web.staff.typed import at_field

HOME: Final = "/staff/people/import"
ROWS_SHOWN: Final = 100
_FILE_FAULTS: Final = (
    "import-size",
    "import-rows",
    "import-workbook",
    "import-utf16",
    "import-encoding",
    "import-none",
)


def routes(staff: StaffPages) -> APIRouter:
    """Give the form for a file, what the file would do, and the button that does it."""
    router = APIRouter(route_class=GuardedRoute)
    imports = staff.context.office.people.imports

    @router.get(HOME)
    async def ask(request: Request, session: SignedStaff) -> Response:
        return staff.page(request, session, "people_import.html", faults={})

    @router.post(HOME)
    async def look(request: Request, session: SignedStaff) -> Response:
        """Read the file; the page that follows shows what it would do."""
        try:
            preview = await imports.look(session.who, await _file(request))
        except RequestError as error:
            faults = at_field(error, dict.fromkeys(_FILE_FAULTS, "file"))
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            return staff.page(request, session, "people_import.html", faults=faults, status=status)
        return back_to(f"{HOME}/{preview.id}")

    @router.get(f"{HOME}/done/{{key}}")
    async def done(request: Request, session: SignedStaff, key: str) -> Response:
        """Say how many were entered."""
        entered = session.take(key)
        if not isinstance(entered, Imported):
            return back_to("/staff/people")
        return staff.page(request, session, "people_imported.html", entered=entered)

    @router.get(f"{HOME}/{{preview}}")
    async def shown(
        request: Request,
        session: SignedStaff,
        preview: str,
        page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    ) -> Response:
        """Show what a file would do: its faults, or its rows, a hundred at a time."""
        try:
            found = imports.preview(session.who, preview)
        except RequestError as error:
            return staff.page(request, session, "people_import.html", faults={}, error=error)
        first = (page - 1) * ROWS_SHOWN
        return staff.page(
            request,
            session,
            "people_preview.html",
            preview=found,
            rows=found.rows[first : first + ROWS_SHOWN],
            number=page,
            has_next=len(found.rows) > first + ROWS_SHOWN,
            counts=Counter(row.deed for row in found.rows),
            changes=sum(row.deed is not Deed.NOTHING for row in found.rows),
            deeds=DEEDS,
            columns=COLUMNS,
            row_faults=ROW_FAULTS,
        )

    @router.post(f"{HOME}/{{preview}}")
    async def enter(request: Request, session: SignedStaff, preview: str) -> Response:
        """Enter all of it, or nothing."""
        try:
            entered = await imports.enter(session.who, preview)
        except RequestError as error:
            return staff.page(request, session, "people_import.html", faults={}, error=error)
        return back_to(f"{HOME}/done/{session.put_aside(entered)}")

    return router


async def _file(request: Request) -> bytes:
    """Give the bytes of the file. Raises RequestError ``import-none``."""
    file = (await request.form()).get("file")
    data = await file.read() if isinstance(file, UploadFile) else b""
    if not data:
        words = PEOPLE_FAULTS["import-none"]
        raise RequestError("import-none", words.title, remedy=words.next)
    return data
