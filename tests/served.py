"""Pages on real ports: over TLS with an authority made for the test, and over plain HTTP for the gate's own screen."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gate.office.authority import DEVICE, make_authority, make_pages_certificate
from gate.office.trust import serving_context
from gate.web.server import Listener, listen, port_of, serve


@cache
def authority():
    """Give an authority and its pages' certificate; making them once a run is enough."""
    now = datetime.now(UTC)
    made = make_authority("test", DEVICE, now)
    return made, make_pages_certificate(made, DEVICE, now)


def pem_of(certificate):
    """Give a certificate as files have it."""
    return x509.load_der_x509_certificate(certificate).public_bytes(Encoding.PEM)


def trusting():
    """Give what a client checks the pages' certificate with."""
    context = ssl.create_default_context()
    context.load_verify_locations(cadata=authority()[0].certificate)
    return context


@dataclass(frozen=True)
class Addresses:
    """Where the pages answer, each ending in a slash."""

    tls: str
    plain: str


@asynccontextmanager
async def served(make_app, *, port=0, plain_port=0, patience=None):
    """Serve what *make_app* gives for the port of TLS, while the block runs."""
    with (
        listen("127.0.0.1", port, "web.port") as tls,
        listen("127.0.0.1", plain_port, "web.screen_port") as plain,
    ):
        app = make_app(port_of(tls))
        context = serving_context(authority()[1])
        serving = asyncio.create_task(
            serve([Listener(tls, app, lambda: context), Listener(plain, app)], patience)
        )
        try:
            yield Addresses(f"https://127.0.0.1:{port_of(tls)}/", f"http://127.0.0.1:{port_of(plain)}/")
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
