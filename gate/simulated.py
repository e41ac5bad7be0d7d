"""A clock and a screen for a desk without either, and all simulated devices of a gate in one hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from firmware_bridge.events import BridgeError
from firmware_bridge.simulators import SimulatedDoor, SimulatedReader
from gate.core import effects as do
from gate.core import inputs as on
from gate.core.types import Seconds
from gate.errors import RequestError
from gate.vision.client import SCENE_NAMES, VisionClient

DEEDS: Final[Mapping[str, Sequence[str]]] = {
    "reader": ("unplug", "plug", "tamper", "close-case", "babble"),
    "camera": ("kill-vision",),
    "door": (
        *("push", "shut", "leave", "exit", "force", "fire", "fire-over", "unplug-door", "plug-door"),
        *("fail-power", "mend-power", "open-other", "shut-other"),
    ),
}
"""What a hand can do to the simulated devices, beside cards, keys, codes and scenes."""
_BURST = 12


class SystemClock:
    """The machine's own clocks."""

    def monotonic(self) -> Seconds:
        """Give seconds that only grow."""
        return time.monotonic()

    def now(self) -> datetime:
        """Give the wall time in UTC."""
        return datetime.now(UTC)


class ShiftedClock(SystemClock):
    """The machine's clock, with a wall time that can be moved: how the demo closes an hour without waiting for it."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Give the moved wall time in UTC."""
        return super().now() + self._ahead

    def move(self, ahead: timedelta) -> None:
        """Move the wall time by *ahead*; monotonic time is untouched."""
        self._ahead += ahead


class SimulatedScreen:
    """A screen that shows every view at once, remembers it, and confirms a notice as a person would see it."""

    def __init__(self, post: Callable[[on.Input], None]) -> None:
        self._post = post
        self.views: list[do.View] = []
        self.live = True

    @property
    def view(self) -> do.View:
        """Give what is on the screen now."""
        return self.views[-1] if self.views else do.ClearScreen()

    def show(self, view: do.View | do.Aside) -> None:
        """Show *view*; a dark screen shows and confirms nothing. What is said aside is not remembered."""
        if not self.live or isinstance(view, do.TellRefused | do.Prolonged):
            return
        self.views.append(view)
        if isinstance(view, do.ShowNotice):
            self._post(on.NoticeShown(view.attempt, view.notice))


class DeskSimulation:
    """The simulated devices of one gate, for the simulator page and the command line."""

    def __init__(self, reader: SimulatedReader, door: SimulatedDoor, vision: VisionClient | None) -> None:
        self._reader = reader
        self._door = door
        self._vision = vision
        self._scene = "nobody"

    @property
    def scenes(self) -> Sequence[str]:
        """Name who can stand before the camera; none with a real camera."""
        return SCENE_NAMES if self._vision is not None and self._vision.is_simulated else ()

    @property
    def scene(self) -> str:
        """Name who stands there now."""
        return self._scene

    @property
    def door_locked(self) -> bool:
        """Tell whether the strike holds."""
        return self._door.locked

    @property
    def leaf_open(self) -> bool:
        """Tell whether the door stands open."""
        return self._door.leaf_open

    @property
    def reader_plugged(self) -> bool:
        """Tell whether the reader's cable is in."""
        return self._reader.healthy

    def set_scene(self, name: str) -> None:
        """Put somebody else before the camera. Raises RequestError for a scene there is not."""
        if self._vision is None or name not in self.scenes:
            raise RequestError(
                "scene-unknown",
                "There is no such scene before this camera.",
                remedy=f"Choose one of: {', '.join(self.scenes) or 'none, the camera is real'}.",
            )
        self._scene = name
        self._vision.set_scene(name)

    def present_card(self, value: int) -> None:
        """Hold a 26-bit card to the reader."""
        self._reader.present(value)

    def press(self, keys: str) -> None:
        """Press keys. Raises RequestError for a key the pad does not have."""
        try:
            self._reader.press(keys)
        except BridgeError as error:
            raise RequestError(
                "key-unknown", str(error), remedy="Type for example 1203#, the PIN, and #."
            ) from error

    def scan(self, text: str) -> None:
        """Hold a visitor's code before the scanner."""
        self._reader.scan(text)

    @property
    def deeds(self) -> Mapping[str, Sequence[str]]:
        """Name what can be done to each device, by the device."""
        return DEEDS

    def act(self, deed: str) -> None:
        """Do one of the deeds. Raises RequestError for one there is not."""
        reader, door = self._reader, self._door
        acts: dict[str, Callable[[], object]] = {
            "unplug": reader.unplug,
            "plug": reader.plug,
            "tamper": reader.tamper,
            "close-case": partial(reader.tamper, opened=False),
            "babble": partial(_often, reader.babble),
            "kill-vision": self._kill_vision,
            "push": door.push,
            "shut": door.shut,
            "leave": door.leave,
            "exit": door.press_exit,
            "force": door.force,
            "fire": door.fire,
            "fire-over": partial(door.fire, burning=False),
            "unplug-door": door.unplug,
            "plug-door": door.plug,
            "fail-power": door.fail_power,
            "mend-power": partial(door.fail_power, failed=False),
            "open-other": partial(door.other_door, open_=True),
            "shut-other": partial(door.other_door, open_=False),
        }
        if deed not in acts:
            raise RequestError(
                "deed-unknown",
                "There is nothing of that name to do to these devices.",
                remedy=f"Choose one of: {', '.join(acts)}.",
            )
        acts[deed]()

    def _kill_vision(self) -> None:
        """Kill the vision process, as a fault would."""
        if self._vision is not None:
            self._vision.kill()


def _often(babble: Callable[[], None]) -> None:
    """Send a burst of nonsense, as a broken wire does."""
    for _ in range(_BURST):
        babble()
