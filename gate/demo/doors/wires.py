"""The devices of a desk gate on wires, the settings file that names them, and somebody who uses them."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from firmware_bridge.drivers import Declared
from firmware_bridge.mcu_sim.pty_device import MicroPythonController, SimulatedController
from firmware_bridge.osdp.peripheral import SimulatedOsdpReader
from firmware_bridge.simulators import SimulatedReader
from gate.app import RunningGate, open_store
from gate.core import effects as do
from gate.core.door import DoorView
from gate.core.types import PersonId, Seconds
from gate.settings import Settings, read_settings
from gate.simulated import SimulatedScreen

UNIT, NAME, CARD = "1203", "Ada Chen", 40451
RELEASE_S: Seconds = 1.0
HELD_AFTER_S: Seconds = 5.0
PATIENCE_S: Seconds = 15.0
_ANSWER_S: Seconds = 8.0
_LOOK_S: Seconds = 0.002
_SETTINGS = """\
[site]
gate_id = "demo"
controller = "Demo Compound"
contact = "+86 10 5555 0100"
[reader]
driver = "osdp"
also = ["controller", "simulated"]
[osdp]
port = "{osdp}"
[door]
driver = "controller"
declared = "{declared}"
release_s = {release_s}
held_after_s = {held_after_s}
[controller]
port = "{controller}"
[access]
duress = true
two_factors = {two_factors}
[web]
port = 0
screen_port = 0
[storage]
data_dir = "{folder}/data"
keys_dir = "{folder}/keys"
"""

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Wires:
    """What hangs on the wires, and the settings file of the gate between them. Nothing is paired yet."""

    reader: SimulatedOsdpReader
    box: SimulatedController
    config: Path

    @property
    def settings(self) -> Settings:
        """Give the settings as the gate reads them."""
        return read_settings(self.config)


@contextmanager
def wires(
    folder: Path,
    *,
    declared: Declared = Declared.FAIL_SECURE,
    two_factors: bool = False,
    controller: type[SimulatedController] = MicroPythonController,
) -> Iterator[Wires]:
    """Set up reader and controller as they come from the factory, for a gate whose state lies in *folder*.

    The controller's lock has no contacts in its supply: fire and exit are shown by what the firmware does.
    """
    with (
        tempfile.TemporaryDirectory(
            prefix="gate-wires-", dir="/dev/shm"
        ) as ports,  # settings take a port below /dev only
        closing(SimulatedOsdpReader(None)) as reader,
        closing(controller(None, declared=declared, bypass=False)) as box,
    ):
        box.start()
        line = Path(ports) / "controller"
        line.symlink_to(box.path)
        config = folder / "gate.toml"
        config.write_text(
            _SETTINGS.format(
                osdp=reader.port,
                controller=line,
                declared=declared,
                release_s=RELEASE_S,
                held_after_s=HELD_AFTER_S,
                two_factors=str(two_factors).lower(),
                folder=folder,
            ),
            encoding="utf-8",
        )
        yield Wires(reader, box, config)


@dataclass(frozen=True, slots=True)
class Resident:
    """Who lives behind the door, with what was handed over at the desk."""

    person: PersonId
    pin: str = field(repr=False)
    duress_pin: str = field(repr=False)


def move_in(settings: Settings) -> Resident:
    """Add one resident with a card, a PIN and a duress PIN, to a store that no gate has opened yet."""
    with closing(open_store(settings)) as store:
        now = datetime.now(UTC)
        person = store.people.add(UNIT, NAME, "")
        store.credentials.issue_card(person, f"26:{CARD}", at=now)
        fresh, duress_pin = store.credentials.make_pins(person)
        return Resident(person, store.credentials.issue_pin(person, fresh, at=now), duress_pin)


class Caller:
    """Somebody at the gate: holds cards, types, scans, pushes, and sees what the screen says."""

    def __init__(self, gate: RunningGate, screen: SimulatedScreen, wires: Wires) -> None:
        self.gate = gate
        self.screen = screen
        self.reader = wires.reader
        self.box = wires.box
        (self._scanner,) = (each for each in gate.readers if isinstance(each, SimulatedReader))

    async def card(self, value: int = CARD) -> do.ShowResult:
        """Hold a card to the OSDP reader, once the door rests; wait for the answer."""
        return await self._at_reader(lambda: self.reader.present(value))

    async def card_at_controller(self, value: int = CARD) -> do.ShowResult:
        """Hold a card to the controller's Wiegand reader."""
        return await self.after(lambda: self.box.present(value))

    async def pin(self, pin: str) -> do.ShowResult:
        """Type unit and PIN at the OSDP keypad."""
        return await self._at_reader(lambda: self.reader.press(f"*{UNIT}#{pin}#"))

    async def card_and_pin(self, pin: str) -> do.ShowResult:
        """Hold her card to the OSDP reader and, asked for it, type her PIN."""
        await self.rests()
        await self.sees(do.AskSecond, lambda: self.reader.present(CARD))
        return await self.sees(do.ShowResult, lambda: self.reader.press(f"{pin}#"))

    async def code(self, text: str) -> do.ShowResult:
        """Hold a visitor's code before the scanner."""
        return await self.after(lambda: self._scanner.scan(text))

    async def after(self, act: Callable[[], object]) -> do.ShowResult:
        """Let the door come to rest, do something, and wait for the result on the screen."""
        await self.rests()
        return await self.sees(do.ShowResult, act)

    async def _at_reader(self, act: Callable[[], object]) -> do.ShowResult:
        """Do something at the OSDP reader, and again where its channel broke meanwhile and may have lost of it.

        That happens where the machine is too busy to let the simulated reader answer within its 200 ms.
        """
        while True:
            await self.rests()
            before = self._channels
            try:
                shown = await self.sees(do.ShowResult, act, _ANSWER_S)
            except TimeoutError:
                if self._channels == before:
                    raise
                continue
            if shown.granted or self._channels == before:
                return shown

    @property
    def _channels(self) -> int:
        """Count how often the secure channel was set up: the gate asks for the reader's status each time."""
        import osdp

        return self.reader.shown.count(osdp.Command.Status)

    async def rests(self) -> None:
        """Wait until the door is locked, and known to be."""
        await self.until(
            lambda: self.box.locked and self.gate.doorkeeper.look is not DoorView.RELEASING,
            "the door to rest",
        )

    async def sees(self, kind: type[V], act: Callable[[], object], patience: Seconds = PATIENCE_S) -> V:
        """Do something and wait for the first view of *kind*."""
        since = len(self.screen.views)
        act()
        found: list[V] = []

        def look() -> bool:
            found.extend(view for view in self.screen.views[since:] if isinstance(view, kind))
            return bool(found)

        await self.until(look, f"the screen to show {kind.__name__}", patience)
        return found[0]

    async def until(self, holds: Callable[[], bool], what: str, patience: Seconds = PATIENCE_S) -> Seconds:
        """Wait until *holds*; give how long it took. Raises TimeoutError that names *what* was waited for."""
        began = time.monotonic()
        while not holds():
            if time.monotonic() - began > patience:
                raise TimeoutError(f"waited {patience:g} s for {what}")
            await asyncio.sleep(_LOOK_S)
        return time.monotonic() - began

    def hang_until(self, holds: Callable[[], bool], what: str, patience: Seconds = PATIENCE_S) -> Seconds:
        """Do the same, with the gate's own loop hung meanwhile: nothing of the gate runs."""
        began = time.monotonic()
        while not holds():
            if time.monotonic() - began > patience:
                raise TimeoutError(f"waited {patience:g} s for {what}")
            time.sleep(_LOOK_S)
        return time.monotonic() - began

    def hang_for(self, seconds: Seconds) -> None:
        """Hang the gate's own loop for so long."""
        time.sleep(seconds)

    async def wait(self, seconds: Seconds) -> None:
        """Let time pass, with the gate at work."""
        await asyncio.sleep(seconds)

    @property
    def results(self) -> int:
        """Count the results that the screen has shown."""
        return sum(isinstance(view, do.ShowResult) for view in self.screen.views)
