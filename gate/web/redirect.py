"""What answers on the port for plain HTTP: where the same page is served over TLS, and nothing else."""

from __future__ import annotations

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from gate.web.guard import is_own_host, over_tls
from gate.web.transport import Transport


class OnlyRedirect:
    """An ASGI application that leads to TLS under the names of this gate; any other name is refused."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request; what is not HTTP gets no answer."""
        if scope["type"] != "http":
            return
        host = Request(scope).headers.get("host", "")
        answer: Response = PlainTextResponse("", HTTPStatus.FORBIDDEN)
        if is_own_host(host, self._transport.names):
            address = over_tls(scope, host, self._transport.port)
            answer = RedirectResponse(address, HTTPStatus.PERMANENT_REDIRECT)
        await answer(scope, receive, send)
