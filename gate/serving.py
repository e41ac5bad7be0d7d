"""``gate run``: one gate with its pages, opened anew within a second or two when its rules change."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Final, TypeVar

import structlog
from starlette.types import ASGIApp

from gate.app import RunningGate, open_gate
from gate.core.accounts import spelled
from gate.errors import GateError
from gate.keyplace import key_place
from gate.logs import log_loss
from gate.manager import Manager, manager_of, state_words
from gate.office.trust import Trust, open_trust, site_names
from gate.process import keep_memory_private
from gate.settings import Settings, WebSettings
from gate.simulated import SystemClock
from gate.store.keyring.custody import KeyPlace
from gate.store.upkeep.clock import TrustedClock
from gate.web.server import Listener, listen, port_of, serve
from gate.web.transport import Reached, Transport

if TYPE_CHECKING:
    from gate.web.screen import KioskScreen

log = structlog.get_logger()

SCREEN_HOST: Final = "127.0.0.1"
ANSWER_S: Final = 0.3
"""What the answer to a restart's own request takes to leave."""
RENEWAL_LOOK_S: Final = 60.0
STATE_S: Final = 2.0
"""So often the system is told how the gate is, where that changed."""
AGAIN_FIRST_S: Final = 1.0
AGAIN_MOST_S: Final = 60.0
"""The pauses after pages that failed altogether: from the first, each twice the one before; the door never waits for them."""
DOWN_AFTER: Final = 3
"""So many failures in a row are no hiccup: they are logged as critical."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Ports:
    tls: socket.socket | None
    screen: socket.socket | None
    redirect: socket.socket | None


async def run(
    settings: Settings, announce: Callable[[Reached], None], *, again: asyncio.Event | None = None
) -> None:
    """Run the gate with its pages until cancelled; *announce* is told once where the pages are.

    A restart that the office asks for opens the gate anew, with what was changed from the console in force, on the same
    ports. Pages that cannot be served are logged: the door serves without them. Raises GateError where even card and PIN
    cannot work.

    again: set by whoever wants a restart.
    """
    keep_memory_private()
    place, telling, again = _asked_once(settings), announce, again or asyncio.Event()
    manager = manager_of(os.environ)
    try:
        with _opened(settings.web) as ports:
            while True:
                await _one_round(settings, place, ports, again, telling, manager)
                log.info("gate_reopens")
                telling = _nobody
    finally:
        manager.stopping()


async def _one_round(
    settings: Settings,
    place: KeyPlace,
    ports: _Ports,
    again: asyncio.Event,
    announce: Callable[[Reached], None],
    manager: Manager,
) -> None:
    """Run the gate until its office asks for a restart."""
    from gate.web.screen import KioskScreen

    screen = KioskScreen(SystemClock())
    again.clear()
    async with open_gate(settings, lambda _post: screen, place=place, turned=manager.turned) as gate:
        beside = [
            asyncio.create_task(_keep_serving(gate, screen, ports, again, announce), name="pages"),
            asyncio.create_task(_say_state(gate, manager), name="state"),
        ]
        try:
            await again.wait()
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)


async def _say_state(gate: RunningGate, manager: Manager) -> None:
    """Tell the system how the gate is, in words: nothing in them moves with a passage (R43)."""
    from gate.web.words import OBSTACLES

    while True:
        await asyncio.sleep(STATE_S)
        health = gate.beat.health()
        obstacles = gate.service.standing_conditions.obstacles
        manager.say(
            state_words(
                reader=health.reader_healthy,
                door=health.door_healthy,
                face_off=[OBSTACLES[each].title for each in obstacles],
            )
        )


async def _keep_serving(
    gate: RunningGate,
    screen: KioskScreen,
    ports: _Ports,
    again: asyncio.Event,
    announce: Callable[[Reached], None],
) -> None:
    """Serve the pages for as long as the gate runs; an accident costs them a pause that grows, and the door nothing."""
    loop, failures, telling = asyncio.get_running_loop(), 0, announce

    def tell_once(reached: Reached) -> None:
        nonlocal telling
        telling, tell = _nobody, telling
        tell(reached)

    while True:
        began = loop.time()
        try:
            await _serve(gate, screen, ports, again, tell_once)
        except Exception as error:  # noqa: BLE001 - the outer loop of the pages
            failures = 1 if loop.time() - began > AGAIN_MOST_S else failures + 1
            _say_failed(error, failures)
        await asyncio.sleep(pause_s(failures))


def pause_s(failures: int) -> float:
    """Give how long the pages wait before they are tried again, after so many *failures* in a row."""
    return min(AGAIN_MOST_S, AGAIN_FIRST_S * 2.0 ** max(0, min(failures, 30) - 1))


def _say_failed(error: Exception, failures: int) -> None:
    # A trace could quote what was typed; the kind of an error cannot.
    say = log.critical if failures >= DOWN_AFTER else log.error
    say("pages_failed", kind=type(error).__name__, failures=failures, again_s=pause_s(failures))


async def _serve(
    gate: RunningGate,
    screen: KioskScreen,
    ports: _Ports,
    again: asyncio.Event,
    announce: Callable[[Reached], None],
) -> None:
    # The door works before the pages are loaded, and while they are: that takes seconds on a small board.
    await asyncio.to_thread(_load_pages)
    from gate.web.app import create_app
    from gate.web.kiosk.deeds import Deeds

    web, clock = gate.settings.web, gate.clock
    trust = _or_none(
        lambda: open_trust(
            web,
            gate.store.certificates,
            gate.settings.site.gate_id,
            clock.now(),
            clock_trusted=clock.trusted,
        )
    )
    transport = Transport(
        names=site_names(web),
        port=port_of(ports.tls) if ports.tls else 0,
        screen_port=port_of(ports.screen) if ports.screen else None,
        authority=lambda: trust.authority if trust else None,
        restart=lambda: _soon(again),
    )
    context = gate.web_context(transport)
    app = await asyncio.to_thread(create_app, context, screen)
    if not context.kiosk.touch:
        gate.hardware.on_sign(Deeds(context, screen).heed)
    announce(replace(_reached(web, ports, trust), setup_code=_setup_code(gate)))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve(_listeners(ports, app, trust, transport)))
        if trust:
            tasks.create_task(_keep_trust(trust, clock))


def _load_pages() -> None:
    import gate.office.opening
    import gate.office.screen
    import gate.web.app  # noqa: F401 - loaded, to be used by whoever asks next


def _listeners(ports: _Ports, app: ASGIApp, trust: Trust | None, transport: Transport) -> list[Listener]:
    from gate.web.redirect import OnlyRedirect

    found = []
    if ports.tls and trust:
        found.append(Listener(ports.tls, app, lambda: trust.context))
    if ports.screen:
        found.append(Listener(ports.screen, app))
    if ports.redirect:
        found.append(Listener(ports.redirect, OnlyRedirect(transport)))
    return found


async def _keep_trust(trust: Trust, clock: TrustedClock) -> None:
    """Renew the pages' certificate in time, for as long as they are served; what cannot be is logged once."""
    last = ""
    while True:
        await asyncio.sleep(RENEWAL_LOOK_S)
        try:
            trust.keep(clock.now(), clock_trusted=clock.trusted)
            last = ""
        except GateError as error:
            if error.code != last:
                log_loss(error)
            last = error.code


