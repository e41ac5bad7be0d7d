"""What every request must pass and every answer carries, whatever route, error or file it is."""

from __future__ import annotations

import ipaddress
from http import HTTPStatus
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gate.web.pages import Pages

log = structlog.get_logger()

BODY_MOST_BYTES: Final = 16 * 1024
HEARTBEAT: Final = "/kiosk/view"
"""The one GET that changes something: it says that the screen is seen."""
OWN_READS: Final = frozenset({HEARTBEAT, "/desk"})
"""What no foreign page may even ask for; the desk's page opens a sealed record for every name on it."""
OWN_FOLDERS: Final = ("/desk/", "/me/")
"""And all that lies in it: receipts and the sheet on which one resident decides."""

HEADERS: Final = {
    "content-security-policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
}


def is_loopback(host: str) -> bool:
    """Tell whether *host*, a name or an address without a port, can only mean this device."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_own_host(header: str) -> bool:
    """Tell whether a Host header names this device: any other name was rebound to it."""
    name, colon, port = header.rpartition(":")
    return is_loopback(name if colon and port.isdecimal() else header)


def is_same_origin(headers: Headers) -> bool:
    """Tell whether a request comes from a page of ours, or from a program that is no browser.

    Browsers send Sec-Fetch-Site to a loopback address, and under ``no-referrer`` a form's Origin is "null".
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    own = origin is None or origin == f"http://{headers['host']}"
    return own if site is None else site in {"same-origin", "none"} and (own or origin == "null")


def refusal(method: str, path: str, headers: Headers) -> tuple[str, HTTPStatus] | None:
    """Say why a request may not pass, as a code with its status, or None."""
    if not is_own_host(headers.get("host", "")):
        return "foreign-host", HTTPStatus.FORBIDDEN
    if method in {"GET", "HEAD"} and path not in OWN_READS and not path.startswith(OWN_FOLDERS):
        return None
    if not is_same_origin(headers):
        return "foreign-page", HTTPStatus.FORBIDDEN
    if "transfer-encoding" in headers:
        return "body-length", HTTPStatus.LENGTH_REQUIRED
    if int(headers.get("content-length", "0")) > BODY_MOST_BYTES:  # the server let only digits pass
        return "body-size", HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return None


class Guard:
    """The outermost ASGI layer: refuses foreign requests, adds the headers, and turns an accident into a page."""

    def __init__(self, app: ASGIApp, pages: Pages) -> None:
        self._app = app
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request; what is not HTTP gets no answer."""
        if scope["type"] != "http":
            return
        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        request = Request(scope)
        if refused := refusal(scope["method"], scope["path"], request.headers):
            await self._pages.refuse(request, *refused)(scope, receive, send_guarded)
            return
        try:
            await self._app(scope, receive, send_guarded)
        except Exception as accident:
            # The trace could quote what somebody typed; its kind cannot.
            log.error("page_fault", path=scope["path"], kind=type(accident).__name__)  # noqa: TRY400
            if started:
                raise
            answer = self._pages.refuse(request, "page-fault", HTTPStatus.INTERNAL_SERVER_ERROR)
            await answer(scope, receive, send_guarded)
