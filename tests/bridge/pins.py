"""A GPIO chip made of nothing, with what hangs on it: levels, owners, edges with the kernel's stamps, a cable."""

import threading
import time
from dataclasses import dataclass, field

from firmware_bridge.drivers import Declared
from firmware_bridge.events import BridgeError, CardRead, DeviceEvent
from firmware_bridge.gpio import GpioDoor, GpioDoorOptions, WiegandGpio, WiegandGpioOptions
from firmware_bridge.gpio.lines import EDGES_KEPT, Edge, Input
from firmware_bridge.wiegand import GAP_NS, frame
from tests.contract.benches import real_time

LABEL = "pinctrl-test"
BIT_NS = 200_000
CARD = CardRead(26, 40451)
READER_OPTIONS = WiegandGpioOptions(LABEL, 5, 6)


class Chip:
    """Lines that are high unless driven low, as pull-ups make them. Its edges are as libgpiod's: logical, numbered."""

    def __init__(self):
        self.low = set()
        self.driven = {}
        self.history = []
        self.there = True
        self._held = []
        self._stamp = time.monotonic_ns()

    def take(self, label, wires):
        if label != LABEL or not self.there:
            raise BridgeError(f"No GPIO chip has the label {label}. Name one that is there: none.")
        wanted = {wire.line for wire in wires}
        if any(wanted & set(other.wires) for other in self._held):
            raise BridgeError(
                "The lines cannot be taken: Device or resource busy. See with gpioinfo who holds them."
            )
        held = Held(self, {wire.line: wire for wire in wires})
        self._held.append(held)
        for wire in wires:
            if not isinstance(wire, Input):
                held.write(wire.line, active=False)
        return held

    def pull(self, line, *, low):
        """Change an input's level, as a contact does."""
        if (line in self.low) == low:
            return
        (self.low.add if low else self.low.discard)(line)
        for held in self._held:
            held.changed(line, low=low, at_ns=self.tick(BIT_NS))

    def tick(self, by_ns):
        self._stamp = max(self._stamp + by_ns, time.monotonic_ns())
        return self._stamp

    def pulses(self, lines):
        """Send pulses on these lines, one after the other, and then the silence of a gap."""
        first = self.tick(GAP_NS)
        for place, line in enumerate(lines):
            for held in self._held:
                held.changed(line, low=True, at_ns=first + place * BIT_NS)
        self.tick(len(lines) * BIT_NS)

    def unplug(self):
        self.there = False
        for held in self._held:
            held.wake()

    def plug(self):
        self.there = True

    def forget(self, held):
        if held in self._held:
            self._held.remove(held)


class Held:
    """Lines of a Chip while one owner has them."""

    def __init__(self, chip, wires):
        self.wires = wires
        self._chip = chip
        self._queue = []
        self._number = 0
        self._news = threading.Condition()

    def changed(self, line, *, low, at_ns):
        wire = self.wires.get(line)
        active = wire is not None and low == wire.active_low
        if not isinstance(wire, Input) or not (active or wire.both_edges):
            return
        with self._news:
            self._number += 1
            self._queue.append(Edge(line, active, at_ns, self._number))
            del self._queue[:-EDGES_KEPT]
            self._news.notify_all()

    def wake(self):
        with self._news:
            self._news.notify_all()

    def edges(self, seconds):
        self._refuse_unplugged()
        with self._news:
            if not self._queue:
                self._news.wait(seconds)
            came, self._queue = self._queue, []
        self._refuse_unplugged()
        return came

    def active(self, line):
        self._refuse_unplugged()
        return (line in self._chip.low) == self.wires[line].active_low

    def write(self, line, *, active):
        self._refuse_unplugged()
        high = active != self.wires[line].active_low
        self._chip.driven[line] = high
        self._chip.history.append((line, high))

    def release(self):
        self._chip.forget(self)

    def _refuse_unplugged(self):
        if not self._chip.there:
            raise OSError(19, "No such device")


@dataclass
class ReaderDesk:
    """A Wiegand reader at two lines of a chip."""

    chip: Chip = field(default_factory=Chip)
    heard: list[DeviceEvent] = field(default_factory=list)
    options: WiegandGpioOptions = READER_OPTIONS

    def __post_init__(self):
        self.driver = WiegandGpio(self.options, take=self.chip.take)

    def burst(self, count, value):
        data = (self.options.data0_line, self.options.data1_line)
        self.chip.pulses([data[value >> count - 1 - place & 1] for place in range(count)])

    def present(self, card=CARD):
        self.burst(card.bits, frame(card))
        return card

    def press(self, keys):
        for key in keys:
            nibble = "0123456789*#".index(key)
            self.burst(8, (nibble ^ 0xF) << 4 | nibble)

    def ground(self, *, low=True):
        """Short DATA0 to ground, or mend it."""
        self.chip.pull(self.options.data0_line, low=low)


DOOR_OPTIONS = GpioDoorOptions(
    LABEL,
    strike_line=10,
    relay_s=0.5,
    leaf_line=11,
    exit_line=12,
    fire_line=13,
    case_line=14,
    power_line=15,
    other_door_line=16,
)


@dataclass
class DoorDesk:
    """A door at the lines of a chip: each loop closed to ground, the exit button open."""

    chip: Chip = field(default_factory=Chip)
    heard: list[DeviceEvent] = field(default_factory=list)
    options: GpioDoorOptions = DOOR_OPTIONS

    def __post_init__(self):
        for name, line in self.options.inputs.items():
            self.chip.pull(line, low=name != "exit")
        self.driver = GpioDoor(self.options, Declared.FAIL_SECURE, take=self.chip.take)

    def loop(self, name, *, closed):
        self.chip.pull(self.options.inputs[name], low=closed)

    @property
    def strike_pulses(self):
        """How often the strike's pin went active."""
        levels = [high for line, high in self.chip.history if line == self.options.strike_line]
        return sum(after and not before for before, after in zip([False, *levels], levels, strict=False))


def holds(until):
    return real_time(lambda: None, until)


def heard_of(desk, kind):
    return [event for event in desk.heard if isinstance(event, kind)]
