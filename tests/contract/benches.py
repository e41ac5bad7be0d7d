"""One desk for each driver: what it is attached to, how its time passes, and what can be done to it there."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from firmware_bridge.drivers import Door, Reader
from firmware_bridge.events import CardRead, DeviceEvent
from firmware_bridge.simulators import SimulatedDoor, SimulatedReader

PATIENCE_S = 10.0


def real_time(step: Callable[[], None], until: Callable[[], bool]) -> bool:
    """Let real time pass, stepping, until what was waited for holds; False when it never did."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        step()
        if until():
            return True
        time.sleep(0.01)
    return False


@dataclass
class Bench:
    """A driver, not yet open, on its desk. What a device cannot do is None, and its claims are not asked of it.

    wait: lets time pass, polling the driver, until the condition holds; False when it never does. present: holds a card
    to it and gives the CardRead that must follow. press: presses a key. cut, mend: the cable. babble: sends it noise.
    """

    driver: Reader | Door
    wait: Callable[[Callable[[], bool]], bool]
    present: Callable[[], CardRead] | None = None
    press: Callable[[str], None] | None = None
    cut: Callable[[], None] | None = None
    mend: Callable[[], None] | None = None
    babble: Callable[[], None] | None = None
    heard: list[DeviceEvent] = field(default_factory=list)

    def open(self) -> None:
        self.driver.open(self.heard.append)

    def hear(self, kind: type[DeviceEvent], times: int = 1) -> bool:
        """Wait until *kind* was reported so often."""
        return self.wait(lambda: sum(isinstance(each, kind) for each in self.heard) >= times)


class DeskTime:
    """Time that passes only when waited for."""

    def __init__(self, driver: Reader | Door) -> None:
        self._driver = driver
        self._now = 0.0

    def wait(self, until: Callable[[], bool]) -> bool:
        for _ in range(1000):
            self._driver.poll(self._now)
            if until():
                return True
            self._now += 0.05
        return False


@contextmanager
def simulated_reader() -> Iterator[Bench]:
    reader = SimulatedReader()

    def present() -> CardRead:
        reader.present(40451)
        return CardRead(26, 40451)

    yield Bench(
        reader,
        DeskTime(reader).wait,
        present=present,
        press=reader.press,
        cut=reader.unplug,
        mend=reader.plug,
        babble=reader.babble,
    )
    reader.close()


@contextmanager
def simulated_door() -> Iterator[Bench]:
    door = SimulatedDoor()
    yield Bench(door, DeskTime(door).wait, cut=door.unplug, mend=door.plug)
    door.close()
