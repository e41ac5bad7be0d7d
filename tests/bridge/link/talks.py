"""A conversation with a box, in a time that tests pass."""

import os

from firmware_bridge.drivers import Declared
from firmware_bridge.events import CaseClosed, FireOver, LeafClosed, OtherDoorClosed, PowerBack
from firmware_bridge.link.conversation import Conversation
from tests.bridge.link.boxes import KEY, Box

AT_REST = [FireOver(), LeafClosed(), CaseClosed(), PowerBack(), OtherDoorClosed()]


class Desk:
    """A conversation and a box, twenty steps a second."""

    def __init__(self, box=None, declared=Declared.FAIL_SECURE, *, may_stand_open=False):
        self.box = box or Box()
        self.talk = Conversation(KEY, declared, lambda: os.urandom(16), may_stand_open=may_stand_open)
        self.now = 0.0
        self.told_at = 0.0
        self.heard = []
        self.carries = True
        self.host_lives = True

    def step(self):
        self.now += 0.05
        if self.host_lives:
            self.heard += self.talk.tick(self.now)
        self.exchange()

    def exchange(self, noise=b""):
        said = self.talk.take()
        self.box.hear(said if self.carries else b"", int(self.now * 1000))
        if self.now - self.told_at >= 0.5:
            self.told_at = self.now
            self.box.tell()
        answer = self.box.link.take()
        self.heard += self.talk.receive(noise + (answer if self.carries else b""), self.now)

    def wait(self, seconds):
        for _ in range(round(seconds / 0.05)):
            self.step()

    def say(self, kind, payload):
        """Have the box say one thing, and the host hear it."""
        self.box.link.feed(b"", int(self.now * 1000))
        self.box.link.send(kind, payload)
        self.exchange()

    def news(self):
        """What was heard since the last time."""
        news, self.heard = self.heard, []
        return news


def met():
    """Give a desk whose two ends have met, with nothing left to tell."""
    desk = Desk()
    desk.wait(0.2)
    assert desk.news() == AT_REST
    return desk
