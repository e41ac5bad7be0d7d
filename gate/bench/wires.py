"""Reader and door at the end of a line as slow as a real one, for the bench: the devices' own software, and a gate on it."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Final, Literal

from firmware_bridge.drivers import Declared, Door, Reader
from firmware_bridge.events import CardRead, DeviceEvent, StrikeReleased
from firmware_bridge.link.controller import Controller, ControllerOptions
from firmware_bridge.mcu.door_logic import REST_MS
from firmware_bridge.mcu_sim.pty_device import SimulatedController
from firmware_bridge.osdp.options import OsdpOptions
from firmware_bridge.osdp.panel import OsdpPanel
from firmware_bridge.osdp.peripheral import SimulatedOsdpReader
from firmware_bridge.relay import Relay
from gate.app import RunningGate, open_gate, open_store
from gate.bench.desk import CARD, bench_settings, move_in
from gate.core import door_inputs as at_door
from gate.core import effects as do
from gate.core.types import Seconds
from gate.errors import DeviceFault
from gate.listening import CARDS_MOST, WINDOW_S
from gate.settings import DoorSettings, FaceSettings, ReaderSettings, Settings
from gate.settings_devices import Baud, ControllerSettings, OsdpSettings

Kind = Literal["osdp", "controller"]
PATIENCE_S: Final[Seconds] = 10.0
CARD_PATIENCE_S: Final[Seconds] = 3.0
RELEASE_S: Final[Seconds] = 0.5
PAUSE_S: Final[Seconds] = 1.1 * WINDOW_S / CARDS_MOST
"""Between two cards: a reader that reads more is taken for broken."""
_JITTER_US: Final = 25_000
"""At which moment of the line's own rhythm a card comes is left to chance: a little more than one of its polls."""
_TOLD_BYTES: Final = 400
"""Light, beep and polls after a card, with room: on a slow line the next card would wait behind them."""
_REST_S: Final[Seconds] = REST_MS / 1000 + 0.1
"""How long the strike is left locked between two cards: less would not count as a rest."""
_WIEGAND_S: Final[Seconds] = 0.021
"""What the simulated Wiegand reader takes at least to send a card: counted out, it is the reader's own.

26 bits of a millisecond, less the one round of 5 ms by which the simulator may begin too early.
"""
_KEY_BYTES: Final[Mapping[Kind, int]] = {"osdp": 16, "controller": 32}
LOOK_S: Final[Seconds] = 0.005


@dataclass(frozen=True, slots=True)
class Wire:
    """One device that reads and opens, at the host's end of its slow line.

    port: what the host opens. sends_s: what the device's reader takes to send a card before the device has it.
    """

    kind: Kind
    baud_per_s: Baud
    port: str
    key: bytes = field(repr=False)
    present: Callable[[], None]
    press: Callable[[str], None]
    sends_s: Seconds


@contextmanager
def wire(kind: Kind, baud_per_s: Baud) -> Iterator[Wire]:
    """Run the device, libosdp's own or the controller's firmware, behind a line of *baud_per_s*."""
    key = secrets.token_bytes(_KEY_BYTES[kind])
    if kind == "osdp":
        with (
            closing(SimulatedOsdpReader(key)) as device,
            closing(Relay(device.port, baud_per_s=baud_per_s)) as line,
        ):
            yield Wire(kind, baud_per_s, line.port, key, lambda: device.present(CARD), device.press, 0.0)
        return
    with closing(SimulatedController(key, declared=Declared.FAIL_SECURE)) as box:
        box.start()
        with closing(Relay(box.path, baud_per_s=baud_per_s)) as line:
            yield Wire(kind, baud_per_s, line.port, key, lambda: box.present(CARD), box.press, _WIEGAND_S)


