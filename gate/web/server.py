"""The pages' listeners, in the loop that is already running: TLS for everybody, plain HTTP for the gate's own screen."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from gate.errors import ConfigError

HEADERS_MOST_BYTES: Final = 16 * 1024
CONNECTIONS_MOST: Final = 64
"""On one listener; what a listener may hold open never keeps a driver or the database from a file of its own."""
PEER_MOST: Final = 24
"""From one address: a browser opens six or so, and nobody takes all of them."""
BACKLOG: Final = 64
HANDSHAKE_S: Final = 5.0
REQUEST_S: Final = 10.0
"""Until the header of a connection's first request is there; later ones wait no longer than uvicorn keeps alive."""
KEEP_ALIVE_S: Final = 20
UNSENT_MS: Final = 30_000
"""How long what was sent may stay unread before the kernel gives the connection up."""
FAREWELL_S: Final = 2
"""A page's waiting question lasts a second: let it end before the connection is cut."""


@dataclass(frozen=True, slots=True)
class Listener:
    """One open port and what answers there. tls: gives the context of the next connection; None: plain HTTP."""

    socket: socket.socket
    app: ASGIApp
    tls: Callable[[], ssl.SSLContext] | None = None


def listen(host: str, port: int, setting: str) -> socket.socket:
    """Open a port; 0 takes any free one. *setting* names it in the settings. Raises ConfigError ``web-port``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        opened = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise ConfigError(
            "web-port",
            f"The pages cannot be served on {host}, port {port}: {error.strerror}.",
            remedy=f"Stop the program that holds the port, or set another {setting}.",
        ) from error
    opened.setblocking(False)
    return opened


def port_of(listening: socket.socket) -> int:
    """Give the port that a socket listens on."""
    port: int = listening.getsockname()[1]
    return port


async def serve(listeners: Sequence[Listener]) -> None:
    """Serve until cancelled. The sockets stay open, so that a later round goes on with them."""
    servers = [_Server(listener) for listener in listeners]
    serving = asyncio.gather(*(server.serve() for server in servers))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        for server in servers:
            server.should_exit = True
        await serving
        raise


class _Connection(H11Protocol):
    """One connection, which ends where the header of its first request does not come."""

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._patience = self.loop.call_later(REQUEST_S, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        self._calm()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        super().handle_events()
        if self.scope is not None:
            self._calm()

    def _give_up(self) -> None:
        self.transport.close()

    def _calm(self) -> None:
        if self._patience is not None:
            self._patience.cancel()


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers and its way to accept: who is let in, and for how long, is decided here."""

    def __init__(self, listener: Listener) -> None:
        config = uvicorn.Config(
            listener.app,
            http=_Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            h11_max_incomplete_event_size=HEADERS_MOST_BYTES,
            timeout_graceful_shutdown=FAREWELL_S,
        )
        super().__init__(config)
        self._listener = listener
        self._peers: Counter[str] = Counter()
        self._coming: set[asyncio.Task[None]] = set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: ending is the shell's to decide."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept; uvicorn's own servers stay out of it."""
        del sockets
        await self.lifespan.startup()
        self.servers = []
        self._accepting = asyncio.create_task(self._accept(), name="accept")
        self.started = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept nobody any more, let what is under way end."""
        del sockets
        for task in (self._accepting, *self._coming):
            task.cancel()
        await asyncio.gather(self._accepting, *self._coming, return_exceptions=True)
        await super().shutdown()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, address = await loop.sock_accept(self._listener.socket)
            except OSError:  # it went before it was taken, or the device is out of files: the next may come through
                await asyncio.sleep(0.1)
                continue
            self._take(connection, str(address[0]))

    def _take(self, connection: socket.socket, peer: str) -> None:
        if self._peers.total() >= CONNECTIONS_MOST or self._peers[peer] >= PEER_MOST:
            connection.close()
            return
        self._peers[peer] += 1
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNSENT_MS)
        task = asyncio.create_task(self._welcome(connection, peer))
        self._coming.add(task)
        task.add_done_callback(self._coming.discard)

    async def _welcome(self, connection: socket.socket, peer: str) -> None:
        """Greet one connection; TLS where it is asked for, in good time."""
        tls = self._listener.tls

        def protocol() -> asyncio.Protocol:
            return _Counted(self.config, self.server_state, lambda: self._gone(peer))

        patience: dict[str, Any] = {"ssl_handshake_timeout": HANDSHAKE_S, "ssl_shutdown_timeout": FAREWELL_S}
        made = False
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                protocol, connection, ssl=tls() if tls else None, **(patience if tls else {})
            )
            made = True
        except (OSError, ssl.SSLError):  # TimeoutError too: somebody knocked and said nothing
            pass
        finally:
            if not made:
                connection.close()
                self._gone(peer)

    def _gone(self, peer: str) -> None:
        self._peers[peer] -= 1
        if not self._peers[peer]:
            del self._peers[peer]


class _Counted(_Connection):
    """A connection that says when it is over."""

    def __init__(
        self, config: uvicorn.Config, state: Any, over: Callable[[], None]
    ) -> None:
        super().__init__(config, state, app_state={})
        self._over = over

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        over, self._over = self._over, lambda: None
        over()
