"""A door at the computer's own pins: one pin asks a timer relay for one release, others see contacts.

A pin has no clock: a program that hangs leaves it as it is. So no pin may hold a strike. The pin gives a short pulse,
and its beginning starts a timer relay that times the strike by itself, whatever the pin does afterwards. Fire and exit
are wired to the strike's supply, not to the computer; the pins only see them (R65, R66).
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from firmware_bridge.attendant import TURN_S, Attendant
from firmware_bridge.drivers import LEASE_S, MAX_RELEASE_S, Declared, Emit, Standing
from firmware_bridge.events import (
    BridgeError,
    CaseClosed,
    CaseOpened,
    DeviceEvent,
    ExitRequested,
    FireOver,
    FireStarted,
    LeafClosed,
    LeafOpened,
    OtherDoorClosed,
    OtherDoorOpened,
    PowerBack,
    PowerFailed,
    StrikeLocked,
    StrikeReleased,
)
from firmware_bridge.gpio.lines import Input, Lines, Output, Take, take_lines

PULSE_S: Final = 0.15
"""How long the pin is active: timer relays want 50 ms or more. Ends up to one turn later."""
DEBOUNCE_US: Final = 20_000
"""How long a contact must hold to count."""
SHORTEST_RELAY_S: Final = 0.5
REST_S: Final = 0.5
"""How long the relay is left alone after releases were asked for while it ran: so the strike is seen to lock."""
GAP_S: Final = 0.5
"""A relay started within this after it ended goes on with the same run, which lasts MAX_RELEASE_S at most."""
_HURRY_S: Final = 0.05
"""How long a release may wait for the pin, which a chip that hangs keeps."""

CONTACTS: Final[Mapping[str, tuple[DeviceEvent, DeviceEvent]]] = MappingProxyType(
    {
        "leaf": (LeafOpened(), LeafClosed()),
        "fire": (FireStarted(), FireOver()),
        "case": (CaseOpened(), CaseClosed()),
        "power": (PowerFailed(), PowerBack()),
        "other_door": (OtherDoorOpened(), OtherDoorClosed()),
    }
)
"""What each contact says when its loop is open, and when it is closed."""


@dataclass(frozen=True, slots=True)
class GpioDoorOptions:
    """Which pins the door's wires go to, through a relay board and opto-couplers.

    chip: the label of the GPIO chip, as gpiodetect prints it. relay_s: the time set at the timer relay, 0.5 to 7 s:
    what every release lasts. The contacts are loops to ground that are closed while all is well (leaf in its frame, no
    fire, case shut, supply good), so that a cut wire reads as trouble; exit_line is a button that closes when pressed.
    inverted: the names of contacts wired the other way round (leaf, fire, case, power, other_door, exit).
    """

    chip: str
    strike_line: int
    relay_s: float
    strike_active_low: bool = False
    leaf_line: int | None = None
    exit_line: int | None = None
    fire_line: int | None = None
    case_line: int | None = None
    power_line: int | None = None
    other_door_line: int | None = None
    inverted: tuple[str, ...] = ()

    @property
    def inputs(self) -> Mapping[str, int]:
        """Which contact is on which line, for those that are wired."""
        named = {
            "leaf": self.leaf_line,
            "exit": self.exit_line,
            "fire": self.fire_line,
            "case": self.case_line,
            "power": self.power_line,
            "other_door": self.other_door_line,
        }
        return {name: line for name, line in named.items() if line is not None}


class GpioDoor:
    """A strike behind a timer relay. What it reports of the strike is what it asked for: a relay does not answer.

    It cannot stand open, and cannot open by itself when this computer is silent, so it serves fail-secure doors only.
    """

    def __init__(self, options: GpioDoorOptions, declared: Declared, *, take: Take = take_lines) -> None:
        _refuse_what_cannot_be(options, declared)
        self._options = options
        self._take = take
        self._strike = _Strike(options)
        self._attendant = Attendant("door at the pins", self._hold)
        self._emit: Emit | None = None
        self._now = 0.0
        self._locks_at: float | None = None
        self._locked_until = -math.inf

    @property
    def healthy(self) -> bool:
        """Tell whether the lines are held. Whether the relay hears them is not seen."""
        return self._attendant.healthy

    def open(self, emit: Emit) -> None:
        """Have the lines taken, the strike's at rest, as Attendant says."""
        self.close()
        self._attendant.open(emit)
        self._emit = emit

    def poll(self, now: float) -> None:
        """Say that the relay's time is over, and report a chip that hangs."""
        self._attendant.poll()
        self._now = now
        if self._locks_at is None:
            return
        if self._locks_at == math.inf:
            self._locks_at = now + self._options.relay_s
        elif now >= self._locks_at:
            self._locks_at = None
            self._tell(StrikeLocked())

    def close(self) -> None:
        """Put the strike's pin to rest and give the lines back. A release that runs ends by the relay's clock."""
        self._emit = None
        self._attendant.close()
        self._locks_at = None
        self._locked_until = -math.inf

    def release(self, *, seconds: float) -> None:
        """Start the timer relay, for its own time, which is not more than *seconds*.

        While it runs, a release is that release too and ends with it: a relay that is started anew would hold the
        strike. Then the relay rests for REST_S. Raises BridgeError while it rests, when the relay's time is longer than
        asked for, while the door stands locked, and when the pin is not to be had.
        """
        if not 0 < seconds < math.inf:
            raise BridgeError(
                f"A release lasts more than zero seconds, not {seconds}. Correct the door's release time."
            )
        if seconds < self._options.relay_s:
            raise BridgeError(
                f"The timer relay releases for {self._options.relay_s} s, not for {seconds} s."
                " Set the door's release time to the relay's, or the relay to a shorter one and relay_s with it."
            )
        if self._now < self._locked_until:
            raise BridgeError("The door stands locked. End the lockdown first.")
        if not self.healthy:
            raise BridgeError("The door's pins are not held. Look at the chip and the lines in the settings.")
        if self._strike.pulse() or self._locks_at is None:
            self._locks_at = math.inf
        self._tell(StrikeReleased())

    def stand(self, standing: Standing, *, seconds: float) -> None:
        """Stand normal, or locked by refusing releases. Raises BridgeError for open, which no pulse can do."""
        if not 0 < seconds < math.inf:
            raise BridgeError(f"A door stands so for more than zero seconds, not {seconds}.")
        if not self.healthy:
            raise BridgeError("The door's pins are not held. Look at the chip and the lines in the settings.")
        if standing is Standing.OPEN:
            raise BridgeError(
                "A strike behind a timer relay cannot stand open. Use the controller or an OSDP panel for that."
            )
        locked = standing is Standing.LOCKED
        self._locked_until = self._now + min(seconds, LEASE_S) if locked else -math.inf

    def _tell(self, event: DeviceEvent) -> None:
        if self._emit is not None:
            self._emit(event)

    def _hold(self, emit: Emit) -> _Held:
        return _Held(self._options, self._take, self._strike, emit)