class Stopwatch:
    """A screen, and an ear at the door: when the strike was asked for the last card, and when it was free."""

    live = True

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin to wait for the next card."""
        self.asked: asyncio.Future[Seconds] = asyncio.Future()
        self.freed: asyncio.Future[Seconds] = asyncio.Future()

    def show(self, view: do.View | do.Aside) -> None:
        """Take the result, which is shown right after the strike was asked."""
        if isinstance(view, do.ShowResult) and not self.asked.done():
            if view.granted:
                self.asked.set_result(perf_counter())
            else:
                self.asked.set_exception(
                    DeviceFault("bench-refused", "The gate did not open.", remedy="Run gate check.")
                )

    def hear(self, event: at_door.DoorInput) -> None:
        """Take what the door reports."""
        if isinstance(event, at_door.StrikeReleased) and not self.freed.done():
            self.freed.set_result(perf_counter())


@dataclass(slots=True)
class Doorway:
    """A whole gate on slow lines, without face."""

    gate: RunningGate
    watch: Stopwatch
    pause_s: Seconds
    pin: str = field(repr=False)

    async def enter(self, act: Callable[[], Seconds]) -> tuple[Seconds, Seconds]:
        """Do *act*, which gives when it was done; give how long until the strike was asked, and until it was free.

        Raises TimeoutError where no answer comes.
        """
        await self.rest()
        self.watch.reset()
        began = act()
        asked = await asyncio.wait_for(self.watch.asked, CARD_PATIENCE_S)
        freed = await asyncio.wait_for(self.watch.freed, CARD_PATIENCE_S)
        return asked - began, freed - began

    async def rest(self) -> None:
        """Wait until the strike is locked and rested: while it is free nobody asks for it again."""
        await until(lambda: not self.gate.doorkeeper.door.strike_free)
        await asyncio.sleep(max(self.pause_s, _REST_S) + secrets.randbelow(_JITTER_US) / 1e6)


@asynccontextmanager
async def doorway(models_dir: Path, reader: Wire, door: Wire) -> AsyncIterator[Doorway]:
    """Run a gate on two lines, or on one device that is both, until it answers; its one resident has card and PIN."""
    with tempfile.TemporaryDirectory(prefix="gate-bench-") as folder:
        settings = _settings(Path(folder), models_dir, reader, door)
        move_in(settings)
        pin = _pair(settings, {each.kind: each.key for each in (reader, door)})
        watch = Stopwatch()
        async with open_gate(settings, lambda _: watch) as gate:

            def hear(event: at_door.DoorInput) -> None:
                watch.hear(event)
                gate.doorkeeper.take(event)

            gate.hardware.on_door(hear)
            await until(lambda: gate.hardware.door_healthy)
            if (
                reader.kind == "osdp"
            ):  # of a reader behind the controller nothing is known before its first card
                await until(lambda: gate.hardware.reader_healthy)
            await until(lambda: gate.service.gate.entry is None)
            yield Doorway(gate, watch, max(PAUSE_S, _TOLD_BYTES * 10 / reader.baud_per_s), pin)


async def until(holds: Callable[[], bool]) -> None:
    """Wait until *holds*. Raises TimeoutError after PATIENCE_S."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(LOOK_S)


class Bare:
    """The device's driver alone: every card asks the strike at once, and nobody is asked who that is."""

    def __init__(self, line: Wire) -> None:
        self._line = line
        self._loop = asyncio.get_running_loop()
        self._freed: asyncio.Future[Seconds] = asyncio.Future()
        self._device = _device(line)

    async def open(self) -> None:
        """Open both faces and wait until they answer."""
        self._device.reader.open(self._heard)
        self._device.door.open(self._heard)
        await self._polled(lambda: self._device.door.healthy and self._device.reader.healthy)

    async def enter(self) -> Seconds:
        """Present one card; give how long until the strike was free. Raises TimeoutError where it never was."""
        await self._pass(RELEASE_S + _REST_S + secrets.randbelow(_JITTER_US) / 1e6)
        self._freed = asyncio.Future()
        began = perf_counter() + self._line.sends_s
        self._line.present()
        await self._polled(self._freed.done)
        return self._freed.result() - began

    def close(self) -> None:
        """Let go of the line."""
        self._device.reader.close()
        self._device.door.close()

    def _heard(self, event: DeviceEvent) -> None:
        if isinstance(event, CardRead):
            self._device.door.release(seconds=RELEASE_S)
        elif isinstance(event, StrikeReleased):
            self._loop.call_soon_threadsafe(self._free, perf_counter())

    def _free(self, at: Seconds) -> None:
        if not self._freed.done():
            self._freed.set_result(at)

    async def _pass(self, seconds: Seconds) -> None:
        end = perf_counter() + seconds
        await self._polled(lambda: perf_counter() >= end)

    async def _polled(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                self._device.door.poll(perf_counter())
                await asyncio.sleep(LOOK_S)


@dataclass(frozen=True, slots=True)
class _Device:
    reader: Reader
    door: Door


def _device(line: Wire) -> _Device:
    if line.kind == "osdp":
        panel = OsdpPanel(OsdpOptions(line.port, line.baud_per_s), line.key)
        return _Device(panel.reader, panel.door)
    options = ControllerOptions(line.port, line.baud_per_s)
    controller = Controller(options, line.key, Declared.FAIL_SECURE)
    return _Device(controller.reader, controller.door)


def _settings(folder: Path, models_dir: Path, reader: Wire, door: Wire) -> Settings:
    lines = {each.kind: each for each in (reader, door)}
    sections: dict[str, object] = {
        "reader": ReaderSettings(driver=reader.kind),
        "door": DoorSettings(driver=door.kind, declared="fail-secure", release_s=RELEASE_S),
        "face": FaceSettings(enabled=False),
        "camera": None,
    }
    if "osdp" in lines:
        sections["osdp"] = OsdpSettings(port=lines["osdp"].port, baud_per_s=lines["osdp"].baud_per_s)
    if "controller" in lines:
        line = lines["controller"]
        sections["controller"] = ControllerSettings(port=line.port, baud_per_s=line.baud_per_s)
    return bench_settings(folder, models_dir).model_copy(update=sections)


def _pair(settings: Settings, keys: Mapping[Kind, bytes]) -> str:
    """Keep the devices' keys as a pairing does, and give the resident a PIN, which is returned."""
    now = datetime.now(UTC)
    with closing(open_store(settings)) as store:
        for kind, key in keys.items():
            store.device_keys.offer(kind, key, at=now)
            store.device_keys.confirm(kind, at=now)
        [resident] = store.people.list()
        return store.credentials.issue_pin(resident.id, at=now)
