"""A keyboard at the end of a socket: the kernel's own event bytes, read by evdev's own code."""

import os
import socket
import struct
from contextlib import suppress

import pytest

from firmware_bridge.hid import EV_KEY, EV_SYN, SYN_DROPPED

_EVENT = struct.Struct("llHHi")
SHIFT, ENTER = 42, 28
_PLAIN = {2: "1234567890-=", 16: "qwertyuiop[]", 30: "asdfghjkl;'`", 43: "\\zxcvbnm,./", 57: " "}
_SHIFTED = {2: "!@#$%^&*()_+", 16: "QWERTYUIOP{}", 30: 'ASDFGHJKL:"~', 43: "|ZXCVBNM<>?"}


def strokes(text):
    """The (code, value) pairs of a US keyboard on which somebody types *text* and no Enter."""
    for character in text:
        rows, shift = (
            (_PLAIN, False) if any(character in row for row in _PLAIN.values()) else (_SHIFTED, True)
        )
        code = next(first + row.index(character) for first, row in rows.items() if character in row)
        keys = [(code, 1), (code, 0)]
        yield from [(SHIFT, 1), *keys, (SHIFT, 0)] if shift else keys


def need_evdev():
    """Skip, with the reason, where the library is not compiled; in CI that is a failure."""
    try:
        import evdev  # noqa: F401
    except ImportError:
        if os.environ.get("CI") == "true":
            pytest.fail("CI can have evdev, and has not. Run make test.")
        pytest.skip("not installed: evdev (requirements-readers.lock, needs the kernel's headers)")


class Typist:
    """Plugs a keyboard in and out, and types on it."""

    def __init__(self):
        self.plugged = True
        self.grabs = 0
        self._far = None
        self._sockets = []

    def take(self, path):
        from evdev.eventio import EventIO

        from firmware_bridge.events import BridgeError

        if not self.plugged:
            raise BridgeError(f"{path} is not an input device. Plug the reader in, or correct the path.")
        near, self._far = socket.socketpair()
        self._sockets += [near, self._far]
        near.setblocking(False)
        typist = self

        class Plugged(EventIO):
            fd = near.fileno()

            def grab(self):
                typist.grabs += 1

            def close(self):
                near.close()

        keyboard = Plugged()
        keyboard.grab()
        return keyboard

    def type(self, text, *, enter=True):
        self.send(*strokes(text), *([(ENTER, 1), (ENTER, 0)] if enter else []))

    def send(self, *pairs):
        for code, value in pairs:
            self._event(EV_KEY, code, value)
        self._event(EV_SYN, 0, 0)

    def lose_events(self):
        self._event(EV_SYN, SYN_DROPPED, 0)

    def raw(self, data):
        self._far.send(data)

    def unplug(self):
        self.plugged = False
        self._far.close()

    def plug(self):
        self.plugged = True

    def close(self):
        for each in self._sockets:
            each.close()

    def _event(self, kind, code, value):
        with suppress(BrokenPipeError):  # nobody holds the keyboard: it is typed in vain
            self._far.send(_EVENT.pack(1, 2, kind, code, value))
