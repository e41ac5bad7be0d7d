"""A Wiegand reader at two pins. The kernel stamps each edge with its time; a thread reads them and needs no hurry."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from firmware_bridge.attendant import TURN_S, Attendant
from firmware_bridge.drivers import Emit, Profile, Signal
from firmware_bridge.events import BridgeError
from firmware_bridge.gpio.lines import Edge, Input, Lines, Output, Take, take_lines
from firmware_bridge.wiegand import GAP_NS, PARITY_LENGTHS, Burst, Collector, read

SHOWN_S: Final = {Signal.GRANTED: 2.0, Signal.REFUSED: 0.5}
"""How long the light (granted) and the beeper (refused) are on. Nothing else is shown: the reader's own light is on."""
STUCK_TURNS: Final = 3
"""So many quiet turns a data line may be pulled low before the reader counts as lost. A bit takes 0.1 ms."""


@dataclass(frozen=True, slots=True)
class WiegandGpioOptions:
    """Which pins the reader's wires go to, through level shifters: a reader's 5 V would destroy them.

    chip: the label of the GPIO chip, as gpiodetect prints it. parity_bits: further frame lengths with parity at both
    ends, known of the site's cards. light_line, beeper_line: the reader's control wires, on while low; None: not wired.
    """

    chip: str
    data0_line: int
    data1_line: int
    parity_bits: tuple[int, ...] = ()
    light_line: int | None = None
    beeper_line: int | None = None


class WiegandGpio:
    """Reads cards and keys off two data lines.

    A reader that loses its supply or its cable leaves both lines high, as a reader without a card does: Wiegand cannot
    tell. Lost means here: a data line held low, or the pins taken away.
    """

    def __init__(self, options: WiegandGpioOptions, *, take: Take = take_lines) -> None:
        wanted = [options.data0_line, options.data1_line, options.light_line, options.beeper_line]
        used = [line for line in wanted if line is not None]
        if len(set(used)) != len(used):
            raise BridgeError("Two wires of the Wiegand reader name the same line. Give each its own.")
        self._options = options
        self._take = take
        self._attendant = Attendant("Wiegand reader", self._hold)
        self._lights: _Lights | None = None

    @property
    def profile(self) -> Profile:
        """Tell that a number on these wires can be copied."""
        return Profile.UID_ONLY

    @property
    def healthy(self) -> bool:
        """Tell whether the lines are held and rest as they must. A cut cable is not seen."""
        return self._attendant.healthy

    @property
    def supervised(self) -> bool:
        """Tell that a cut cable is not seen."""
        return False

    def open(self, emit: Emit) -> None:
        """Have the lines taken, as Attendant says."""
        self._attendant.open(emit)

    def poll(self, now: float) -> None:
        """Switch off what was shown long enough, and report a chip that hangs."""
        self._attendant.poll()
        if self._lights is not None:
            self._lights.poll(now)

    def close(self) -> None:
        """Give the lines back."""
        self._attendant.close()
        self._lights = None

    def show(self, signal: Signal) -> None:
        """Light on for granted, beep for refused."""
        if self._lights is not None:
            self._lights.show(signal)

    def _hold(self, emit: Emit) -> _Held:
        data = [
            Input(line, active_low=True, both_edges=False)
            for line in (self._options.data0_line, self._options.data1_line)
        ]
        held = _Held(self._take, data, self._options, emit)
        self._lights = held.lights
        return held


class _Held:
    """The two data lines while held. A pulse is a line going low, so low is active."""

    def __init__(self, take: Take, data: Sequence[Input], options: WiegandGpioOptions, emit: Emit) -> None:
        self._lines = take(options.chip, data)
        self._data0 = options.data0_line
        self._data1 = options.data1_line
        self._parity = PARITY_LENGTHS | set(options.parity_bits)
        self._emit = emit
        self._collector = Collector()
        self._next = 1
        self._low_turns = 0
        try:
            self._refuse_low()
        except Exception:
            self._lines.release()
            raise
        self.lights = _Lights(options, take)

    def attend(self) -> None:
        """Gather what came; after a pause as long as a gap, the burst is over."""
        waiting = self._collector.gathering
        edges = self._lines.edges(GAP_NS / 1e9 if waiting else TURN_S)
        if edges:
            self._low_turns = 0
            self._gather(edges)
        elif waiting:
            self._report(self._collector.end())
        elif self._low():
            self._low_turns += 1
            if self._low_turns >= STUCK_TURNS:
                raise BridgeError("A data line of the Wiegand reader is held low.")
        else:
            self._low_turns = 0

    def let_go(self) -> None:
        """Give the lines back."""
        self.lights.close()
        self._lines.release()

    def _gather(self, edges: Sequence[Edge]) -> None:
        for edge in edges:
            # The kernel threw edges away: what stands on either side of the hole is no frame.
            hole = edge.number != self._next
            self._next = edge.number + 1
            if hole:
                self._collector.spoil()
            self._report(self._collector.edge(1 if edge.line == self._data1 else 0, edge.at_ns))
            if hole:
                self._collector.spoil()

    def _report(self, burst: Burst | None) -> None:
        if burst is not None:
            self._emit(read(burst, parity=self._parity))

    def _refuse_low(self) -> None:
        if self._low():
            raise BridgeError(
                "A data line of the Wiegand reader is held low. Check its supply and its wires."
            )

    def _low(self) -> bool:
        return self._lines.active(self._data0) or self._lines.active(self._data1)


class _Lights:
    """The reader's light and beeper. Whatever fails here, nobody is kept out by it.

    Made and closed in the attendant's thread, shown and polled from the host's.
    """

    def __init__(self, options: WiegandGpioOptions, take: Take) -> None:
        wires = {Signal.GRANTED: options.light_line, Signal.REFUSED: options.beeper_line}
        self._wires = {signal: line for signal, line in wires.items() if line is not None}
        self._lock = threading.Lock()  # guards what is below
        self._until: dict[Signal, float | None] = {}
        """What is on, and until when; None: since the last poll."""
        self._lines: Lines | None = None
        if self._wires:
            with suppress(BridgeError, OSError):
                self._lines = take(
                    options.chip, [Output(line, active_low=True) for line in self._wires.values()]
                )

    def show(self, signal: Signal) -> None:
        with self._lock:
            if signal in self._wires:
                self._write(signal, active=True)
                self._until[signal] = None

    def poll(self, now: float) -> None:
        with self._lock:
            for signal, until in list(self._until.items()):
                if until is None:
                    self._until[signal] = now + SHOWN_S[signal]
                elif now >= until:
                    del self._until[signal]
                    self._write(signal, active=False)

    def close(self) -> None:
        with self._lock:
            for signal in self._until:
                self._write(signal, active=False)
            self._until.clear()
            lines, self._lines = self._lines, None
            if lines is not None:
                lines.release()

    def _write(self, signal: Signal, *, active: bool) -> None:
        if self._lines is not None:
            with suppress(OSError):
                self._lines.write(self._wires[signal], active=active)
