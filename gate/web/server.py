"""The pages' HTTP server, in the loop that is already running."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from fastapi import FastAPI

from gate.errors import ConfigError
from gate.web.guard import BODY_MOST_BYTES, is_loopback

CONNECTIONS_MOST: Final = 64
FAREWELL_S: Final = 2
"""A page's waiting question lasts a second: let it end before the connection is cut."""


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: ending is the shell's to decide."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(app: FastAPI, host: str, port: int, *, announce: Callable[[str], None]) -> None:
    """Serve *app* until cancelled; *announce* is told the address once it answers. Port 0 takes any free one.

    Raises ConfigError when *host* is not this device alone, or the port cannot be had.
    """
    with _listen(host, port) as listener:
        server = _Server(
            uvicorn.Config(
                app,
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=CONNECTIONS_MOST,
                h11_max_incomplete_event_size=BODY_MOST_BYTES,
                timeout_graceful_shutdown=FAREWELL_S,
            )
        )
        name = f"[{host}]" if ":" in host else host
        announce(f"http://{name}:{listener.getsockname()[1]}/")
        serving = asyncio.create_task(server.serve([listener]))
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            server.should_exit = True
            await serving
            raise


def _listen(host: str, port: int) -> socket.socket:
    if not is_loopback(host):
        raise ConfigError(
            "web-host",
            "web.host is not an address of this device alone; the pages have no accounts and no encryption yet.",
            remedy="Set web.host to 127.0.0.1.",
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise ConfigError(
            "web-port",
            f"The pages cannot be served on {host}, port {port}: {error.strerror}.",
            remedy="Stop the program that holds the port, or set another web.port.",
        ) from error
