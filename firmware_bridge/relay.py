"""A line with a middle, between a simulated device and its host: as slow as a wire, and open to whoever listens."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import threading
import time
import tty
from collections.abc import Callable
from typing import Final

_CHUNK: Final = 1024
_TURN_S: Final = 0.02
_BITS_PER_BYTE: Final = 10
_KEPT_MOST: Final = 1000


def same(data: bytes) -> bytes:
    """Give *data* on as it came."""
    return data


class Relay:
    """Forwards both ways at once, from construction to `close`, what *to_device* and *to_panel* make of the bytes.

    port: the device's end of the line; the host opens *Relay.port* in its place. baud_per_s: each byte takes its ten
    bits' time, in each direction; None: at once. As on a wire, what nobody takes is lost.
    """

    def __init__(self, port: str, *, baud_per_s: int | None = None) -> None:
        self._near, self._panels_end = pty.openpty()
        self._far = os.open(port, os.O_RDWR | os.O_NOCTTY)
        for end in (self._near, self._panels_end, self._far):
            tty.setraw(end)
        os.set_blocking(self._near, False)
        os.set_blocking(self._far, False)
        self.port = os.ttyname(self._panels_end)
        self.to_device: Callable[[bytes], bytes] = same
        self.to_panel: Callable[[bytes], bytes] = same
        self.commands: list[bytes] = []
        """What came from the host, oldest first, the last thousand pieces."""
        self._byte_s = _BITS_PER_BYTE / baud_per_s if baud_per_s else 0.0
        self._ends = False
        ways = (
            (self._near, self._far, self._heard_from_host),
            (self._far, self._near, self._heard_from_device),
        )
        self._threads = [
            threading.Thread(target=self._run, args=way, name="relay", daemon=True) for way in ways
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Cut the line; twice is harmless."""
        if self._ends:
            return
        self._ends = True
        for thread in self._threads:
            thread.join()
        for end in (self._near, self._panels_end, self._far):
            os.close(end)

    def _heard_from_host(self, data: bytes) -> bytes:
        self.commands.append(data)
        del self.commands[:-_KEPT_MOST]
        return self.to_device(data)

    def _heard_from_device(self, data: bytes) -> bytes:
        return self.to_panel(data)

    def _run(self, from_fd: int, to_fd: int, heard: Callable[[bytes], bytes]) -> None:
        while not self._ends:
            if not select.select([from_fd], [], [], _TURN_S)[0]:
                continue
            try:
                data = os.read(from_fd, _CHUNK)
            except OSError:  # the device's end is gone: it may be plugged in under another name
                time.sleep(_TURN_S)
                continue
            self._send(to_fd, heard(data))

    def _send(self, fd: int, data: bytes) -> None:
        due = time.monotonic()
        pieces = [data] if not self._byte_s else [bytes((each,)) for each in data]
        for piece in pieces:
            due += self._byte_s
            time.sleep(max(0.0, due - time.monotonic()))
            with contextlib.suppress(OSError):
                os.write(fd, piece)
