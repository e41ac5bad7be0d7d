"""An OSDP device at the gate: a reader with keypad, light and buzzer, and its first output as the strike.

One thread, ``osdp``, runs libosdp from the first `open` to the last `close`: it alone touches the line, wakes every
20 ms for a poll (PACE_S) and at once for the strike, and reports. Whatever goes wrong in it is a lost device, on which
it begins anew after RETRY_S. `close` wakes it and waits for its end, which comes within one turn; closing from within a
report does not wait, and a thread that hangs is left behind: it lets go of the line when it wakes.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from enum import Enum
from types import MappingProxyType
from typing import Any, Final

from firmware_bridge.drivers import Declared, Emit
from firmware_bridge.events import (
    BridgeError,
    CaseClosed,
    CaseOpened,
    DeviceBack,
    DeviceEvent,
    DeviceLost,
    Nonsense,
    PowerBack,
    PowerFailed,
    StrikeLocked,
    StrikeReleased,
)
from firmware_bridge.osdp.decode import card_of, keys_of
from firmware_bridge.osdp.door import OsdpDoor
from firmware_bridge.osdp.face import Face
from firmware_bridge.osdp.options import OsdpOptions
from firmware_bridge.osdp.reader import OsdpReader
from firmware_bridge.osdp.session import RETRY_S, Answered, Command, Down, Happening, Session, Up, Why

JOIN_S: Final = 0.5
STALL_S: Final = 3.0
"""A thread that finished no turn for so long hangs: the device is lost. A turn lasts half a second at 9600 baud."""
_ASKED_WITHIN_S: Final = 2.0
_NONSENSE_EVERY_S: Final = 1.0


class _What(Enum):
    """What is at rest or in trouble."""

    LINE = "line"
    CASE = "case"
    POWER = "power"


_EVENTS: Mapping[_What, tuple[DeviceEvent, DeviceEvent]] = MappingProxyType(
    {
        _What.LINE: (DeviceLost(), DeviceBack()),
        _What.CASE: (CaseOpened(), CaseClosed()),
        _What.POWER: (PowerFailed(), PowerBack()),
    }
)
_REMEDY: Mapping[Why, str] = MappingProxyType(
    {
        Why.SILENT: "Check its power, the two data lines, baud_per_s and address.",
        Why.CLEAR: "It must not be used: replace it, or switch its secure channel on.",
        Why.KEY: "Stop the gate and pair it: gate reader pair.",
        Why.PORT: "Plug the adapter in again.",
    }
)


class OsdpPanel:
    """One device with two faces, *reader* and *door*; what both report goes to each that is open.

    key: 16 bytes, or None before it is paired. declared: what the door does when the gate is silent.
    """

    def __init__(
        self, options: OsdpOptions, key: bytes | None, declared: Declared = Declared.FAIL_SECURE
    ) -> None:
        self.options = options
        self._key = key
        self._lock = (
            threading.RLock()
        )  # guards the faces' emits and the states: a closed face reports nothing
        self._session: Session | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self.reader = OsdpReader(self)
        self.door = OsdpDoor(self, declared)
        self._states: dict[_What, bool] = {}
        self._locks_at: float | None = None
        self._nonsense_at = -math.inf
        self._turned_at = -math.inf
        self._fault: str | None = None

    @property
    def secure(self) -> bool:
        """Tell whether the device answers under the key."""
        session = self._session
        return session is not None and session.secure and not self._hangs

    @property
    def trouble(self) -> str | None:
        """Say, in a sentence with its remedy, what keeps the device from answering; None while it answers."""
        session = self._session
        if session is None or self.secure:
            return None
        if self._hangs:
            return f"The OSDP port {self.options.port} hangs. Unplug the adapter and plug it in again."
        if self._fault is not None:
            return self._fault
        return f"The OSDP device at {self.options.port} {session.why.value}. {_REMEDY[session.why]}"

    def attach(self, face: Face, emit: Emit) -> None:
        """Open *face*, and with the first face the line; a face that comes later is told how things are."""
        with self._lock:
            if self._session is None:
                self._start()
            face.emit = emit
            for what, is_trouble in self._states.items():
                self._tell(what, face, is_trouble=is_trouble, first=True)

    def detach(self, face: Face) -> None:
        """Close *face*, and with the last one the line."""
        with self._lock:
            face.emit = None
            if self.reader.emit is not None or self.door.emit is not None:
                return
            session, thread = self._session, self._thread
            self._session = self._thread = None
            self._stop.set()
        if session is not None and thread is not None:
            session.wake()
            if thread is not threading.current_thread():
                thread.join(0.0 if self._hangs else JOIN_S)

    def ask(self, command: Command) -> bool:
        """Have *command* sent; False without a secure channel."""
        session = self._session
        if session is None or not self.secure:
            return False
        session.ask(command)
        return True

    def can(self, capability: int) -> bool:
        """Tell whether the device has *capability*."""
        session = self._session
        return session is not None and self.secure and session.can(capability)

    def watch(self) -> None:
        """Report a thread that hangs as a lost device."""
        if self._session is not None and self._hangs:
            self._lose()

    def _start(self) -> None:
        if self._key is None:
            raise BridgeError(
                f"The OSDP device at {self.options.port} is not paired with this gate. Pair it: gate reader pair."
            )
        self._stop = threading.Event()
        session = self._begin(self._key, self._stop)
        self._states.clear()
        self._locks_at = None
        self._session = session
        self._fault = None
        self._turned_at = time.monotonic()
        self._thread = threading.Thread(
            target=self._run, args=(session, self._stop), name="osdp", daemon=True
        )
        self._thread.start()

    @property
    def _hangs(self) -> bool:
        return time.monotonic() - self._turned_at >= STALL_S

    def _begin(self, key: bytes, stop: threading.Event) -> Session:
        def hear(happening: Happening) -> None:
            if not stop.is_set() and not self._hangs:  # else it is old, or another opening's
                self._hear(happening)

        return Session(self.options, key, tell=hear)

    def _run(self, session: Session, stop: threading.Event) -> None:
        current: Session | None = session
        while current is not None:
            try:
                self._attend(current, stop)
            except Exception as error:  # noqa: BLE001 - the thread's outer loop: a library's fault must not end it
                self._fault = self._said_of(error)
            finally:
                with suppress(Exception):  # foreign code, and the channel is given up anyway
                    current.close()
            current = self._another(stop)

    def _attend(self, session: Session, stop: threading.Event) -> None:
        while not stop.is_set():
            session.step()
            if stop.is_set():
                return
            if self._hangs:  # what was asked for and said before it hung is old: it begins anew
                raise TimeoutError
            self._turned_at = time.monotonic()
            self._watch_strike()

    def _another(self, stop: threading.Event) -> Session | None:
        """Begin anew on a device that was lost by a fault; None once the panel is closed."""
        while not stop.is_set():
            self._turned_at = time.monotonic()
            try:
                self._lose()
                if stop.wait(RETRY_S) or self._key is None:
                    return None
                session = self._begin(self._key, stop)
            except Exception as error:  # noqa: BLE001 - as above
                self._fault = self._said_of(error)
                stop.wait(RETRY_S)
                continue
            with self._lock:
                if stop.is_set():
                    session.close()
                    return None
                self._session = session
                self._turned_at = time.monotonic()
            return session
        return None

    def _said_of(self, error: Exception) -> str:
        """Say what went wrong. Of an error that nobody foresaw only the kind: its words may hold what was read."""
        if isinstance(error, BridgeError):
            return str(error)
        return f"The OSDP device at {self.options.port} failed ({type(error).__name__}). It is tried again by itself."

    def _lose(self) -> None:
        with self._lock:
            if self._states.get(_What.LINE) is not True:
                self._states.clear()
                self._locks_at = None
                self._changed(_What.LINE, is_trouble=True)

    def _watch_strike(self) -> None:
        if self._locks_at is not None and time.monotonic() >= self._locks_at:
            self._strike_locked()

    def _strike_locked(self) -> None:
        self._locks_at = None
        self._report(StrikeLocked(), self.door)

    def _hear(self, happening: Happening) -> None:
        match happening:
            case Up():
                self._fault = None
                self._ask_how_it_is()
                if (
                    self._states.get(_What.LINE) is False
                ):  # set up anew: what the reader said in between may be lost
                    self._report_from_reader(Nonsense())
                self._changed(_What.LINE, is_trouble=False)
            case Down():
                self._fault = None
                self._lose()
            case Answered(command, done):
                self._answered(command, done=done)
            case _:
                self._heard(happening)

    def _answered(self, command: Command, *, done: bool) -> None:
        if command.frees_s is None or not done:
            return
        if command.frees_s <= 0:
            if self._locks_at is not None:
                self._strike_locked()
            return
        was_locked = self._locks_at is None
        self._locks_at = time.monotonic() + command.frees_s
        if was_locked or command.counts_as_release:
            self._report(StrikeReleased(), self.door)

    def _heard(self, event: dict[str, Any]) -> None:
        import osdp

        kind = event["event"]
        if kind == osdp.Event.CardRead:
            self._report_from_reader(card_of(event))
        elif kind == osdp.Event.KeyPress:
            for key in keys_of(event):
                self._report_from_reader(key)
        elif kind == osdp.Event.Status:
            self._status(event["type"], event["report"])

    def _status(self, kind: int, report: bytes) -> None:
        import osdp

        if kind == osdp.StatusReportType.Local and len(report) > 1:
            self._changed(_What.CASE, is_trouble=bool(report[0]))
            self._changed(_What.POWER, is_trouble=bool(report[1]))
        elif kind == osdp.StatusReportType.Output and self._locks_at is not None and report[:1] == b"\x00":
            self._strike_locked()

    def _changed(self, what: _What, *, is_trouble: bool) -> None:
        with self._lock:
            before, self._states[what] = self._states.get(what), is_trouble
            if before != is_trouble:
                for face in (self.reader, self.door):
                    self._tell(what, face, is_trouble=is_trouble, first=before is None)

    def _tell(self, what: _What, face: Face, *, is_trouble: bool, first: bool) -> None:
        """Report how something is; at first, what is at rest is told by a door alone, and a line that stands by none."""
        if is_trouble or not first or (face is self.door and what is not _What.LINE):
            trouble, rest = _EVENTS[what]
            if is_trouble and what is _What.LINE and self.trouble is not None:
                trouble = DeviceLost(self.trouble)
            self._report(trouble if is_trouble else rest, face)

    def _ask_how_it_is(self) -> None:
        import osdp

        body = {"command": osdp.Command.Status, "type": osdp.StatusReportType.Local}
        self.ask(Command(body, time.monotonic() + _ASKED_WITHIN_S))

    def _report_from_reader(self, event: DeviceEvent) -> None:
        if isinstance(event, Nonsense):
            now = time.monotonic()
            if now < self._nonsense_at + _NONSENSE_EVERY_S:
                return
            self._nonsense_at = now
        self._report(event, self.reader)

    def _report(self, event: DeviceEvent, *faces: Face) -> None:
        for face in faces:
            with self._lock:
                if face.emit is not None:
                    face.emit(event)
