"""One secure channel with one OSDP device, supervised: libosdp speaks, this decides when, and when to begin again.

libosdp alone notices a lost device after nine seconds, then waits five minutes, and may repeat a command meanwhile: a
release asked for now could be carried out seconds later. Here an exchange is given up after *_answer_s* and the
channel set up anew, which takes four exchanges; a command is carried out within its time or never.

Its Python binding forgets to let go of the dict it makes of an event: each is emptied once read, so that no card number
stays behind, and let go here, so that a stuck key does not fill the memory.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from firmware_bridge.events import BridgeError
from firmware_bridge.osdp.frames import MAX_FRAME
from firmware_bridge.osdp.line import Line
from firmware_bridge.osdp.options import KEY_BYTES, OsdpOptions

PACE_S: Final = 0.02
"""From a reply to the next poll: what a card waits on average is half of it."""
LOST_S: Final = 1.5
"""Silence after which a device counts as lost."""
RETRY_S: Final = 0.4
"""Between two attempts to reach a device that does not speak to us, or a port that is gone."""
_REPLY_DELAY_S: Final = 0.2
"""A device begins its reply within this (IEC 60839-11-5)."""
_BITS_PER_BYTE: Final = 10
_CAPABILITIES: Final = 0x62
_KEYED: Final = frozenset({0x75, 0x76, 0x77})
"""The commands that set a key, challenge and answer: a device that stops at one of them has another key."""
_POLL_ONLY: Final = 0x04000000
_CAPABILITY_CODES: Final = 17
_LISTED_ONLY: Final = 2
"""References to an object in one list, while they are counted."""

Report = Mapping[str, Any]
"""An event as libosdp's binding gives it; decode.py makes values of it."""


class Why(Enum):
    """Why there is no secure channel."""

    SILENT = "does not answer"
    CLEAR = "does not speak the secure channel"
    KEY = "does not accept this gate's key"
    PORT = "is on a port that is gone"


@dataclass(frozen=True, slots=True)
class Up:
    """The secure channel stands, for the first time or again: what the device said before may have changed."""


@dataclass(frozen=True, slots=True)
class Down:
    """It was gone for LOST_S, or never came."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The device acknowledged *command*, or said no."""

    command: Command
    done: bool


@dataclass(frozen=True, slots=True)
class Command:
    """A command as libosdp's binding takes it, and the clock's time after which it must not be sent any more.

    frees_s: for how long it frees the strike, where it does; counts_as_release: whether somebody waits for its answer.
    """

    body: Report
    until: float
    frees_s: float | None = None
    counts_as_release: bool = False


Happening = Up | Down | Answered | dict[str, Any]


