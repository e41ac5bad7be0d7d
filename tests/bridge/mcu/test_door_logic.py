"""The door's mind, walked through whole: every state it can reach, under every input (R65-R68)."""

import copy
from collections import deque

import pytest

from firmware_bridge.mcu.contacts import EXIT, FIRE, LEAF
from firmware_bridge.mcu.door_logic import LEAST_RELEASE_MS, MAX_LEASE_MS, REST_MS, DoorLogic
from firmware_bridge.mcu.sealing import TICKS
from firmware_bridge.mcu.wire import (
    FAIL_SAFE,
    FAIL_SECURE,
    MAX_RELEASE_MS,
    STAND_LOCKED,
    STAND_NORMAL,
    STAND_OPEN,
    WHY_FAULT,
    WHY_HOST,
    WHY_MAXIMUM,
    WHY_STANDING,
    WHY_TIME,
)

STEP = 100
MAX = 700
LEASE = 500
COMMANDS = (
    ("nothing",),
    ("beat", STAND_NORMAL),
    ("beat", STAND_OPEN),
    ("beat", STAND_LOCKED),
    ("release", 300),
    ("release", 60000),
)
READINGS = (0, FIRE, EXIT, FIRE | EXIT)
"""Every word of the host, after every reading, in every state: steps of STEP ms, until no new state is found."""


class Walker:
    """A door and what an onlooker with a stopwatch knows of it."""

    def __init__(self, declared):
        self.door = DoorLogic(declared, MAX, exit_ms=2 * STEP)
        self.now = 0
        self.since_beat = LEASE
        self.read = 0
        self.by_host = 0

    def key(self):
        door = self.door
        return (
            *(
                value
                for name, value in vars(door).items()
                if name not in {"contacts", "_last_ms", "locked_by"}
            ),
            door.contacts.seen,
            tuple(door.contacts._waiting),
            self.since_beat,
            self.read,
            self.by_host,
        )

    def copy(self):
        other = copy.copy(self)
        other.door = copy.copy(self.door)
        other.door.contacts = copy.copy(self.door.contacts)
        other.door.contacts._waiting = list(self.door.contacts._waiting)
        return other

    def go(self, command, reading):
        """Say one thing, let one step pass with one reading, and look at everything that must hold."""
        door = self.door
        refused = None
        if command[0] == "beat":
            door.beat(command[1], LEASE)
            self.since_beat = 0
        elif command[0] == "release":
            refused = door.release(command[1])
        if door.standing == STAND_LOCKED and self.since_beat < LEASE and refused is not None:
            assert refused == WHY_STANDING
        self.now += STEP
        door.step(self.now, reading)
        self.since_beat = min(self.since_beat + STEP, LEASE)
        self.look(reading)
        self.read = reading

    def look(self, reading):
        door = self.door
        freed_here = door.contacts.seen & (FIRE | EXIT) or door._exit_left_ms
        if reading & FIRE or (reading & EXIT and self.read & EXIT):
            assert door.free, "fire and exit free, whatever the host says"
        if self.since_beat >= LEASE and not freed_here:
            assert door.free == (door.declared == FAIL_SAFE), "without a host the door is as declared"
        if door.standing == STAND_LOCKED and not freed_here:
            assert not door.free, "locked is locked to everybody outside"
        if door.declared is None:
            assert not door.energised
        else:
            assert door.energised == (door.free == (door.declared == FAIL_SECURE))
        by_host = door.free and not freed_here and not door.silent and door.standing == STAND_NORMAL
        self.by_host = self.by_host + STEP if by_host else 0
        assert self.by_host <= MAX, (
            "no release lasts longer than the maximum, however often it is asked again"
        )


@pytest.mark.parametrize("declared", [FAIL_SAFE, FAIL_SECURE, None])
def test_every_reachable_state_keeps_every_promise(declared):
    """R65, R66, R67, R68."""
    start = Walker(declared)
    start.go(("nothing",), 0)
    seen = {start.key()}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        for command in COMMANDS:
            for reading in READINGS:
                there = here.copy()
                there.go(command, reading)
                if there.key() not in seen:
                    seen.add(there.key())
                    waiting.append(there)
    assert len(seen) > 1000, "the walk went nowhere"


def awake(declared=FAIL_SECURE, **how):
    door = DoorLogic(declared, **how)
    door.step(0, 0)
    door.beat(STAND_NORMAL, MAX_LEASE_MS)
    return door


def test_a_release_is_over_on_the_millisecond():
    door = awake()
    assert door.release(3000) == 0
    door.step(2999, 0)
    assert door.free
    door.step(3000, 0)
    assert not door.free
    assert door.locked_by == WHY_TIME


