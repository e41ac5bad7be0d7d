"""``gate demo --door``: the whole gate between real wires, one line a step. Every line is an expectation.

The reader is libosdp's own device side, the controller the shipped firmware in real MicroPython, each on a pseudo
terminal. Lock, leaf, contacts and hands are simulated; database, keys, broker and every frame are real.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from firmware_bridge.drivers import Declared
from firmware_bridge.events import BridgeError
from gate.app import open_gate
from gate.core import effects as do
from gate.core.door import DoorView
from gate.core.types import Reason
from gate.demo.doors import trouble, visits
from gate.demo.doors.logbook import LogBook, logbook
from gate.demo.doors.pairing import pair_both
from gate.demo.doors.visits import Play
from gate.demo.doors.wires import CARD, Caller, Wires, move_in, wires
from gate.demo.story import Story
from gate.errors import DeviceFault
from gate.simulated import SimulatedScreen

_CHAPTERS = (
    visits.come_in,
    visits.come_as_guest,
    visits.come_under_threat,
    visits.come_at_another_hour,
    visits.nobody_comes_in,
    trouble.burn,
    trouble.pull_the_cable,
    trouble.reset_the_controller,
    trouble.hang_the_host,
    trouble.break_in,
    trouble.listen_at_the_wires,
)


async def tell_door(say: Callable[[str], None]) -> bool:
    """Play the whole story; returns whether every expectation held. Raises DeviceFault where MicroPython is missing."""
    story = Story(say)
    with logbook() as book:
        try:
            story.chapter("An installer comes. Nothing is believed on a wire before it has a key of its own.")
            async with _playing(story, book) as play:
                for chapter in _CHAPTERS:
                    await chapter(play)
            story.chapter("Another door, fail-safe, where it takes two factors; its devices are paired anew.")
            async with _playing(story, book, declared=Declared.FAIL_SAFE, two_factors=True) as play:
                await _two_factors(play)
        except TimeoutError as error:
            story.expect(False, f"in vain: {error}")
        except BridgeError as error:
            raise DeviceFault(
                "demo-devices", str(error), remedy="Run make demo-door, which sets up what it needs."
            ) from error
    say(
        "\nEvery expectation held."
        if not story.failures
        else f"\n{story.failures} expectations did not hold."
    )
    return not story.failures


@asynccontextmanager
async def _playing(
    story: Story, book: LogBook, *, declared: Declared = Declared.FAIL_SECURE, two_factors: bool = False
) -> AsyncIterator[Play]:
    with (
        tempfile.TemporaryDirectory(prefix="gate-demo-") as folder,
        wires(Path(folder), declared=declared, two_factors=two_factors) as there,
    ):
        pair_both(story, there)
        async with _calling(story, there, book) as play:
            yield play


@asynccontextmanager
async def _calling(story: Story, there: Wires, book: LogBook) -> AsyncIterator[Play]:
    resident = move_in(there.settings)
    screens: list[SimulatedScreen] = []

    def make_screen(post: Callable[..., None]) -> SimulatedScreen:
        screens.append(SimulatedScreen(post))
        return screens[0]

    began = time.monotonic()
    async with open_gate(there.settings, make_screen) as gate:
        caller = Caller(gate, screens[0], there)
        await caller.until(
            lambda: gate.hardware.reader_healthy and gate.doorkeeper.look is DoorView.LOCKED,
            "the gate to be ready",
        )
        story.expect(
            True,
            f"the gate starts: reader and controller have proved themselves after {time.monotonic() - began:.1f} s",
        )
        yield Play(story, caller, resident, book)


async def _two_factors(play: Play) -> None:
    story, caller = play.story, play.caller
    await caller.rests()
    await caller.sees(do.AskSecond, lambda: caller.reader.present(CARD))
    story.expect(
        caller.box.locked, "her card alone: the screen asks for the second factor, and the door stays locked"
    )
    caller.reader.press(f"{play.resident.pin}#")
    await caller.until(lambda: not caller.box.locked, "the lock to be free")
    story.expect(True, "her PIN at the OSDP keypad: opens")
    await caller.rests()
    began = time.monotonic()
    shown = await caller.sees(do.ShowResult, lambda: caller.reader.present(CARD), patience=30)
    story.expect(
        shown.reason is Reason.SECOND_MISSING and caller.box.locked,
        f"her card, and nothing after it: refused {time.monotonic() - began:.0f} s later ({shown.reason})",
    )
    await trouble.hang_the_host(play, fail_safe=True)
