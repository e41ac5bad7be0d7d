"""The strike behind an OSDP output, on a clock of its own: no releases, however many, hold it."""

import pytest

from firmware_bridge.drivers import MAX_RELEASE_S, Declared, Standing
from firmware_bridge.events import BridgeError
from firmware_bridge.osdp.door import REST_S, OsdpDoor
from firmware_bridge.osdp.options import OsdpOptions

TICK_S = 0.05


class Output:
    """A device's timed output: each command sets its timer anew, as IEC 60839-11-5 has it."""

    options = OsdpOptions("/dev/none")
    secure = True
    trouble = None

    def __init__(self):
        self.now = 1000.0
        self.free_until = 0.0
        self.answers = True

    @property
    def free(self):
        return self.now < self.free_until

    def attach(self, face, emit):
        face.emit = emit

    def detach(self, face):
        face.emit = None

    def watch(self):
        pass

    def can(self, _):
        return True

    def ask(self, command):
        if self.answers:
            self.free_until = self.now + command.body["timer_count"] / 10
        return self.answers


@pytest.fixture
def output():
    return Output()


@pytest.fixture
def door(output):
    door = OsdpDoor(output, Declared.FAIL_SECURE, clock=lambda: output.now)
    door.open(lambda _: None)
    return door


def ask(door, seconds):
    """Ask for a release; tell whether it was taken."""
    try:
        door.release(seconds=seconds)
    except BridgeError:
        return False
    return True


def stretches(door, output, *, every_s, seconds, lasting_s):
    """Ask again and again, and give how long the strike was free at a time, and how long locked in between."""
    free, locked, since, was_free = [], [], output.now, False
    due, end = output.now, output.now + lasting_s
    while output.now < end:
        if output.now >= due:
            ask(door, seconds)
            due += every_s
        if output.free != was_free:
            (locked if output.free else free).append(output.now - since)
            since, was_free = output.now, output.free
        output.now += TICK_S
    return free, locked[1:]


@pytest.mark.parametrize("every_s", [0.05, 0.3, 1.0, 4.9])
@pytest.mark.parametrize("seconds", [1.0, 5.0, 7.0, 3600.0])
def test_releases_again_and_again_hold_the_strike_no_longer_than_its_maximum(door, output, every_s, seconds):
    """R68: a coil is not made to be held."""
    free, locked = stretches(door, output, every_s=every_s, seconds=seconds, lasting_s=60.0)
    assert free
    assert max(free) <= MAX_RELEASE_S + 2 * TICK_S
    if seconds > every_s:
        assert min(locked) >= 0.5


def test_a_run_of_releases_is_cut_and_the_strike_rests_and_is_free_again(door, output):
    while ask(door, 5.0):
        output.now += 0.3
    began = 1000.0
    assert output.free_until == pytest.approx(began + MAX_RELEASE_S, abs=0.11)
    output.now = began + MAX_RELEASE_S + REST_S - 0.01
    with pytest.raises(BridgeError, match="rests"):
        door.release(seconds=5.0)
    output.now += 0.02
    door.release(seconds=5.0)
    assert output.free


def test_a_short_release_does_not_shorten_a_longer_one(door, output):
    """R02: who was let in first is not locked out by who comes next."""
    door.release(seconds=5.0)
    output.now += 1.0
    door.release(seconds=1.0)
    assert output.free_until == pytest.approx(1005.0, abs=0.11)


def test_a_release_after_one_that_ended_waits_for_nothing_and_is_whole(door, output):
    door.release(seconds=5.0)
    output.now += 5.5
    door.release(seconds=5.0)
    assert output.free_until == pytest.approx(1010.5)


def test_a_release_that_could_not_be_delivered_counts_for_nothing(door, output):
    output.answers = False
    assert not ask(door, 7.0)
    output.answers = True
    output.now += 6.0
    door.release(seconds=5.0)
    assert output.free_until == pytest.approx(1011.0)


def test_locking_ends_a_run_and_no_rest_follows(door, output):
    door.release(seconds=5.0)
    door.stand(Standing.LOCKED, seconds=5.0)
    door.stand(Standing.NORMAL, seconds=5.0)
    output.now += 1.0
    door.release(seconds=5.0)
    assert output.free_until == pytest.approx(1006.0, abs=0.11)


def test_nobody_is_refused_at_a_door_that_stands_open(door, output):
    for _ in range(40):
        door.stand(Standing.OPEN, seconds=5.0)
        door.release(seconds=5.0)
        output.now += 0.5
    output.now += 0.1
    assert output.free
