"""A controller reduced to its end of the link: the board's own wire.Link, and a strike that a test moves by hand."""

import os
import pty
import threading
import time
import tty
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from firmware_bridge.mcu import wire

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))
FITTED = 0xFF
STATE_EVERY_S = 0.5


class Box:
    """What stands at the other end: answers every beat with its state, every release as it is told to."""

    def __init__(self, key=KEY, *, declared=wire.FAIL_SECURE, max_ms=7000, opens=0, boot=1, random=None):
        self.kept = (key, declared, max_ms, opens)
        self.boot = boot
        self.random = random or os.urandom
        self.bits = 0
        self.fitted = FITTED
        self.exits = 0
        self.last_release = 0
        self.refuses = 0
        self.mute_released = False
        self.beats = []
        self.releases = []
        self.shown = []
        self.keeps_keys = True
        self.link = self._new_link()

    def _new_link(self):
        key, declared, max_ms, opens = self.kept
        return wire.Link(key, self.random, declared, max_ms, (1, 2, 3), self.boot, may_stand_open=opens)

    def reset(self, *, boot=None):
        self.boot = self.boot + 1 if boot is None else boot
        self.bits = self.exits = self.last_release = 0
        self.link = self._new_link()

    def tell(self):
        self.link.send(
            wire.STATE, wire.pack_state(self.bits, self.fitted, 0, 1, self.exits, self.last_release)
        )

    def set(self, bit, *, on=True):
        self.bits = self.bits | bit if on else self.bits & ~bit
        self.tell()

    def hear(self, data, now_ms):
        for kind, body in self.link.feed(data, now_ms):
            if kind == wire.BEAT:
                self.beats.append(wire.unpack_beat(body))
                self.tell()
            elif kind == wire.RELEASE:
                self._released(*wire.unpack_release(body))
            elif kind == wire.SHOW:
                self.shown.append(wire.unpack_show(body))
            elif kind == wire.PAIR:
                if self.keeps_keys:
                    self.kept = wire.unpack_pair(body)
                self.link.answer_pair(0 if self.keeps_keys else wire.WHY_STORE)

    def _released(self, release, ms):
        self.releases.append((release, ms))
        if self.refuses:
            self.link.send(wire.REFUSED, wire.pack_refused(release, self.refuses))
            return
        self.last_release = release
        self.bits |= wire.STRIKE_FREE
        if not self.mute_released:
            self.link.send(wire.RELEASED, wire.pack_released(release))


class Cable:
    """A pty with a box at its far end, in real time. The near end is at ``port``, a name that outlives the pty."""

    def __init__(self, box, port):
        self.box = box
        self.port = port
        self.carries = True
        self.lock = threading.RLock()
        self._told_at = 0.0
        self._ends = []
        self._stop = threading.Event()
        self._plug()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _plug(self):
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.port.unlink(missing_ok=True)
        self.port.symlink_to(os.ttyname(self._slave))

    def unplug(self):
        """Take the whole port away, as a pulled USB plug does."""
        with self.lock:
            self.port.unlink()
            os.close(self._master)
            os.close(self._slave)
            self._master = None

    def plug(self):
        with self.lock:
            self._plug()

    def inject(self, data):
        """Put bytes on the line to the host."""
        with self.lock:
            os.write(self._master, data)

    def do(self, act):
        """Do something to the box, between two of its rounds."""
        with self.lock:
            return act(self.box)

    def _run(self):
        while not self._stop.wait(0.002):
            with self.lock:
                self._round()

    def _round(self):
        now = time.monotonic()
        if now - self._told_at >= STATE_EVERY_S:
            self._told_at = now
            self.box.tell()
        data = b""
        if self._master is not None:
            try:
                data = os.read(self._master, 4096)
            except OSError:
                data = b""
        self.box.hear(data if self.carries else b"", int(now * 1000) & wire.TICKS)
        said = self.box.link.take()
        if said and self.carries and self._master is not None:
            os.write(self._master, said)

    def close(self):
        self._stop.set()
        self._thread.join()
        if self._master is not None:
            os.close(self._master)
            os.close(self._slave)


@contextmanager
def cable(box=None):
    with TemporaryDirectory() as folder:
        it = Cable(box or Box(), Path(folder) / "controller")
        try:
            yield it
        finally:
            it.close()
