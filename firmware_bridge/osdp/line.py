"""The serial line, as libosdp asks for one, and what may pass on it."""

from __future__ import annotations

import contextlib
import os
import select
import termios
import threading
from typing import TYPE_CHECKING, Final

from firmware_bridge.events import BridgeError
from firmware_bridge.osdp.frames import Replies, bad_frame, command_code
from firmware_bridge.osdp.options import OsdpOptions

if TYPE_CHECKING:
    import serial

_CHUNK: Final = 512
_STALE_READS: Final = 64
"""How much noise is read away before a command: 32 KiB, then the command is sent into it and fails by itself."""


class Line:
    """libosdp's Channel over a serial port, half duplex: one command goes out, one whole reply comes back.

    A port that fails says so in *broken* and never raises: libosdp would lose the exception.
    """

    id = 1

    def __init__(self, options: OsdpOptions) -> None:
        self._options = options
        self._replies = Replies(options.address)
        self._inbox = b""
        self._port: serial.Serial | None = None
        self._waking = threading.Lock()  # a number of a closed pipe may be anybody's by now
        self._closed = False
        self._wake_end, self._wake_start = os.pipe()
        os.set_blocking(self._wake_end, False)
        os.set_blocking(self._wake_start, False)
        self.broken = False
        self.awaiting = False
        """Whether a command was sent and not answered."""
        self.last_command = 0
        try:
            self.reopen()
        except BridgeError:
            self.close()
            raise

    def reopen(self) -> None:
        """Open the port, anew if need be. Raises BridgeError with the remedy."""
        import serial

        self._close_port()
        where = self._options.port
        try:
            # exclusive: two masters on one line would garble each other's commands.
            self._port = serial.Serial(where, self._options.baud_per_s, timeout=0, exclusive=True)
        # SerialException is an OSError; what termios says of a plug that still moves is none, and pyserial lets it by.
        except (OSError, ValueError, termios.error) as error:
            busy = "lock" in str(error).lower()
            raise BridgeError(
                f"The OSDP port {where} is in use by another program. Stop the gate, or whatever else holds it."
                if busy
                else f"The OSDP port {where} cannot be opened. Check the adapter, its cable and [osdp] port."
            ) from error
        self.broken = False
        self.awaiting = False

    def close(self) -> None:
        """Let go of the port and of everything else that is open; twice is harmless."""
        self._close_port()
        with self._waking:
            if not self._closed:
                self._closed = True
                os.close(self._wake_end)
                os.close(self._wake_start)

    def wake(self) -> None:
        """End a running *wait* at once; from any thread."""
        with self._waking, contextlib.suppress(BlockingIOError):  # woken already, and not yet awake
            if not self._closed:
                os.write(self._wake_start, b"!")

    def wait(self, seconds: float, *, for_reply: bool) -> bytes | None:
        """Sleep at most *seconds*, until woken or, if *for_reply*, until the reply is whole, which is returned."""
        poller = select.poll()
        poller.register(self._wake_end, select.POLLIN)
        if for_reply and self._port is not None:
            poller.register(self._port.fileno(), select.POLLIN)
        ready = [fd for fd, _ in poller.poll(max(0.0, seconds) * 1000)]
        if self._wake_end in ready:
            _drain(self._wake_end)
        if self._port is None or self._port.fileno() not in ready:
            return None
        taken = self._take()
        self.broken = self.broken or not taken  # ready, and nothing to read: the other end is gone
        return self._replies.feed(taken)

    def answer(self, frame: bytes) -> None:
        """Hand *frame* to libosdp at its next read."""
        self._inbox = frame
        self.awaiting = False

    def give_up(self) -> None:
        """Make libosdp end the exchange it waits in."""
        self.answer(bad_frame(self._options.address))

    def read(self, max_bytes: int) -> bytes:
        """Give libosdp what was put before it."""
        chunk, self._inbox = self._inbox[:max_bytes], self._inbox[max_bytes:]
        return chunk

    def write(self, data: bytes) -> int:
        """Send a command, after everything that arrived unasked is thrown away. Returns the bytes sent."""
        if self._port is None:
            return -1
        for _ in range(_STALE_READS):
            if not self._take():
                break
        self._replies.expect(data)
        self.last_command = command_code(data)
        try:
            sent = os.write(self._port.fileno(), data)
        except OSError:
            self.broken = True
            return -1
        self.awaiting = sent == len(data)
        return sent

    def flush(self) -> None:
        """Forget what libosdp has not read."""
        self._inbox = b""

    def _take(self) -> bytes:
        if self._port is None:
            return b""
        try:
            taken = os.read(self._port.fileno(), _CHUNK)
        except BlockingIOError:
            return b""
        except OSError:
            self.broken = True
            return b""
        return taken

    def _close_port(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            with contextlib.suppress(OSError, termios.error):  # the port of an adapter that is gone
                port.close()


def _drain(fd: int) -> None:
    try:
        while os.read(fd, _CHUNK):
            pass
    except BlockingIOError:
        pass