def _soon(again: asyncio.Event) -> None:
    asyncio.get_running_loop().call_later(ANSWER_S, again.set)


def _reached(web: WebSettings, ports: _Ports, trust: Trust | None) -> Reached:
    names = site_names(web)
    name = names[0] if names else "localhost"  # a passkey is made for a host name
    named = f"[{name}]" if ":" in name else name
    authority = trust.authority if trust else None
    return Reached(
        pages=f"https://{named}:{port_of(ports.tls)}/" if ports.tls and trust else None,
        screen=f"http://{SCREEN_HOST}:{port_of(ports.screen)}/kiosk" if ports.screen else None,
        fingerprint=authority.fingerprint if authority else None,
    )


@contextmanager
def _opened(web: WebSettings) -> Iterator[_Ports]:
    """Open the ports for as long as the block runs; one that cannot be had is logged and gone without."""
    with ExitStack() as stack:

        def opened(host: str, port: int, setting: str) -> socket.socket | None:
            found = _or_none(lambda: listen(host, port, setting))
            return stack.enter_context(found) if found else None

        yield _Ports(
            tls=opened(web.host, web.port, "web.port"),
            screen=opened(SCREEN_HOST, web.screen_port, "web.screen_port"),
            redirect=None
            if web.redirect_port is None
            else opened(web.host, web.redirect_port, "web.redirect_port"),
        )


def _asked_once(settings: Settings) -> KeyPlace:
    """Give the place of the keys, whose passphrase is asked for at the first start alone: a door does not wait for typing."""
    place = key_place(settings)
    return replace(place, ask=cache(place.ask) if place.ask else None)


def _or_none(build: Callable[[], T]) -> T | None:
    """Build what the door can do without; say so when it cannot be had."""
    try:
        return build()
    except GateError as error:
        log_loss(error)
        return None


def _setup_code(gate: RunningGate) -> Callable[[], str] | None:
    """Give what draws the first set-up code, None where a manager can sign in already (R52)."""
    room, now = gate.store.staff, gate.clock.now
    return None if room.accounts.managers() else lambda: spelled(room.codes.set_up_code(now())[0])


def _nobody(_reached: Reached) -> None:
    """Tell nobody a second time."""
