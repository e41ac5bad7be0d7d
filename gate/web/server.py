"""The pages' listeners, in the loop that is already running: TLS for everybody, plain HTTP for the gate's own screen."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from gate.core.types import Seconds
from gate.errors import ConfigError

HEADERS_MOST_BYTES: Final = 16 * 1024
CONNECTIONS_MOST: Final = 64
"""On one listener; what a listener may hold open never keeps a driver or the database from a file of its own."""
PEER_MOST: Final = 24
"""From one address: a browser opens six or so, and nobody takes all of them."""
BACKLOG: Final = 64
KEEP_ALIVE_S: Final = 20
UNSENT_MS: Final = 30_000
"""How long what was sent may stay unread before the kernel gives the connection up."""
PAUSE_S: Final = 0.1
"""How long a listener that could take nobody leaves those who wait to wait."""
FAREWELL_S: Final = 2
"""A page's waiting question lasts a second: let it end before the connection is cut."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a connection may owe its TLS handshake, and the header of a request it is about to send."""

    handshake_s: Seconds = 5.0
    header_s: Seconds = 10.0


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


async def serve(listeners: Sequence[Listener], patience: Patience | None = None) -> None:
    """Serve until cancelled. The sockets stay open, so that a later round goes on with them."""
    servers = [_Server(listener, patience or Patience()) for listener in listeners]
    serving = asyncio.gather(*(server.serve() for server in servers))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        for server in servers:
            server.should_exit = True
        await serving
        raise


class _Connection(H11Protocol):
    """One connection, which ends where a request's header was begun, or is owed, and does not come."""

    def __init__(
        self, config: uvicorn.Config, state: ServerState, header_s: Seconds, over: Callable[[], None]
    ) -> None:
        """over: called once the connection is no more."""
        super().__init__(config, state, app_state={})
        self._header_s = header_s
        self._over = over
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Await the first header."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Take leave."""
        self._calm()
        super().connection_lost(exc)
        self._over()

    def data_received(self, data: bytes) -> None:
        """Take what came; a header that has begun must end."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._wait()
        else:
            self._calm()

    def _wait(self) -> None:
        if self._patience is None:
            self._patience = self.loop.call_later(self._header_s, self.transport.close)

    def _calm(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers and its way to accept: who is let in, and for how long, is decided here."""

    def __init__(self, listener: Listener, patience: Patience) -> None:
        config = uvicorn.Config(
            listener.app,
            http="h11",
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
        self._patience = patience
        self._peers: Counter[str] = Counter()
        self._coming: set[asyncio.Task[None]] = set()
        self._pause: asyncio.TimerHandle | None = None

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: ending is the shell's to decide."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept; uvicorn's own servers stay out of it."""
        del sockets
        await self.lifespan.startup()
        self.servers = []
        self._listen()
        self.started = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept nobody any more, let what is under way end."""
        del sockets
        self._rest()
        await asyncio.sleep(0)  # every greeting begins: from then on it lets go of its connection
        for task in self._coming:
            task.cancel()
        await asyncio.gather(*self._coming, return_exceptions=True)
        await super().shutdown()

    def _listen(self) -> None:
        """Take whoever comes. By a callback, not a task: cancelled, that could lose the one just accepted."""
        self._pause = None
        asyncio.get_running_loop().add_reader(self._listener.socket, self._accept)

    def _rest(self) -> None:
        asyncio.get_running_loop().remove_reader(self._listener.socket)
        if self._pause is not None:
            self._pause.cancel()

    def _accept(self) -> None:
        try:
            connection, address = self._listener.socket.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # it went before it was taken
        except OSError:  # the device is out of files, or of memory: a little later there may be some
            self._rest()
            self._pause = asyncio.get_running_loop().call_later(PAUSE_S, self._listen)
            return
        connection.setblocking(False)
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
        over = self._leave_of(peer)
        times: dict[str, Any] = {"ssl_handshake_timeout": self._patience.handshake_s}
        times["ssl_shutdown_timeout"] = FAREWELL_S
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: _Connection(self.config, self.server_state, self._patience.header_s, over),
                connection,
                ssl=tls() if tls else None,
                **(times if tls else {}),
            )
        except BaseException as error:
            connection.close()
            over()
            if not isinstance(error, OSError):  # TLS that is none, or a knock without a word: no news
                raise

    def _leave_of(self, peer: str) -> Callable[[], None]:
        """Give what takes one connection of *peer* off the count, however often it is called."""
        left = False

        def leave() -> None:
            nonlocal left
            if not left:
                left = True
                self._peers[peer] -= 1
                self._peers += Counter()  # keeps what is above zero

        return leave
