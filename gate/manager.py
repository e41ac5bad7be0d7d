"""What the gate tells the system that keeps it: that it serves, that its loop lives, how it is, that it ends.

systemd's protocol (sd_notify(3)): datagrams of ``NAME=value`` to the socket it names. The libraries for it are no longer
kept, and this is all of it. Nothing here waits: a system that does not take a message costs the door nothing.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, MutableMapping, Sequence
from typing import Final

import structlog

from gate.core.types import Seconds

log = structlog.get_logger()

PINGS_A_PERIOD: Final = 4
"""So often the loop says that it lives within the time the system waits: one or two may be late."""
TEXT_MOST: Final = 400
_OURS: Final = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")

Turned = Callable[[Seconds], None]
"""Told the monotonic time each time the door's loop has turned the door, and by nobody else."""


def unwatched(_now: Seconds) -> None:
    """Tell nobody: a gate at a desk, in a test, in the demo."""


class Manager:
    """The system that started this process, or nobody where *address* is None.

    address: of its socket; a leading ``@`` stands for the abstract name space. watchdog_s: how long it waits for a sign of
    life before it starts the service anew; None where it does not.
    """

    def __init__(self, address: str | None, watchdog_s: Seconds | None = None) -> None:
        self._address = None if address is None else address.replace("@", "\0", 1)
        self._every_s = None if watchdog_s is None else watchdog_s / PINGS_A_PERIOD
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) if address else None
        if self._socket is not None:
            self._socket.setblocking(False)
        self._ready = False
        self._alive_at: Seconds | None = None
        self._said = ""
        self._lost = False

    def turned(self, now: Seconds) -> None:
        """Say at the door's first turn that a card can open, and then, in time, that its loop lives.

        now: monotonic. Only the loop that turns the door calls this: hung, it falls silent, whatever else still runs.
        """
        if not self._ready:
            self._ready = self._tell("READY=1")
            if self._ready:
                log.info("door_serves")
        due = self._alive_at is None or self._every_s is None or now - self._alive_at >= self._every_s
        if self._every_s is not None and due and self._tell("WATCHDOG=1"):
            self._alive_at = now

    def say(self, words: str) -> None:
        """Say how the gate is, in words for ``systemctl status``: of parts, never of a person or a passage (R43)."""
        line = " ".join(words.split())[:TEXT_MOST]
        if line != self._said and self._tell(f"STATUS={line}"):
            self._said = line

    def stopping(self) -> None:
        """Say that the gate ends on purpose."""
        self._tell("STOPPING=1\nSTATUS=Ending.")
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _tell(self, message: str) -> bool:
        """Send *message*; returns whether nobody, or the system, took it. What it did not take is said at the next turn."""
        if self._socket is None or self._address is None:
            return True
        try:
            self._socket.sendto(message.encode(), self._address)
        except OSError as error:
            if not self._lost:
                log.warning("manager_silent", kind=type(error).__name__)
            self._lost = True
            return False
        self._lost = False
        return True


def state_words(*, reader: bool, door: bool, face_off: Sequence[str]) -> str:
    """Say how the gate is. reader, door: whether they answer. face_off: a sentence for each reason; none: face is offered."""
    parts = [
        "The card reader answers." if reader else "The card reader does not answer.",
        "The door answers." if door else "The door does not answer.",
        "Face is offered." if not face_off else f"Face is not offered: {' '.join(face_off)}",
    ]
    return " ".join(parts)


def manager_of(environment: MutableMapping[str, str]) -> Manager:
    """Give the system that *environment* names, and take it out of there: no child may speak for the door."""
    address, period, pid = (environment.pop(name, None) for name in _OURS)
    if address is None or not address.startswith(("/", "@")):
        return Manager(None)
    meant = pid is None or pid == str(os.getpid())
    known = period is not None and period.isascii() and period.isdecimal() and int(period) > 0
    return Manager(address, int(period) / 1e6 if period and known and meant else None)
