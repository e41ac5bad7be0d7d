"""Both ends of the link that have met, and an attacker's hands on everything between."""

import os

from firmware_bridge.drivers import Standing
from firmware_bridge.link.messages import Beat, Challenge
from firmware_bridge.link.session import Session
from firmware_bridge.mcu import wire
from tests.bridge.link.boxes import KEY

BEAT = Beat(Standing.NORMAL, 5000)
STATE = wire.pack_state(0, 255, 0, 1, 0, 0)


def link(key=KEY, **more):
    return wire.Link(key, os.urandom, wire.FAIL_SECURE, 7000, (1, 2, 3), more.pop("boot", 1))


def nonce():
    return os.urandom(16)


class Ends:
    """A host and a controller that know each other, with an attacker's hands on everything between."""

    def __init__(self):
        self.host = Session(KEY)
        self.box = link()
        self.now = 0.0
        self.box.take()
        self.meet()

    def meet(self):
        self.box.feed(self.host.hello(nonce()), self.ms)
        (challenge,) = self.host.receive(self.box.take())
        assert isinstance(challenge, Challenge)
        assert self.to_box(self.says(BEAT)) == [(wire.BEAT, BEAT.pack())]

    @property
    def ms(self):
        return int(self.now * 1000) & wire.TICKS

    def says(self, message):
        return self.host.send(message, self.now)

    def to_box(self, data):
        return self.box.feed(data, self.ms)

    def box_says(self, kind=wire.STATE, payload=STATE):
        self.box.feed(b"", self.ms)
        assert self.box.send(kind, payload)
        return self.box.take()

    def idles(self, seconds):
        """The board goes round and round, and hears nothing."""
        for _ in range(round(seconds * 200)):
            self.now += 0.005
            self.box.feed(b"", self.ms)

    def goes_on(self, seconds):
        """Both talk as they do, for so long."""
        end = self.now + seconds
        while self.now < end:
            self.now += 0.5
            self.host.receive(self.box_says())
            self.to_box(self.says(BEAT))
