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
        "GET /sim": Screen(),
        "POST /sim/card": Screen(),
        "POST /sim/keys": Screen(),
        "POST /sim/code": Screen(),
        "POST /sim/scene": Screen(),
        "POST /sim/deed": Screen(),
        # For everybody.
        "GET /": Everyone(),
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
        # The desk.
        "GET /desk": For(Act.ENROL),
        "GET /desk/consent": For(Act.ENROL),
        "POST /desk/consent": For(Act.ENROL),
        "POST /desk/reconfirm": For(Act.ENROL),
        "POST /desk/decline": For(Act.ENROL),
        "POST /desk/withdraw": For(Act.ENROL),
        "GET /desk/receipt": For(Act.ENROL),
        "GET /desk/receipt.json": For(Act.ENROL),
        # The staff's pages.
        "GET /staff/resume": Signed(),
    }
)
