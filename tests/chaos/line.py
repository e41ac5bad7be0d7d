"""A line between gate and broker that can be cut, slowed and mended, as a network is."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress

from tests.brokers import HOST

_CHUNK = 1 << 16


class BrokerLine:
    """Listens on *port* and carries every connection on to the broker at *to*."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._listening = socket.create_server((HOST, 0))
        self.port: int = self._listening.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._cut = False
        self._late_s = 0.0
        self._silent = False
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()
        self.drop()

    def cut(self) -> None:
        """Hang up, and take no new call."""
        self._cut = True
        self.drop()

    def slow(self, seconds: float) -> None:
        """Let each piece of data be so late, both ways."""
        self._late_s = seconds

    def hush(self) -> None:
        """Keep the calls and carry nothing: a network that swallows packets."""
        self._silent = True

    def mend(self) -> None:
        """Be a good line; calls that lost data are hung up."""
        lossy, self._silent = self._silent, False
        self._cut, self._late_s = False, 0.0
        if lossy:
            self.drop()

    def drop(self) -> None:
        """Hang up every call."""
        with self._lock:
            calls, self._open = self._open, set()
        for call in calls:
            with suppress(OSError):
                call.shutdown(socket.SHUT_RDWR)
            call.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                self._carry(near)

    def _carry(self, near: socket.socket) -> None:
        try:
            if self._cut:
                raise ConnectionRefusedError
            far = socket.create_connection((HOST, self._to), timeout=2)
            far.settimeout(None)
        except OSError:
            near.close()
            return
        with self._lock:
            self._open |= {near, far}
        for start, end in ((near, far), (far, near)):
            threading.Thread(target=self._copy, args=(start, end), daemon=True).start()

    def _copy(self, start: socket.socket, end: socket.socket) -> None:
        with suppress(OSError):
            while data := start.recv(_CHUNK):
                if self._late_s:
                    time.sleep(self._late_s)
                if not self._silent:
                    end.sendall(data)
        with self._lock:
            self._open -= {start, end}
        for each in (start, end):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