def test_drawing_out_ends_at_the_maximum_counted_from_the_first():
    """R68: the host cannot hold a strike."""
    door = awake(max_ms=4000)
    for now in range(0, 4000, 100):
        door.step(now, 0)
        assert door.release(3000) == 0
    door.step(4000, 0)
    assert not door.free
    assert door.locked_by == WHY_MAXIMUM


def test_after_a_cut_the_coil_rests():
    door = awake(max_ms=1000)
    door.release(1000)
    door.step(1000, 0)
    assert door.release(1000) == WHY_FAULT
    door.step(1000 + REST_MS, 0)
    assert door.release(1000) == 0


def test_a_shorter_release_does_not_cut_a_longer_one_short():
    door = awake()
    door.release(5000)
    door.release(200)
    door.step(4900, 0)
    assert door.free


def test_no_pairing_can_raise_the_maximum_above_the_board_s_own():
    assert DoorLogic(FAIL_SECURE, 65535).max_ms == MAX_RELEASE_MS
    assert DoorLogic(FAIL_SECURE, 0).max_ms == LEAST_RELEASE_MS


def test_a_lease_is_bounded_whatever_the_host_asks():
    door = awake()
    door.beat(STAND_OPEN, 65535)
    door.step(MAX_LEASE_MS - 1, 0)
    assert door.free
    door.step(MAX_LEASE_MS, 0)
    assert not door.free
    assert door.locked_by == WHY_HOST


@pytest.mark.parametrize(("standing", "lease_ms"), [(3, 5000), (255, 5000), (STAND_OPEN, 0)])
def test_a_beat_that_makes_no_sense_changes_nothing(standing, lease_ms):
    door = DoorLogic(FAIL_SECURE)
    door.step(0, 0)
    door.beat(standing, lease_ms)
    assert door.silent
    assert not door.free


def test_a_host_that_never_spoke_can_release_nothing():
    door = DoorLogic(FAIL_SECURE)
    door.step(0, 0)
    assert door.release(3000) == WHY_FAULT


def test_silence_ends_a_release_at_once():
    """R67, R68: the host hung after it asked."""
    door = DoorLogic(FAIL_SECURE)
    door.step(0, 0)
    door.beat(STAND_NORMAL, 1000)
    door.release(5000)
    door.step(999, 0)
    assert door.free
    door.step(1000, 0)
    assert not door.free


def test_lockdown_takes_back_a_release_that_runs():
    door = awake()
    door.release(5000)
    door.beat(STAND_LOCKED, 5000)
    assert not door.free
    door.beat(STAND_NORMAL, 5000)
    assert not door.free


def test_fire_frees_in_the_very_step_that_sees_it():
    """R65: also in lockdown, also while the host talks."""
    door = awake()
    door.beat(STAND_LOCKED, 5000)
    door.step(1, FIRE)
    assert door.free


def test_a_held_exit_button_never_locks_and_then_waits_its_time():
    """R66."""
    door = awake(exit_ms=5000)
    for now in range(10, 60000, 10):
        door.step(now, EXIT)
        assert door.free or now == 10
    door.step(60010, 0)
    for now in range(60020, 65000, 10):
        door.step(now, 0)
        assert door.free
    for now in range(65000, 65100, 10):
        door.step(now, 0)
    assert not door.free


def test_one_press_is_reported_once_however_long_it_is_held():
    door = awake()
    assert sum(bool(door.step(now, EXIT) & EXIT) for now in range(10, 5000, 10)) == 1


def test_an_unpaired_controller_never_energises_a_lock_it_does_not_know():
    """R67: which way it turns is not declared yet."""
    door = DoorLogic(None)
    for now, reading in enumerate((0, FIRE, EXIT, EXIT, LEAF, 0)):
        door.step(now * 100, reading)
        assert not door.energised


@pytest.mark.parametrize("start", [TICKS - 3, TICKS - 2500, TICKS // 2 - 1000, TICKS])
def test_ticks_that_wrap_change_nothing(start):
    def trace(begin):
        door = DoorLogic(FAIL_SECURE, 4000)
        told = []
        for passed in range(0, 12000, 50):
            reading = EXIT if 5000 <= passed < 5200 else FIRE if 10800 < passed < 11000 else 0
            door.step((begin + passed) & TICKS, reading)
            if passed == 100:
                door.beat(STAND_NORMAL, 9000)
                door.release(3000)
            told.append((door.free, door.silent, door.locked_by))
        return told

    assert trace(start) == trace(0)


def test_a_clock_that_steps_back_ends_what_the_host_asked():
    door = awake()
    door.release(5000)
    door.step(1000, 0)
    door.step(900, 0)
    assert not door.free
    assert door.silent
