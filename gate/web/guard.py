"""What every request must pass and every answer carries, whatever route, error or file it is."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Collection, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

import structlog
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers, MutableHeaders
from starlette.formparsers import MultiPartParser
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gate.core.types import Seconds
from gate.ports import Clock
from gate.web.limits import PeerLimits
from gate.web.pages import Pages
from gate.web.rules import RULES, Screen
from gate.web.transport import Transport

log = structlog.get_logger()

BODY_MOST_BYTES: Final = 16 * 1024
BODIES_MOST_BYTES: Final[Mapping[str, int]] = MappingProxyType(
    {
        "/staff/people/import": 4 * 1024 * 1024 + 16 * 1024,  # the file, and the form around it
        "/staff/notices/edit": 512 * 1024,  # four texts, in which each Chinese sign takes nine bytes
        "/staff/notices/check": 512 * 1024,
        "/staff/assessment": 64 * 1024,
    }
)
"""By path, where more than a form may come."""
# A file of residents stays in memory: what is spooled lies on the disk, unsealed.
MultiPartParser.spool_max_size = max(BODIES_MOST_BYTES.values())
BODY_S: Final[Seconds] = 60.0
"""Within which a body must have come: who sends it drop by drop keeps a place that others need."""
HEARTBEAT: Final = "/kiosk/view"
"""The one GET that changes something: it says that the screen is seen."""
OWN_FOLDERS: Final = ("/staff/desk", "/staff/people", "/staff/requests/", "/enrol", "/me/")
"""What no foreign page may even ask for: pages that open sealed records for the names on them, receipts and answers."""
HTTPS_PORT: Final = 443
FORWARDED: Final = frozenset(
    {"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"}
)
"""What a proxy says: then the one who asks is somewhere else, whatever address the connection has."""
UTF_8: Final = frozenset({b"utf-8", b"utf8"})

HEADERS: Final = {
    "content-security-policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
}
ONLY_TLS: Final = {"strict-transport-security": "max-age=31536000"}
"""Said under the site's names alone: under localhost it would bind every other program of this device."""


def is_loopback(host: str) -> bool:
    """Tell whether *host*, a name or an address without a port, can only mean this device."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def name_in(header: str) -> str:
    """Give the name or address in a Host header, without its port and in small letters."""
    name, colon, port = header.rpartition(":")
    return (name if colon and port.isdecimal() else header).strip("[]").lower()


def is_own_host(header: str, names: Collection[str] = ()) -> bool:
    """Tell whether a Host header names this device: any other name was rebound to it."""
    name = name_in(header)
    return is_loopback(name) or name in names


def is_same_origin(scheme: str, headers: Headers) -> bool:
    """Tell whether a request comes from a page of ours, or from a program that is no browser.

    Browsers send Sec-Fetch-Site over TLS and to a loopback address, and under ``no-referrer`` a form's Origin is "null".
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    own = origin is None or origin == f"{scheme}://{headers['host']}"
    return own if site is None else site in {"same-origin", "none"} and (own or origin == "null")


def is_this_device(scope: Scope) -> bool:
    """Tell whether a request comes from this device itself, and not through a proxy on it."""
    peer = scope["client"]
    return peer is not None and is_loopback(peer[0]) and FORWARDED.isdisjoint(Headers(scope=scope).keys())


def is_at_screen(scope: Scope) -> bool:
    """Tell whether a request is one of the gate's own screen: over plain HTTP, which loopback alone serves (ADR 0021)."""
    return scope["scheme"] == "http" and is_this_device(scope)


def is_readable(headers: Headers) -> bool:
    """Tell whether a form may be read: parts in UTF-8 alone.

    The sender names the codec of a multipart form, and some take time in the square of the length (punycode) or make text
    that is none (unicode_escape). The header is read as Starlette reads it.
    """
    kind, options = parse_options_header(headers.get("content-type"))
    return kind != b"multipart/form-data" or options.get(b"charset", b"utf-8").lower() in UTF_8


def is_for_screen(scope: Scope) -> bool:
    """Tell whether a request is the gate's own screen's: from this device, for what the screen is made of."""
    if not is_this_device(scope):
        return False
    method = "GET" if scope["method"] == "HEAD" else scope["method"]
    rule = RULES.get(f"{method} {scope['path']}")
    return isinstance(rule, Screen) or scope["path"].startswith("/static/")


def refusal(scope: Scope, headers: Headers, names: Collection[str]) -> tuple[str, HTTPStatus] | None:
    """Say why a request may not pass, as a code with its status, or None."""
    method, path = scope["method"], scope["path"]
    if not is_own_host(headers.get("host", ""), names):
        return "foreign-host", HTTPStatus.FORBIDDEN
    if method in {"GET", "HEAD"} and path != HEARTBEAT and not path.startswith(OWN_FOLDERS):
        return None
    if not is_same_origin(scope["scheme"], headers):
        return "foreign-page", HTTPStatus.FORBIDDEN
    if "transfer-encoding" in headers:
        return "body-length", HTTPStatus.LENGTH_REQUIRED
    if not is_readable(headers):
        return "form-charset", HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    most = BODIES_MOST_BYTES.get(path, BODY_MOST_BYTES)
    if int(headers.get("content-length", "0")) > most:  # the server let only digits pass
        return "body-size", HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return None


