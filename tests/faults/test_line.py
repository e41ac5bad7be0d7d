"""Frames that arrive in pieces, between the two real ends of the controller's link."""

import os

import pytest

from firmware_bridge.drivers import Standing
from firmware_bridge.link.messages import Beat, Release
from firmware_bridge.link.session import Session
from firmware_bridge.mcu import wire

KEY = bytes(range(32))
BEAT = Beat(Standing.NORMAL, 5000)
STATE = wire.pack_state(0, 255, 0, 1, 0, 0)


class Line:
    """A host and a controller that have met, with what each says in hand before the other hears it."""

    def __init__(self, apart=lambda data: (data,)):
        self.apart = apart
        self.host = Session(KEY)
        self.box = wire.Link(KEY, os.urandom, wire.FAIL_SECURE, 7000, (1, 0, 0), 1)
        self.box.take()
        self.to_box(self.host.hello(os.urandom(16)))
        self.to_host(self.box.take())
        self.to_box(self.host.send(BEAT, 0.0))

    def to_box(self, data):
        return [heard for piece in self.apart(data) for heard in self.box.feed(piece, 0)]

    def to_host(self, data):
        return [heard for piece in self.apart(data) for heard in self.host.receive(piece)]

    def host_says(self):
        return self.host.send(Release(1, 5000), 0.0)

    def box_says(self):
        self.box.feed(b"", 0)
        assert self.box.send(wire.STATE, STATE)
        return self.box.take()


def ways(line):
    return (line.host_says, line.to_box), (line.box_says, line.to_host)


def cut(data):
    """Lose the end, the middle or the beginning of a frame, never the zero behind it."""
    body = data.strip(b"\0")
    for place in range(1, len(body)):
        yield body[:place]
        yield body[place:]
        yield body[: place - 1] + body[place:]


@pytest.mark.fault("truncation")
def test_a_frame_that_lost_a_part_says_nothing_and_the_next_one_is_whole():
    line = Line()
    for says, hears in ways(line):
        for part in cut(says()):
            assert hears(part + b"\0") == []
        assert len(hears(says())) == 1


@pytest.mark.fault("truncation")
def test_a_frame_without_its_end_takes_at_most_the_next_one_with_it():
    line = Line()
    for says, hears in ways(line):
        assert hears(says().rstrip(b"\0")[:-1]) == []
        assert hears(says().lstrip(b"\0")) == []
        assert len(hears(says())) == 1


@pytest.mark.fault("one-byte-at-a-time")
def test_both_ends_meet_and_understand_each_other_one_byte_at_a_time():
    line = Line(lambda data: (data[place : place + 1] for place in range(len(data))))
    for says, hears in ways(line):
        assert len(hears(says())) == 1
