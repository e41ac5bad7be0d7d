"""Every page, once: how it is opened and by whom. A page of the rules that is not here fails test_every_page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gate.core.registers import Register
from tests.pages.houses import House
from tests.pages.settled import ADA, EVERYTHING, GUARD, LIN


@dataclass(frozen=True, slots=True)
class Shown:
    """One page in one state. path: with places to be filled in. who: None: nobody is signed in."""

    route: str
    path: str
    who: str | None = None

    @property
    def name(self) -> str:
        """Give what pictures of it are called."""
        return f"{self.path.strip('/') or 'landing'}{f' as {self.who}' if self.who == GUARD else ''}"


RESIDENT: Final = "resident"
SCREEN: Final = "SCREEN "


def _everybody(*paths: str) -> list[Shown]:
    return [Shown(f"GET {path}", path) for path in paths]


def _staff(*paths: str, who: str = EVERYTHING) -> list[Shown]:
    return [Shown(f"GET {path}", path, who) for path in paths]


SHOWN: Final = (
    *_everybody("/", "/notice", "/trust", "/me", "/setup", "/staff/join", "/staff/sign-in"),
    *(Shown(f"GET {path}", f"{SCREEN}{path}") for path in ("/kiosk", "/sim")),
    *(Shown(f"GET {path}", path, RESIDENT) for path in ("/me", "/me/receipt", "/me/pin", "/me/visitors")),
    *_staff("/staff", who=GUARD),
    *_staff("/staff", "/staff/door", "/staff/alarms", "/staff/health", "/staff/counts"),
    *_staff("/staff/rules", "/staff/rules/history", "/staff/rules/retention", "/staff/backups"),
    *_staff("/staff/live-events"),
    *_staff("/staff/account", "/staff/accounts", "/staff/accounts/{account}"),
    *_staff("/staff/approvals", "/staff/tokens"),
    *_staff("/staff/desk"),
    Shown("GET /staff/desk/child", "/staff/desk/child?person={person}", EVERYTHING),
    Shown("GET /staff/desk/receipt", "/staff/desk/receipt?person={person}", EVERYTHING),
    *_staff("/staff/people", "/staff/people/new", "/staff/people/import", "/staff/people/{person}"),
    *_staff("/staff/cards/block", "/staff/hours", "/staff/visits"),
    *_staff("/staff/audit", "/staff/evidence", "/staff/duties", "/staff/assessment", "/staff/retention"),
    *(
        Shown("GET /staff/registers/{register}", f"/staff/registers/{register.value}", EVERYTHING)
        for register in Register
    ),
    *(
        Shown("GET /staff/registers/{register}/new", f"/staff/registers/{register.value}/new", EVERYTHING)
        for register in Register
    ),
    Shown("GET /staff/registers/{register}/{entry}", "/staff/registers/training/{training}", EVERYTHING),
    *_staff("/staff/requests", "/staff/requests/new", "/staff/requests/{request_id}"),
    *_staff("/staff/notices", "/staff/notices/edit", "/staff/notices/preview", "/staff/notices/{version}"),
)

WALKED: Final = frozenset(
    {
        "GET /enrol",
        "GET /me/resume",
        "GET /staff/account/app",
        "GET /staff/account/codes/{key}",
        "GET /staff/account/passkeys/{key}",
        "GET /staff/accounts/invited/{key}",
        "GET /staff/join/app",
        "GET /staff/people/import/{preview}",
        "GET /staff/people/import/done/{key}",
        "GET /staff/people/left/{key}",
        "GET /staff/people/{person}/pin/{key}",
        "GET /staff/resume",
        "GET /staff/tokens/made/{key}",
        "GET /staff/visits/shown/{key}",
    }
)
"""Pages that only a walk leads to: it calls Browsing.look_at for each."""

NO_PAGES: Final = {
    "GET /kiosk/view": "a part of the screen, asked for by its script",
    "GET /kiosk/speech": "a sound",
    "GET /trust/ca.crt": "a file",
    "GET /me/record.json": "a file",
    "GET /me/receipt.json": "a file",
    "GET /enrol/progress": "a part of the page, asked for by its script",
    "GET /enrol/receipt.json": "a file",
    "GET /staff/desk/receipt.json": "a file",
    "GET /staff/live": "a stream, listened to by a script",
}


def address(shown: Shown, house: House) -> str:
    """Give the full address of a page, its places filled in from who lives and works at *house*."""
    settled = house.settled
    places = {
        "person": settled[ADA].person,
        "account": settled.staff[GUARD].account,
        "request_id": settled.requests[LIN],
        "training": settled.training,
        "version": settled.notice,
    }
    path = shown.path.format_map(places)
    if path.startswith(SCREEN):
        return house.screen_url + path.removeprefix(SCREEN)
    return house.url + path
