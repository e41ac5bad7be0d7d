"""One serial line: a thread that hears it, and writes that never wait."""

from __future__ import annotations

import os
import select
import termios
import threading
from collections.abc import Callable

import serial

from firmware_bridge.events import BridgeError

_PIECE = 512
"""Bytes taken at once: more than the controller says in ten milliseconds."""


class Line:
    """An open serial port and the thread that reads it.

    The thread exists because the host polls twenty times a second: a card would wait up to 50 ms for the next poll, and
    the whole way from card to strike has no more than that. It moves bytes and calls *heard*; when the port is gone, or
    *heard* raises, it calls *gone* once with what is known of why, and ends. It writes nothing.
    """

    def __init__(
        self, port: str, baud_per_s: int, *, heard: Callable[[bytes], None], gone: Callable[[str], None]
    ) -> None:
        """Open *port* for this process alone. Raises BridgeError when that cannot be."""
        try:
            self._serial = serial.Serial(port, baud_per_s, timeout=0, exclusive=True)
        # SerialException is an OSError; termios.error is none, and pyserial lets it pass while a plug still moves.
        except (OSError, ValueError, termios.error) as error:
            raise BridgeError(
                f"The door controller's port {port} cannot be opened ({type(error).__name__}). Check its cable, its name"
                " in the settings, and that no other program holds it."
            ) from error
        self._heard, self._gone = heard, gone
        self._waker, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._live, name="controller-line", daemon=True)

    def start(self) -> None:
        """Begin to hear."""
        self._thread.start()

    def write(self, data: bytes) -> bool:
        """Put *data* on the line without waiting; False when the line did not take all of it."""
        try:
            return os.write(self._serial.fileno(), data) == len(data)
        except (OSError, serial.SerialException):
            return False  # full, or gone: the thread finds out which

    def close(self) -> None:
        """End the thread and let go of the port. Not from the thread itself, nor with a lock that *heard* takes."""
        os.write(self._wake, b"x")
        if self._thread.ident is not None:
            self._thread.join()
        self._serial.close()
        os.close(self._wake)
        os.close(self._waker)

    def _live(self) -> None:
        """Hear until the line is closed or gone. Whatever goes wrong ends as a line that is gone, never unnoticed."""
        try:
            cause = self._read()
        except Exception as error:  # noqa: BLE001 - the thread's outer loop; its owner tries the line again
            cause = f"the link broke off ({type(error).__name__})"
        if cause:
            self._gone(cause)

    def _read(self) -> str:
        """Read until the line is closed or gone. Returns why it is gone; nothing when it was closed."""
        port = self._serial.fileno()
        while True:
            ready, _, _ = select.select([port, self._waker], [], [])
            if self._waker in ready:
                return ""
            try:
                data = os.read(port, _PIECE)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if not data:
                return "its port is gone"
            self._heard(data)
