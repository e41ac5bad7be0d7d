"""Who may ask for what: every route of every page in one table. A route that is not in it keeps the pages from starting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gate.core.roles import Act


@dataclass(frozen=True, slots=True)
class Everyone:
    """Whoever reaches the pages: nothing here tells of anybody, or it checks by itself who asks."""


@dataclass(frozen=True, slots=True)
class Screen:
    """Only this device itself: the gate's screen, and the simulator."""


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody signed in to their own page. quiet: asking does not keep the session alive."""

    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Signed:
    """Anybody of the staff who is signed in."""


@dataclass(frozen=True, slots=True)
class For:
    """Staff with an office that may do *act* (R53). quiet: asking does not keep the session alive."""

    act: Act
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """A program with a token whose office may do *act*."""

    act: Act


Rule = Everyone | Screen | Resident | Signed | For | Token

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        # The gate's own screen and the simulator.
        "GET /kiosk": Screen(),
        "GET /kiosk/view": Screen(),
        "POST /kiosk/hidden": Screen(),
        "POST /kiosk/shown": Screen(),
        "POST /kiosk/language": Screen(),
        "POST /kiosk/start": Screen(),
        "POST /kiosk/choose": Screen(),
        "POST /kiosk/cancel": Screen(),
        "POST /kiosk/withdraw": Screen(),
        "POST /kiosk/withdraw/confirm": Screen(),
        "GET /kiosk/speech": Screen(),
        "POST /kiosk/help": Screen(),
        "POST /kiosk/read": Screen(),
        "POST /kiosk/more-time": Screen(),
        "POST /kiosk/pad": Screen(),
        "POST /kiosk/key": Screen(),
        "POST /kiosk/code": Screen(),
        "POST /kiosk/back": Screen(),
        "GET /sim": Screen(),
        "POST /sim/card": Screen(),
        "POST /sim/keys": Screen(),
        "POST /sim/code": Screen(),
        "POST /sim/scene": Screen(),
        "POST /sim/deed": Screen(),
        # For everybody.
        "GET /": Everyone(),
        "GET /trust": Everyone(),
        "GET /trust/ca.crt": Everyone(),
        "GET /notice": Everyone(),
        # One's own page.
        "GET /me": Everyone(),  # shows the sign-in to whoever is not
        "POST /me/sign-in": Everyone(),
        "POST /me/sign-out": Resident(),
        "POST /me/withdraw": Resident(),
        "POST /me/restrict": Resident(),
        "POST /me/release": Resident(),
        "POST /me/request": Resident(),
        "GET /me/record.json": Resident(),
        "GET /me/receipt": Resident(),
        "GET /me/receipt.json": Resident(),
        "GET /me/resume": Resident(),
        "POST /me/resume": Resident(),
        "GET /me/pin": Resident(),
        "POST /me/pin": Resident(),
        "GET /me/visitors": Resident(),
        "POST /me/visitors": Resident(),
        "POST /me/visitors/revoke": Resident(),
        # The desk.
        "GET /staff/desk": For(Act.ENROL),
        "POST /staff/desk/hand-over": For(Act.ENROL),
        "POST /staff/desk/withdraw": For(Act.ENROL),
        "GET /staff/desk/child": For(Act.ENROL),
        "POST /staff/desk/child/ask": For(Act.ENROL),
        "POST /staff/desk/child/open": For(Act.ENROL),
        "GET /staff/desk/receipt": For(Act.ENROL),
        "GET /staff/desk/receipt.json": For(Act.ENROL),
        # The page handed over to a resident: its own cookie says which, and staff are signed out in that browser.
        "GET /enrol": Everyone(),
        "GET /enrol/progress": Everyone(),
        "POST /enrol/identify": Everyone(),
        "POST /enrol/consent": Everyone(),
        "POST /enrol/reconfirm": Everyone(),
        "POST /enrol/decline": Everyone(),
        "POST /enrol/stop": Everyone(),
        "POST /enrol/pin": Everyone(),
        "POST /enrol/card": Everyone(),
        "GET /enrol/receipt.json": Everyone(),
        "POST /enrol/give-back": Everyone(),
        # The staff's pages.
        "GET /staff/resume": Signed(),
        "POST /staff/resume": Signed(),
        # The way in, and one's own account.
        "GET /setup": Everyone(),  # by the code that the device itself prints
        "POST /setup": Everyone(),
        "GET /staff/join": Everyone(),  # by an invitation
        "POST /staff/join": Everyone(),
        "GET /staff/join/app": Everyone(),
        "POST /staff/join/app": Everyone(),
        "GET /staff/sign-in": Everyone(),
        "POST /staff/sign-in": Everyone(),
        "POST /staff/sign-in/passkey": Everyone(),
        "POST /staff/sign-out": Signed(),
        "GET /staff/account": Signed(),
        "POST /staff/account/password": Signed(),
        "POST /staff/account/app": Signed(),
        "GET /staff/account/app": Signed(),
        "POST /staff/account/app/confirm": Signed(),
        "POST /staff/account/codes": Signed(),
        "GET /staff/account/codes/{key}": Signed(),
        "POST /staff/account/passkeys": Signed(),
        "GET /staff/account/passkeys/{key}": Signed(),
        "POST /staff/account/passkeys/add": Signed(),
        "POST /staff/account/passkeys/remove": Signed(),
        "POST /staff/account/sessions/end": Signed(),
        "GET /staff/accounts": For(Act.MANAGE_ACCOUNTS),
        "POST /staff/accounts/invite": For(Act.MANAGE_ACCOUNTS),
        "GET /staff/accounts/invited/{key}": For(Act.MANAGE_ACCOUNTS),
        "GET /staff/accounts/{account}": For(Act.MANAGE_ACCOUNTS),
        "POST /staff/accounts/{account}/change": For(Act.MANAGE_ACCOUNTS),
        "POST /staff/accounts/{account}/disable": For(Act.MANAGE_ACCOUNTS),
        "POST /staff/accounts/{account}/invite": For(Act.MANAGE_ACCOUNTS),
        "POST /staff/accounts/{account}/sessions/end": For(Act.MANAGE_ACCOUNTS),
        "GET /staff/approvals": For(Act.APPROVE),
        "POST /staff/approvals/allow": For(Act.APPROVE),
        "POST /staff/approvals/deny": For(Act.APPROVE),
        "GET /staff/tokens": For(Act.MANAGE_TOKENS),
        "POST /staff/tokens/make": For(Act.MANAGE_TOKENS),
        "GET /staff/tokens/made/{key}": For(Act.MANAGE_TOKENS),
        "POST /staff/tokens/revoke": For(Act.MANAGE_TOKENS),
        # The gate itself: door, alarms, parts, settings, backups, counts.
        "GET /staff": For(Act.SEE_GATE),
        "GET /staff/live": For(Act.SEE_GATE, quiet=True),
        "GET /staff/door": For(Act.SEE_GATE),
        "POST /staff/door/release": For(Act.RELEASE_DOOR),
        "POST /staff/door/release/confirm": For(Act.RELEASE_DOOR),
        "POST /staff/door/lockdown": For(Act.LOCK_DOWN),
        "POST /staff/door/lockdown/end": For(Act.LOCK_DOWN),
        "GET /staff/alarms": For(Act.SEE_GATE),
        "POST /staff/alarms/acknowledge": For(Act.ACKNOWLEDGE),
        "GET /staff/health": For(Act.SEE_GATE),
        "GET /staff/rules": For(Act.CHANGE_RULES),
        "POST /staff/rules": For(Act.CHANGE_RULES),
        "POST /staff/rules/save": For(Act.CHANGE_RULES),
        "GET /staff/rules/history": For(Act.CHANGE_RULES),
        "GET /staff/rules/retention": For(Act.CHANGE_RETENTION),
        "POST /staff/rules/retention": For(Act.CHANGE_RETENTION),
        "POST /staff/rules/retention/ask": For(Act.CHANGE_RETENTION),
        "POST /staff/rules/retention/save": For(Act.CHANGE_RETENTION),
        "GET /staff/live-events": For(Act.SWITCH_LIVE_EVENTS),
        "POST /staff/live-events": For(Act.SWITCH_LIVE_EVENTS),
        "POST /staff/live-events/save": For(Act.SWITCH_LIVE_EVENTS),
        "GET /staff/backups": For(Act.MANAGE_BACKUPS),
        "POST /staff/backups/make": For(Act.MANAGE_BACKUPS),
        "POST /staff/backups/verify": For(Act.MANAGE_BACKUPS),
        "GET /staff/counts": For(Act.SEE_COUNTS),
        # Residents, their cards and PINs, hours and visitors.
        "GET /staff/people": For(Act.MANAGE_PEOPLE),
        "GET /staff/people/new": For(Act.MANAGE_PEOPLE),
        "POST /staff/people/new": For(Act.MANAGE_PEOPLE),
        "POST /staff/people/export.csv": For(Act.MANAGE_PEOPLE),
        "GET /staff/people/import": For(Act.MANAGE_PEOPLE),
        "POST /staff/people/import": For(Act.MANAGE_PEOPLE),
        "GET /staff/people/import/{preview}": For(Act.MANAGE_PEOPLE),
        "POST /staff/people/import/{preview}": For(Act.MANAGE_PEOPLE),
        "GET /staff/people/import/done/{key}": For(Act.MANAGE_PEOPLE),
        "GET /staff/people/left/{key}": For(Act.MANAGE_PEOPLE),
        "GET /staff/people/{person}": For(Act.MANAGE_PEOPLE),
        "POST /staff/people/{person}/correct": For(Act.MANAGE_PEOPLE),
        "POST /staff/people/{person}/card": For(Act.MANAGE_PEOPLE),
        "POST /staff/people/{person}/revoke": For(Act.MANAGE_PEOPLE),
        "POST /staff/people/{person}/pin": For(Act.MANAGE_PEOPLE),
        "GET /staff/people/{person}/pin/{key}": For(Act.MANAGE_PEOPLE),
        "POST /staff/people/{person}/duress/end": For(Act.MANAGE_PEOPLE),
        "POST /staff/people/{person}/hours": For(Act.MANAGE_PEOPLE),
        "POST /staff/people/{person}/end": For(Act.MANAGE_PEOPLE),
        "POST /staff/people/{person}/leave": For(Act.MANAGE_PEOPLE),
        "POST /staff/people/{person}/approval": For(Act.OPEN_MINOR),
        "POST /staff/people/{person}/open": For(Act.OPEN_MINOR),
        "GET /staff/cards/block": For(Act.BLOCK_CARD),
        "POST /staff/cards/block": For(Act.BLOCK_CARD),
        "GET /staff/hours": For(Act.SET_HOURS),
        "POST /staff/hours/set": For(Act.SET_HOURS),
        "POST /staff/hours/remove": For(Act.SET_HOURS),
        "POST /staff/hours/door": For(Act.SET_HOURS),
        "GET /staff/visits": For(Act.MANAGE_PEOPLE),
        "POST /staff/visits": For(Act.MANAGE_PEOPLE),
        "GET /staff/visits/shown/{key}": For(Act.MANAGE_PEOPLE),
        "POST /staff/visits/revoke": For(Act.MANAGE_PEOPLE),
        # Privacy.
        "GET /staff/audit": For(Act.SEE_AUDIT),
        "POST /staff/audit/verify": For(Act.SEE_AUDIT),
        "POST /staff/audit/lines": For(Act.SEE_AUDIT),
        "GET /staff/evidence": For(Act.EXPORT_EVIDENCE),
        "POST /staff/evidence/ask": For(Act.EXPORT_EVIDENCE),
        "POST /staff/evidence/make": For(Act.EXPORT_EVIDENCE),
        "POST /staff/evidence/take": For(Act.EXPORT_EVIDENCE),
        "GET /staff/duties": For(Act.ANSWER_REQUESTS),
        "GET /staff/registers/{register}": For(Act.ANSWER_REQUESTS),
        "GET /staff/registers/{register}/new": For(Act.ANSWER_REQUESTS),
        "POST /staff/registers/{register}/new": For(Act.ANSWER_REQUESTS),
        "GET /staff/registers/{register}/{entry}": For(Act.ANSWER_REQUESTS),
        "POST /staff/registers/{register}/{entry}": For(Act.ANSWER_REQUESTS),
        "GET /staff/assessment": For(Act.APPROVE_ASSESSMENT),
        "POST /staff/assessment": For(Act.APPROVE_ASSESSMENT),
        "GET /staff/requests": For(Act.ANSWER_REQUESTS),
        "GET /staff/requests/new": For(Act.ANSWER_REQUESTS),
        "POST /staff/requests/new": For(Act.ANSWER_REQUESTS),
        "GET /staff/requests/{request_id}": For(Act.ANSWER_REQUESTS),
        "POST /staff/requests/{request_id}/answer": For(Act.ANSWER_REQUESTS),
        "POST /staff/requests/{request_id}/record": For(Act.ANSWER_REQUESTS),
        "POST /staff/requests/{request_id}/record/ask": For(Act.EXPORT_RECORD),
        "POST /staff/requests/{request_id}/correct": For(Act.ANSWER_REQUESTS),
        "POST /staff/requests/{request_id}/face": For(Act.ANSWER_REQUESTS),
        "POST /staff/requests/{request_id}/ask": For(Act.OPEN_MINOR),
        "POST /staff/requests/{request_id}/open": For(Act.OPEN_MINOR),
        "GET /staff/retention": For(Act.SEE_RETENTION),
        "POST /staff/retention/run": For(Act.SEE_RETENTION),
        "GET /staff/notices": For(Act.EDIT_NOTICE),
        "GET /staff/notices/edit": For(Act.EDIT_NOTICE),
        "POST /staff/notices/edit": For(Act.EDIT_NOTICE),
        "POST /staff/notices/check": For(Act.EDIT_NOTICE),
        "POST /staff/notices/anew": For(Act.EDIT_NOTICE),
        "POST /staff/notices/discard": For(Act.EDIT_NOTICE),
        "GET /staff/notices/preview": For(Act.EDIT_NOTICE),
        "POST /staff/notices/publish": For(Act.PUBLISH_NOTICE),
        "GET /staff/notices/{version}": For(Act.EDIT_NOTICE),
        # Programs of the site.
        "GET /api/v1/openapi.json": Everyone(),
        "GET /api/v1/status": Token(Act.SEE_GATE),
        "GET /api/v1/alarms": Token(Act.SEE_GATE),
        "GET /api/v1/door": Token(Act.SEE_GATE),
        "POST /api/v1/door/release": Token(Act.RELEASE_DOOR),
        "POST /api/v1/door/release/confirm": Token(Act.RELEASE_DOOR),
        "PUT /api/v1/lockdown": Token(Act.LOCK_DOWN),
        "DELETE /api/v1/lockdown": Token(Act.LOCK_DOWN),
        "GET /api/v1/counts": Token(Act.SEE_COUNTS),
        "GET /api/v1/counts/{day}": Token(Act.SEE_COUNTS),
        "GET /api/v1/audit": Token(Act.SEE_AUDIT),
    }
)