class _Strike:
    """The pin of the strike: pulses from the host's thread, ends them from the attendant's."""

    def __init__(self, options: GpioDoorOptions) -> None:
        self._options = options
        self._lock = threading.Lock()  # guards what is below
        self._lines: Lines | None = None
        self._ends_at: float | None = None
        # The relay's own clock as far as it is known here, also over a chip that was gone, or a driver closed.
        self._began_at = self._runs_until = -math.inf
        self._asked_again = False

    def hold(self, lines: Lines) -> None:
        with self._lock:
            self._lines = lines

    def pulse(self) -> bool:
        """Start the relay; False while it runs already. Raises BridgeError while it rests, or when the pin is gone."""
        if not self._lock.acquire(timeout=_HURRY_S):
            raise BridgeError("The strike's pin does not answer. Look at the chip in the settings.")
        try:
            return self._start()
        except OSError as error:
            raise BridgeError("The strike's pin is gone. Look at the chip in the settings.") from error
        finally:
            self._lock.release()

    def _start(self) -> bool:
        now = time.monotonic()
        if now < self._runs_until:
            self._asked_again = True
            return False
        runs_until = now + self._options.relay_s
        began_at = now if now >= self._runs_until + GAP_S else self._began_at
        rests = self._asked_again and now < self._runs_until + REST_S
        if rests or runs_until > began_at + MAX_RELEASE_S:
            raise BridgeError("The strike was free as long as it may be, and rests. Ask again in a moment.")
        self._write(active=True)
        self._ends_at = now + PULSE_S
        self._began_at, self._runs_until = began_at, runs_until
        self._asked_again = False
        return True

    def tend(self) -> None:
        """End a pulse that is over. Raises OSError when the pin is gone."""
        with self._lock:
            if self._ends_at is not None and time.monotonic() >= self._ends_at:
                self._ends_at = None
                self._write(active=False)

    def let_go(self, lines: Lines) -> None:
        """Put the pin to rest and give *lines* back; another holder's are left alone."""
        with self._lock:
            if self._lines is lines:
                with suppress(OSError):
                    self._write(active=False)
                self._lines = self._ends_at = None
            lines.release()

    def _write(self, *, active: bool) -> None:
        if self._lines is None:
            raise OSError("not held")
        self._lines.write(self._options.strike_line, active=active)


