"""The door's mind, walked through whole: every state it can reach, under every input (R65-R68)."""

import copy
from collections import deque

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

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
MAX = 300
LEASE = 300
COMMANDS = (
    ("nothing",),
    ("beat", STAND_NORMAL),
    ("beat", STAND_OPEN),
    ("beat", STAND_LOCKED),
    ("release", 200),
    ("release", 60000),
)
READINGS = (0, FIRE, EXIT, FIRE | EXIT)
"""Every word of the host, after every reading, in every state: steps of STEP ms, until no new state is found."""


class Walker:
    """A door and what an onlooker with a stopwatch knows of it."""

    def __init__(self, declared, *, opens=False):
        self.door = DoorLogic(declared, MAX, exit_ms=2 * STEP, may_stand_open=opens)
        self.now = 0
        self.since_beat = LEASE
        self.read = 0
        self.by_host = 0
        self.rested = REST_MS

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
            self.rested,
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
        self.watch()
        self.now += STEP
        door.step(self.now, reading)
        self.since_beat = min(self.since_beat + STEP, LEASE)
        self.look(reading)
        self.read = reading

    def watch(self):
        """Count what the lock does during the coming step: how long it rests, and how long the host alone frees it."""
        door = self.door
        self.rested = 0 if door.free else min(self.rested + STEP, REST_MS)
        if self.rested == REST_MS:
            self.by_host = 0
        if door.free and not (door.contacts.seen & (FIRE | EXIT) or door._exit_left_ms or door.silent):
            self.by_host += STEP if door.standing == STAND_NORMAL else 0
        assert self.by_host <= MAX, "between two rests no host frees the lock for longer, however it asks"

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
        if not door.may_stand_open:
            assert door.standing != STAND_OPEN, "a host cannot grant itself a permission"


@pytest.mark.parametrize(
    ("declared", "opens"), [(FAIL_SAFE, False), (FAIL_SECURE, False), (FAIL_SECURE, True), (None, False)]
)
def test_every_reachable_state_keeps_every_promise(declared, opens):
    """R65, R66, R67, R68."""
    start = Walker(declared, opens=opens)
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


def test_releases_back_to_back_share_one_maximum():
    """R68: each ends a millisecond before the maximum, and so none of them was ever cut."""
    door, free = awake(), 0
    for now in range(60_000):
        door.step(now, 0)
        if now % 1000 == 0:
            door.beat(STAND_NORMAL, MAX_LEASE_MS)
        if not door.free:
            door.release(MAX_RELEASE_MS - 1)
        free += door.free
    assert free <= 60_000 * MAX_RELEASE_MS / (MAX_RELEASE_MS + REST_MS) + MAX_RELEASE_MS


def test_a_lockdown_of_a_moment_is_no_rest():
    """R68: nor is a pairing, or a session that broke."""
    for pause in (
        lambda door: door.beat(STAND_LOCKED, 5000),
        lambda door: door.forget_host(),
        lambda door: door.declare(FAIL_SECURE, 1000, may_stand_open=False),
    ):
        door = awake(max_ms=1000)
        door.release(1000)
        door.step(950, 0)
        pause(door)
        door.step(951, 0)
        door.beat(STAND_NORMAL, 5000)
        assert door.release(1000) == WHY_FAULT
        door.step(950 + REST_MS, 0)
        assert door.release(1000) == 0


def test_what_exit_frees_is_not_counted_against_those_who_come_in():
    """R66: somebody leaves, and for as long the door is free; the host's own time has not begun."""
    door = awake(max_ms=1000, exit_ms=5000)
    door.step(10, EXIT)
    door.step(20, EXIT)
    door.release(1000)
    door.step(1030, 0)
    door.step(1100, 0)
    assert door.release(1000) == 0
    door.step(2200, 0)
    assert door.release(1000) == 0


SCHEDULES = st.lists(
    st.tuples(
        st.integers(1, 40),
        st.sampled_from(
            [("release", ms) for ms in (1, 99, 100, 350, 699, 700, 65535)]
            + [("beat", standing) for standing in (STAND_NORMAL, STAND_OPEN, STAND_LOCKED)]
            + [("forget", 0), ("declare", 0)]
        ),
    ),
    min_size=20,
    max_size=200,
)


@settings(max_examples=200, deadline=None)
@given(SCHEDULES, st.sampled_from([1, 5, 13]))
def test_in_any_schedule_the_lock_rests_after_at_most_the_maximum(schedule, round_ms):
    """R68: whatever a host says and when, as long as nobody leaves, nothing burns, and the door may not stand open."""
    door = awake(max_ms=700)
    now = since_rest = locked = 0
    for rounds, (kind, value) in schedule:
        if kind == "release":
            door.release(value)
        elif kind == "beat":
            door.beat(value, 5000)
        elif kind == "forget":
            door.forget_host()
        else:
            door.declare(FAIL_SECURE, 700, may_stand_open=False)
        for _ in range(rounds):
            free = door.free
            now += round_ms
            door.step(now, 0)
            locked = 0 if free else locked + round_ms
            since_rest = 0 if locked >= REST_MS else since_rest + round_ms * free
            assert since_rest <= 700 + round_ms


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
    door = awake(may_stand_open=True)
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
