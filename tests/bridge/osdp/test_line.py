"""A line as it is in the field: slow, noisy, stuttering, repeating itself."""

import random
import secrets
import statistics
import time

import pytest

from firmware_bridge.events import CardRead, DeviceLost, KeyPressed, Nonsense, StrikeLocked, StrikeReleased
from firmware_bridge.osdp.frames import command_code
from tests.bridge.osdp.desks import desk

POLL, OUTPUT = 0x60, 0x68
TOLD_OUTPUT = 1
"""What libosdp's binding calls the same command."""


def latencies_s(there, cards):
    """Present cards one after the other, at any moment of the poll's turn, and take the time until each is told."""
    taken = []
    for number in range(cards):
        there.pass_time(random.uniform(0.005, 0.06))
        began = time.monotonic()
        there.device.present(number)
        assert there.wait(lambda: len(there.at_reader) > len(taken))
        taken.append(time.monotonic() - began)
    return taken


@pytest.mark.alone
@pytest.mark.parametrize(("baud_per_s", "at_most_s"), [(115200, 0.04), (9600, 0.12)])
def test_a_card_is_told_soon_on_a_line_of_this_speed(baud_per_s, at_most_s):
    with desk(baud_per_s=baud_per_s) as there:
        there.up()
        assert statistics.median(latencies_s(there, 15)) < at_most_s


@pytest.mark.alone
def test_polls_come_faster_than_libosdps_own_and_no_file_is_ever_sent():
    with desk(relayed=True) as there:
        there.up()
        there.relay.commands.clear()
        began = time.monotonic()
        assert there.wait(lambda: len(there.relay.commands) >= 30)
        assert (time.monotonic() - began) / 30 < 0.045  # its own take 50 ms and more
        codes = {command_code(each) for each in there.relay.commands}
        assert codes == {POLL}


def test_noise_between_replies_is_not_heard():
    with desk() as there:
        there.up()
        cards = [CardRead(26, number) for number in range(20)]
        for card in cards:
            there.device.babble(secrets.token_bytes(100))
            there.device.present(card.value)
            assert there.wait(lambda card=card: card in there.at_reader)
        assert there.at_reader == cards


@pytest.mark.fault("bit-errors")
def test_replies_broken_now_and_then_invent_no_key_and_a_lost_one_is_told():
    with desk(relayed=True) as there:
        there.up()
        dice, hits = random.Random(4), []

        def broken(data):
            if dice.random() < 0.1:
                hits.append(data)
                at = dice.randrange(len(data))
                return data[:at] + bytes((data[at] ^ 1 << dice.randrange(8),)) + data[at + 1 :]
            return data

        there.relay.to_panel = broken
        there.device.press("123456")
        assert there.wait(lambda: len(hits) >= 2)
        there.relay.to_panel = lambda data: data
        there.device.press("#")
        assert there.wait(lambda: KeyPressed("#") in there.at_reader)
        assert DeviceLost() not in there.at_reader
        told = [each.key for each in there.at_reader if isinstance(each, KeyPressed)]
        assert told == [key for key in "123456#" if key in told]
        assert len(told) == 7 or Nonsense() in there.at_reader


@pytest.mark.fault("noise-flood")
def test_a_flood_of_noise_ends_in_a_lost_device_and_grants_nothing():
    with desk(relayed=True) as there:
        there.up()
        there.at_door.clear()
        there.relay.to_panel = lambda _: secrets.token_bytes(400)
        there.relay.to_device = lambda data: data + secrets.token_bytes(400)
        assert there.wait(lambda: DeviceLost() in there.at_reader)
        assert there.at_reader == [DeviceLost()]
        there.relay.to_panel = there.relay.to_device = lambda data: data
        assert there.wait(lambda: there.panel.reader.healthy)


def test_bytes_that_come_twice_end_in_a_lost_device():
    with desk(relayed=True) as there:
        there.up()
        there.relay.to_panel = lambda data: bytes(each for each in data for _ in range(2))
        assert there.wait(lambda: there.at_reader == [DeviceLost()])


@pytest.mark.fault("duplicated-frames")
def test_replies_that_come_twice_are_heard_once():
    with desk(relayed=True) as there:
        there.up()
        there.relay.to_panel = lambda data: data + data
        there.device.present(7)
        assert there.wait(lambda: CardRead(26, 7) in there.at_reader)
        there.pass_time(0.3)
        assert there.at_reader == [CardRead(26, 7)]


@pytest.mark.fault("replayed-frames")
def test_a_recorded_reply_that_is_played_again_is_not_heard():
    with desk(relayed=True) as there:
        there.up()
        recorded = []

        def record(data):
            recorded.append(data)
            return data

        there.relay.to_panel = record
        there.device.present(7)
        assert there.wait(lambda: there.at_reader == [CardRead(26, 7)])
        there.relay.to_panel = lambda _: max(recorded, key=len)
        assert there.wait(lambda: DeviceLost() in there.at_reader)
        assert there.at_reader == [CardRead(26, 7), DeviceLost()]


def test_a_command_that_reaches_the_device_twice_releases_once():
    with desk(relayed=True) as there:
        there.up()
        kept, copies = [], []

        def repeated(data):
            """Send a release twice in one piece, and once more in place of the poll after it."""
            if command_code(data) == OUTPUT:
                kept.append(data)
                return data * 2
            if kept:
                copies.append(kept.pop())
                return copies[-1]
            return data

        there.relay.to_device = repeated
        there.panel.door.release(seconds=0.3)
        assert there.wait(lambda: there.device.released)
        assert there.wait(lambda: copies and not there.device.released, seconds=1)
        there.pass_time(1.0)
        assert there.device.shown.count(TOLD_OUTPUT) == 1
        assert there.at_door[2:] == [StrikeReleased(), StrikeLocked()]