def over_tls(scope: Scope, host: str, port: int) -> str:
    """Give the address of the same page over TLS. *host*: the Host header of a request that was let pass."""
    name = name_in(host)
    named = f"[{name}]" if ":" in name else name
    query = scope["query_string"].decode("latin-1")
    path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
    return f"https://{named}{'' if port == HTTPS_PORT else f':{port}'}{path}{f'?{query}' if query else ''}"


class Guard:
    """The outermost ASGI layer: refuses foreign requests, adds the headers, and turns an accident into a page.

    Plain HTTP serves the gate's own screen alone; whatever else comes that way is led to TLS (R45).
    """

    def __init__(
        self, app: ASGIApp, pages: Pages, transport: Transport, clock: Clock, *, body_s: Seconds = BODY_S
    ) -> None:
        self._app = app
        self._pages = pages
        self._transport = transport
        self._body_s = body_s
        self._limits = PeerLimits(clock.monotonic)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request; what is not HTTP gets no answer."""
        if scope["type"] != "http":
            return
        request = Request(scope)
        host = request.headers.get("host", "")
        only_tls = scope["scheme"] == "https" and not is_loopback(name_in(host))
        answering = _Answering(send, HEADERS | (ONLY_TLS if only_tls else {}))
        refused = refusal(scope, request.headers, self._transport.names)
        if refused is None and scope["scheme"] != "https" and not is_for_screen(scope):
            address = over_tls(scope, host, self._transport.port)
            await RedirectResponse(address, HTTPStatus.PERMANENT_REDIRECT)(scope, receive, answering)
        elif refused := refused or self._overdone(scope):
            await self._pages.refuse(request, *refused)(scope, receive, answering)
        else:
            await self._pass_on(request, receive, answering)

    async def _pass_on(self, request: Request, receive: Receive, answering: _Answering) -> None:
        """Have the pages answer; an accident and a body that does not come are answered in their place."""
        body = _InTime(receive, self._body_s)

        async def send_in_time(message: Message) -> None:
            if not body.late:
                await answering(message)

        try:
            await self._app(request.scope, body, send_in_time)
        except Exception as accident:  # noqa: BLE001 - the outermost layer: raised, it would be logged with its trace
            # The trace could quote what somebody typed; its kind cannot.
            log.error("page_fault", path=request.scope["path"], kind=type(accident).__name__)  # noqa: TRY400
            if answering.started:
                return  # an answer without its end is cut off
            await self._apology(request)(request.scope, receive, answering)
        if body.late and not answering.started:
            answer = self._pages.refuse(request, "body-slow", HTTPStatus.REQUEST_TIMEOUT)
            answer.headers["connection"] = "close"
            await answer(request.scope, receive, answering)

    def _apology(self, request: Request) -> Response:
        """Give the page for an accident; where that needs what caused it, such as a file to open, no more than its status."""
        try:
            return self._pages.refuse(request, "page-fault", HTTPStatus.INTERNAL_SERVER_ERROR)
        except Exception as accident:  # noqa: BLE001 - raised, it would be logged with both traces
            log.error("page_fault", path=request.scope["path"], kind=type(accident).__name__)  # noqa: TRY400 - as above
            return Response(status_code=HTTPStatus.INTERNAL_SERVER_ERROR)

    def _overdone(self, scope: Scope) -> tuple[str, HTTPStatus] | None:
        """Say whether an address of the network asked for too much; this device itself, and its screen, may."""
        peer = scope["client"][0] if scope["client"] else ""
        if scope["method"] in {"GET", "HEAD"} or is_this_device(scope):
            return None
        return None if self._limits.takes(peer, scope["path"]) else ("too-many", HTTPStatus.TOO_MANY_REQUESTS)


class _Answering:
    """A request's *send* that adds the headers and remembers whether an answer has begun."""

    def __init__(self, send: Send, headers: Mapping[str, str]) -> None:
        self._send = send
        self._headers = headers
        self.started = False

    async def __call__(self, message: Message) -> None:
        """Send one message."""
        if message["type"] == "http.response.start":
            self.started = True
            MutableHeaders(scope=message).update(self._headers)
        await self._send(message)


class _InTime:
    """A request's *receive* with an end to its patience while the body is still coming."""

    def __init__(self, receive: Receive, body_s: Seconds) -> None:
        self._receive = receive
        self._due = asyncio.get_running_loop().time() + body_s
        self._whole = False
        self.late = False

    async def __call__(self) -> Message:
        """Give the next message; a body that is late is told as a browser that went away."""
        if self._whole:
            return await self._receive()  # whether the browser goes away: that may take as long as it likes
        try:
            async with asyncio.timeout_at(self._due):
                message = await self._receive()
        except TimeoutError:
            self.late = True
            return {"type": "http.disconnect"}
        self._whole = not message.get("more_body", False)
        return message
