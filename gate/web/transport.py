"""How the pages are reached: under which names, over which port, on whose word; a value the shell hands to the pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final


@dataclass(frozen=True, slots=True)
class Authority:
    """The gate's own certificate authority, for people to trust. pem: its certificate; fingerprint: its SHA-256 in pairs."""

    fingerprint: str
    pem: bytes
    ends: datetime
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Transport:
    """The pages' way in.

    names: the site's, besides this device's own. port: of TLS, as it answers. screen_port: of the gate's own screen, on
    loopback; None: it is not served.
    authority: None where the site brings a certificate of its own. restart: opens the gate anew, for rules that changed.
    """

    names: tuple[str, ...] = ()
    port: int = 443
    screen_port: int | None = None
    authority: Callable[[], Authority | None] = lambda: None
    restart: Callable[[], None] = lambda: None


HTTPS: Final = 443


def site_address(transport: Transport) -> str | None:
    """Give where people's own telephones find the pages, None where the site has named no address that they reach."""
    if not transport.names or not transport.port:
        return None
    name = transport.names[0]
    port = "" if transport.port == HTTPS else f":{transport.port}"
    return f"https://{f'[{name}]' if ':' in name else name}{port}"


@dataclass(frozen=True, slots=True)
class Reached:
    """Where the pages answer, for a terminal. None: not, and the log says why. fingerprint: of the gate's own authority.

    setup_code: draws the code with which the first manager's account is set up, where there is none yet.
    """

    pages: str | None
    screen: str | None
    fingerprint: str | None
    setup_code: Callable[[], str] | None = None
