"""``gate demo --serve``: a desk gate that stays, with two residents and all its pages, to be played with."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pyotp

from gate import app, serving
from gate.core.roles import Role
from gate.demo.needs import require_models
from gate.demo.operator import prepare_site
from gate.demo.settings import desk_settings
from gate.office.accounts import open_accounts
from gate.settings import Settings
from gate.simulated import SystemClock
from gate.store import Store
from gate.store.upkeep.clock import TrustedClock
from gate.web.transport import Reached

RESIDENTS = (("1203", "Ada Chen", 40451), ("0702", "Ben Wu", 40452))
LOGIN, NAME = "demo", "Demo operator"

T = TypeVar("T")


async def serve_demo(say: Callable[[str], None], *, camera: str | None, port: int, screen_port: int) -> None:
    """Run until cancelled; what was stored goes with the folder it lay in."""
    with tempfile.TemporaryDirectory(prefix="gate-demo-") as folder:
        settings = desk_settings(Path(folder), camera=camera, port=port, screen_port=screen_port)
        require_models(settings.models_dir)
        for line in await _move_in(settings):
            say(line)
        await serving.run(settings, lambda reached: say(_pages(reached)))


async def _move_in(settings: Settings) -> list[str]:
    store = app.open_store(settings)
    try:
        now = datetime.now(UTC)
        prepare_site(store, settings, now)
        lines = []
        for unit, name, card in RESIDENTS:
            person = store.people.add(unit, name, "")
            store.credentials.issue_card(person, f"26:{card}", at=now)
            pin = store.credentials.issue_pin(person, at=now)
            lines.append(f"Unit {unit} ({name}): card {card}, keys {unit}#{pin}#")
        return [*lines, *await _staff_account(store, settings)]
    finally:
        store.close()


async def _staff_account(store: Store, settings: Settings) -> list[str]:
    """Set up the first account as a person would, with the code that the device prints; it goes with the folder (R52)."""
    clock = TrustedClock(SystemClock(), store.clock)
    accounts = open_accounts(store, clock, _hash_beside, gate_id=settings.site.gate_id, rp_id="localhost")
    code, _ = store.staff.codes.set_up_code(clock.now())
    password = secrets.token_urlsafe(12)
    everything = frozenset({Role.PRIVACY_OFFICER, Role.INSTALLER})
    begun = await accounts.joining.set_up(code, LOGIN, NAME, password, everything)
    ready = accounts.joining.confirm(begun.ticket, pyotp.TOTP(begun.secret).at(clock.now()))
    return [
        f"Staff: login {LOGIN}, password {password}",
        f"       authenticator app's secret {begun.secret}, or once each: {', '.join(ready.recovery_codes[:3])}",
    ]


async def _hash_beside(work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work)


def _pages(reached: Reached) -> str:
    tls, screen = reached.pages or "", (reached.screen or "").removesuffix("/kiosk")
    return f"""
Pages         {tls}
Staff         {tls}staff    residents, desk, door, alarms, rules
My data       {tls}me       with unit and PIN
Gate screen   {screen}/kiosk   (keep it open and visible: without it, face is not offered)
Simulator     {screen}/sim     cards, keys, who stands before the camera, the door
The browser will warn: this gate has an authority of its own, which {tls}trust explains. Its SHA-256:
  {reached.fingerprint or "none: the log says why"}
Ctrl-C ends it and deletes everything it stored."""