class Session:
    """The channel of one device. One thread alone calls it; only *ask*, *wake* and the properties are for others."""

    def __init__(
        self,
        options: OsdpOptions,
        key: bytes,
        *,
        tell: Callable[[Happening], None],
        install: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if len(key) != KEY_BYTES:
            raise BridgeError(
                f"An OSDP key has {KEY_BYTES} bytes, not {len(key)}. Pair again: gate reader pair."
            )
        self._line = Line(options)
        self._tell = tell
        self._clock = clock
        self._install = install
        self._answer_s = _REPLY_DELAY_S + MAX_FRAME * _BITS_PER_BYTE / options.baud_per_s
        self._panel = _control_panel(options, key, self._line, self._hear, install=install)
        self._asking = threading.Lock()  # guards _waiting
        self._waiting: deque[Command] = deque()
        self._capabilities: frozenset[int] = frozenset()
        self._sent: Command | None = None
        self._secure = False
        self._told_up: bool | None = None
        self._quick = self._giving_up = self._restart = False
        self._happened: list[Happening] = []
        self._last: list[dict[str, Any]] = []
        self._heard_at = self._restarted_at = self._sent_at = self._due = self._clock()
        self._why = Why.SILENT

    @property
    def secure(self) -> bool:
        """Tell whether the secure channel stands, as far as is known."""
        return self._told_up is True

    @property
    def why(self) -> Why:
        """Tell why the secure channel does not stand, where it does not."""
        return self._why

    def can(self, capability: int) -> bool:
        """Tell whether the device said that it has at least one of *capability*."""
        return capability in self._capabilities

    def ask(self, command: Command) -> None:
        """Have *command* sent: one about the strike at once, after those like it; any other in the place of the next poll.

        A light told a moment before a release would have the strike wait until it is answered: 60 ms at 9600 baud. One
        that frees nothing takes the place of one like it.
        """
        with self._asking:
            if command.frees_s is None:
                kept = [each for each in self._waiting if each.body["command"] != command.body["command"]]
                self._waiting = deque((*kept, command))
                return
            self._waiting.insert(self._urgent, command)
        self._line.wake()

    def wake(self) -> None:
        """End a running *step* early."""
        self._line.wake()

    def close(self) -> None:
        """Let go of the line."""
        self._told_up = False
        self._line.close()
        self._panel = None

    def step(self) -> None:
        """Wait for what is next, at most an answer's time, and tell what came of it."""
        now = self._clock()
        if self._line.broken:
            self._mend()
        elif self._line.awaiting:
            due = self._sent_at + self._answer_s
            frame = self._line.wait(due - now, for_reply=True)
            if frame is not None:
                self._take(frame)
            elif self._clock() >= due:
                self._begin_again()
        else:
            due = now if self._secure and self._is_urgent() else self._due
            if now < due:
                self._line.wait(due - now, for_reply=False)
            else:
                self._speak()
        self._judge()
        happened, self._happened = self._happened, []
        for each in happened:  # here, not in the middle of libosdp's turn
            self._tell(each)

    @property
    def _urgent(self) -> int:
        """Count the commands about the strike that wait: they stand before all others. The caller holds the lock."""
        return sum(each.frees_s is not None for each in self._waiting)

    def _is_urgent(self) -> bool:
        with self._asking:
            return self._urgent > 0

    def _take(self, frame: bytes) -> None:
        self._line.answer(frame)
        self._panel.refresh()
        now = self._clock()
        if self._secure:
            self._heard_at = now
        self._due = now + PACE_S if self._secure and self._sent is None else now

    def _speak(self) -> None:
        """Send the next command or poll, or set the channel up again where it broke."""
        now = self._clock()
        if self._restart:
            if now < self._restarted_at + RETRY_S:
                self._due = self._restarted_at + RETRY_S
                return
            self._begin_again()
        self._submit()
        for _ in range(2):  # libosdp takes one turn to choose a command, and one to send it
            self._panel.refresh()
            if self._line.awaiting:
                self._sent_at = self._clock()
                return
        self._due = self._clock() + PACE_S

    def _quicken(self) -> None:
        """Have libosdp poll whenever it is given its turn, not every 50 ms, for which it has no setting.

        It does so for a file transfer whose every next step is a poll; no byte of a file is ever sent. Should a later
        libosdp refuse, polls come every 50 ms.
        """
        import osdp

        self._quick = True
        self._panel.submit_command(0, {"command": osdp.Command.FileTransfer, "id": 1, "flags": _POLL_ONLY})

    def _submit(self) -> None:
        now = self._clock()
        if self._secure and not self._quick:
            self._quicken()
        with self._asking:
            while self._waiting and self._waiting[0].until < now:
                self._waiting.popleft()
            if not self._secure or self._sent is not None or not self._waiting:
                return
            self._sent = self._waiting.popleft()
        if not self._panel.submit_command(0, dict(self._sent.body)):
            self._happened.append(Answered(self._sent, done=False))
            self._sent = None

    def _begin_again(self) -> None:
        """Leave the exchange and the channel behind and start at the device's name."""
        self._giving_up = True
        self._why = self._reason(silent=self._line.awaiting)
        self._panel.flush_commands(0)
        self._panel.disable_pd(0)
        if self._line.awaiting:
            self._line.give_up()
        self._panel.refresh()
        self._panel.enable_pd(0)
        self._panel.refresh()
        if self._sent is not None:  # carried out or not: within its time, asking twice is asking once
            with self._asking:
                self._waiting.insert(0 if self._sent.frees_s is not None else self._urgent, self._sent)
            self._sent = None
        self._secure = self._restart = self._giving_up = False
        self._restarted_at = self._due = self._clock()

    def _mend(self) -> None:
        self._why = Why.PORT
        self._secure = False
        self._restart = True
        self._line.wait(RETRY_S, for_reply=False)
        try:
            self._line.reopen()
        except BridgeError:
            self._line.broken = True

    def _judge(self) -> None:
        """Tell of a channel that is gone for good: one that is set up anew within LOST_S was a hiccup."""
        if not self._secure and self._told_up is not False and self._clock() >= self._heard_at + LOST_S:
            self._told_up = False
            with self._asking:
                self._waiting.clear()
            self._happened.append(Down())

    def _reason(self, *, silent: bool) -> Why:
        if silent:
            return Why.SILENT
        if self._line.last_command == _CAPABILITIES:
            return Why.CLEAR
        return Why.KEY if self._line.last_command in _KEYED else self._why

    def _hear(self, _device: int, event: dict[str, Any]) -> None:
        """Take an event from libosdp, in the middle of its refresh. Raises nothing: libosdp could not bear it."""
        import osdp

        if event["event"] != osdp.Event.Notification:
            if self._secure:
                self._happened.append(dict(event))
        elif event["type"] == osdp.EventNotification.PeripheralDeviceStatus:
            self._hear_status(online=bool(event["arg0"]))
        elif event["type"] == osdp.EventNotification.SecureChannelStatus:
            self._secure = self._secure and bool(event["arg0"])
        elif (
            event["type"] == osdp.EventNotification.Command and self._sent is not None and not self._giving_up
        ):
            command, self._sent = self._sent, None
            self._happened.append(Answered(command, done=bool(event["arg1"])))
        event.clear()
        self._let_go(event)

    def _let_go(self, event: dict[str, Any]) -> None:
        """Free the event before this one, unless the binding has done so: then only our list refers to it."""
        last, self._last = self._last, [event]
        if last and sys.getrefcount(last[0]) > _LISTED_ONLY:
            ctypes.pythonapi.Py_DecRef(ctypes.py_object(last[0]))

    def _hear_status(self, *, online: bool) -> None:
        self._secure = online and bool(self._panel.sc_status() & 1)
        if self._secure:
            self._quick = False
            self._capabilities = frozenset(
                code for code in range(1, _CAPABILITY_CODES) if self._panel.check_capability(0, code)[0]
            )
            self._told_up = True
            self._heard_at = self._clock()
            self._happened.append(Up())
        elif not self._giving_up:
            self._why = self._reason(silent=False)
            self._restart = True
            self._due = self._clock()


def _control_panel(
    options: OsdpOptions,
    key: bytes,
    line: Line,
    hear: Callable[[int, dict[str, Any]], None],
    *,
    install: bool,
) -> Any:
    try:
        import osdp
        import osdp_sys
    except ImportError as error:
        raise BridgeError(
            "The library libosdp is not installed. Install the gate's packages again."
        ) from error

    osdp_sys.set_loglevel(osdp.LogLevel.Emergency)
    flags = osdp.LibFlag.EnableNotification
    if not install:
        flags |= osdp.LibFlag.EnforceSecure
    device = {"name": "reader", "address": options.address, "flags": flags, "scbk": key, "channel": line}
    panel = osdp_sys.ControlPanel([device])
    panel.set_event_callback(hear)
    file = {"open": lambda *_: 1, "read": lambda *_: b"", "write": lambda *_: 0, "close": lambda *_: 0}
    panel.register_file_ops(0, file)
    return panel
