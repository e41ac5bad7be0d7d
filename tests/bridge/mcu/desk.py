"""A controller on a desk: a host that speaks to it on a given clock, and a record of all it did."""

import hashlib

from firmware_bridge.drivers import Declared
from firmware_bridge.mcu import wire
from firmware_bridge.mcu.controller import ENERGISE
from firmware_bridge.mcu.sealing import Mac, cobs_decode, frame, session_key
from firmware_bridge.mcu_sim.brains import CPythonBrain
from firmware_bridge.mcu_sim.virtual import DECLARED_CODES, VirtualController

KEY = bytes(range(32))
LEASE_MS = 5000


class Dice:
    """Random bytes that come out the same every time, so that two runs can be compared."""

    def __init__(self, seed=b"desk"):
        self._state = seed

    def __call__(self, count):
        out = b""
        while len(out) < count:
            self._state = hashlib.sha256(self._state).digest()
            out += self._state
        return out[:count]


class Host:
    """The least that a host says and understands (PROTOCOL.md). Does not share the product's host code."""

    def __init__(self, key=KEY, seed=b"host"):
        self.key = key
        self._dice = Dice(seed)
        self._mac = None
        self._sent = self._heard_counter = 0
        self._rest = b""

    def hello(self):
        self._hello = bytes([1, 1]) + self._dice(16)
        return frame(0, wire.HELLO, 0, self._hello, None, b"H")

    def say(self, kind, body):
        if self._mac is None:
            return b""
        self._sent += 1
        payload = self._heard_counter.to_bytes(4, "little") + body
        return frame(1, kind, self._sent, payload, self._mac, b"H")

    def beat(self, standing=wire.STAND_NORMAL, lease_ms=LEASE_MS):
        return self.say(wire.BEAT, bytes([standing]) + lease_ms.to_bytes(2, "little"))

    def release(self, ms, number=7):
        return self.say(wire.RELEASE, number.to_bytes(2, "little") + ms.to_bytes(2, "little"))

    def show(self, signal):
        return self.say(wire.SHOW, bytes([signal]))

    def pair(self, key, declared, max_ms, opens=0):
        payload = self._dice(16) + key + bytes([declared]) + max_ms.to_bytes(2, "little") + bytes([opens])
        return frame(0, wire.PAIR, 0, payload, Mac(key), b"H")

    def hear(self, data):
        """Return the messages in *data*: type and body, the acknowledgement left out."""
        *whole, self._rest = (self._rest + data).split(b"\x00")
        told = []
        for block in whole:
            body = cobs_decode(block) if block else None
            if body is None:
                continue
            kind, payload = body[1], body[6:-10]
            if kind == wire.CHALLENGE:
                self._mac = Mac(session_key(self.key, self._hello, payload[0], payload[1:17]))
                self._sent = self._heard_counter = 0
            if body[0]:
                self._heard_counter = int.from_bytes(body[2:6], "little")
                payload = payload[4:]
            told.append((kind, payload))
        return told


class Desk:
    """A virtual controller, a host that beats once a second while *beating*, and what happened when."""

    def __init__(
        self,
        declared=Declared.FAIL_SECURE,
        brain=CPythonBrain,
        *,
        paired=True,
        max_ms=7000,
        opens=0,
        bypass=False,
        now_ms=0,
        round_ms=5,
    ):
        kept = (KEY, DECLARED_CODES[declared], max_ms, opens) if paired else None
        self.box = VirtualController(
            declared=declared, kept=kept, random_bytes=Dice(), brain=brain, bypass=bypass, now_ms=now_ms
        )
        self.host = Host()
        self.round_ms = round_ms
        self.now = 0
        self.beating = True
        self.standing = wire.STAND_NORMAL
        self.heard = []
        self.trace = []
        self._beat_at = None
        self._free_since = None
        self.longest_free = 0

    def connect(self):
        self.run(20, self.host.hello())
        self.beat()
        self.run(20)
        return self

    def beat(self):
        self._beat_at = self.now + 1000
        self.say(self.host.beat(self.standing))

    def say(self, data):
        """Put bytes on the line for the next round."""
        self._round(data)

    def run(self, ms, first=b""):
        """Let time pass."""
        end = self.now + ms
        data = first
        while self.now < end:
            if self.beating and self._beat_at is not None and self.now >= self._beat_at:
                self._beat_at = self.now + 1000
                data += self.host.beat(self.standing)
            self._round(data)
            data = b""

    def until(self, claim, limit_ms=20000):
        """Let time pass until *claim* holds. Returns how many milliseconds that took."""
        begun = self.now
        while not claim():
            assert self.now - begun < limit_ms
            self.run(self.round_ms)
        return self.now - begun

    def _round(self, data):
        self.now += self.round_ms
        sent = self.box.step(self.round_ms, data)
        self.trace.append((self.now, self.box.outputs, sent))
        self.heard += self.host.hear(sent)
        if self.box.locked:
            self._free_since = None
        else:
            self._free_since = self.now if self._free_since is None else self._free_since
            self.longest_free = max(self.longest_free, self.now - self._free_since)

    @property
    def locked(self):
        return self.box.locked

    @property
    def energised(self):
        return bool(self.box.outputs & ENERGISE)

    def bodies(self, kind):
        return [body for told, body in self.heard if told == kind]

    def state(self):
        """Return the bits of the last STATE."""
        return self.bodies(wire.STATE)[-1][0]

    def close(self):
        self.box.close()
        assert self.box.crashes == 0
        assert self.box.faults == 0