class _Held:
    """The contacts while held. Levels count, not edges, so that a lost edge leaves nothing wrong for long."""

    def __init__(self, options: GpioDoorOptions, take: Take, strike: _Strike, emit: Emit) -> None:
        self._inputs = options.inputs
        self._strike = strike
        self._emit = emit
        self._seen: dict[str, bool] = {}
        wires = [
            Input(line, active_low=(name == "exit") != (name in options.inverted), debounce_us=DEBOUNCE_US)
            for name, line in self._inputs.items()
        ]
        self._lines = take(options.chip, wires) if wires else None
        try:
            self._pin = take(options.chip, [Output(options.strike_line, options.strike_active_low)])
        except Exception:
            if self._lines is not None:
                self._lines.release()
            raise
        strike.hold(self._pin)

    def attend(self) -> None:
        """Report what changed, and all contacts on the first turn."""
        self._strike.tend()
        self._look()
        if self._lines is None:
            time.sleep(TURN_S)
            return
        exit_line = self._inputs.get("exit")
        edges = self._lines.edges(TURN_S)
        if any(edge.line == exit_line and edge.active for edge in edges):
            self._emit(ExitRequested())

    def let_go(self) -> None:
        """Put the strike's pin to rest and give all lines back."""
        self._strike.let_go(self._pin)
        if self._lines is not None:
            self._lines.release()

    def _look(self) -> None:
        for name, (trouble, rest) in CONTACTS.items():
            if self._lines is None or name not in self._inputs:
                continue
            active = self._lines.active(self._inputs[name])
            if self._seen.get(name) != active:
                self._seen[name] = active
                self._emit(trouble if active else rest)


def _refuse_what_cannot_be(options: GpioDoorOptions, declared: Declared) -> None:
    if declared is not Declared.FAIL_SECURE:
        raise BridgeError(
            "A strike at a pin cannot open by itself when this computer is silent, as a fail-safe door must."
            " Use the controller or an OSDP panel for this door."
        )
    if not SHORTEST_RELAY_S <= options.relay_s <= MAX_RELEASE_S:
        raise BridgeError(
            f"A timer relay for a strike is set to {SHORTEST_RELAY_S} to {MAX_RELEASE_S} s, not {options.relay_s} s."
        )
    lines = [options.strike_line, *options.inputs.values()]
    if len(set(lines)) != len(lines):
        raise BridgeError("Two wires of the door name the same line. Give each its own.")
    if strange := set(options.inverted) - {*CONTACTS, "exit"}:
        raise BridgeError(
            f"The door has no contact {min(strange)}. Name some of: {', '.join(CONTACTS)}, exit."
        )
