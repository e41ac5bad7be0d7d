"""The door walked breadth first, every reachable state with every input, and single doors driven by name."""

import math
from collections import deque
from dataclasses import dataclass, replace

from gate.core import door_effects as do
from gate.core import door_inputs as on
from gate.core.alarms import Alarm
from gate.core.door import Asked, Declared, Door, DoorRules, advance, alarms
from gate.core.door_inputs import DoorHours
from gate.core.types import AttemptId

FIRST, SECOND = AttemptId("first"), AttemptId("second")
RULES = DoorRules(Declared.FAIL_SECURE, release_s=5)
WALKED = DoorRules(
    Declared.FAIL_SECURE,
    release_s=1,
    answer_s=1,
    held_after_s=2,
    lease_s=3,
    renew_s=1,
    exit_s=1,
    unlocked_margin_s=0,
    settle_s=1,
    pending_at_most=2,
    may_stand_open=True,
)
"""Spans of one or two seconds: the walk counts in whole ones."""

INERT: list[on.DoorInput] = [on.CaseOpened(), on.CaseClosed(), on.PowerFailed(), on.PowerBack()]
"""They touch nothing but their own alarm, in any state: a test of its own shows it, so that the walk can do without."""
OF_THE_OTHER: list[on.DoorInput] = [on.OtherDoorOpened(), on.OtherDoorClosed()]
INPUTS: list[on.DoorInput] = [
    on.ReleaseAsked(FIRST),
    on.ReleaseFailed(FIRST),
    on.StrikeReleased(),
    on.StrikeLocked(),
    on.LeafOpened(),
    on.LeafClosed(),
    on.ExitRequested(),
    on.FireStarted(),
    on.FireOver(),
    on.ControllerLost(),
    on.ControllerBack(),
    *(on.HoursSay(hours) for hours in DoorHours),
    on.LockdownSet(on=True),
    on.LockdownSet(on=False),
    on.Tick(),
]
NAMES = (FIRST, SECOND)


@dataclass(frozen=True)
class Passed:
    """One transition: what was, what came, after how long, what is, what is asked of the world."""

    before: Door
    event: on.DoorInput
    now: float
    after: Door
    effects: tuple[do.DoorEffect, ...]
    rules: DoorRules


def normal(door: Door, now: float) -> Door:
    """Bring a door back to time zero, its attempts to their places: times long past are all alike."""
    asked = tuple(
        Asked(name, None if each.due is None else max(each.due - now, 0.0))
        for name, each in zip(NAMES, door.asked, strict=False)
    )
    return replace(
        door,
        asked=asked,
        renew_at=max(door.renew_at - now, 0.0),
        excused_until=max(door.excused_until - now, 0.0),
        held_at=max(door.held_at - now, 0.0),
        unlocked_at=max(door.unlocked_at - now, 0.0),
    )


def renamed(event: on.DoorInput, door: Door) -> on.DoorInput:
    """Ask under a name that is free."""
    if isinstance(event, on.ReleaseAsked):
        taken = {each.attempt for each in door.asked}
        return on.ReleaseAsked(next((name for name in NAMES if name not in taken), AttemptId("more")))
    return event


def walk(rules: DoorRules, inputs: list[on.DoorInput], times: tuple[float, ...] = (0.0, 1.0)):
    """Yield every transition of every reachable state, each input after each of *times*; a Tick also much later."""
    start = normal(Door(), 0.0)
    known, queue = {start}, deque([start])
    while queue:
        before = queue.popleft()
        for event in inputs:
            for now in (0.0, 1.0, 100.0) if isinstance(event, on.Tick) else times:
                named = renamed(event, before)
                after, effects = advance(before, named, now, rules)
                yield Passed(before, named, now, after, effects, rules)
                reached = normal(after, now)
                if reached not in known:
                    known.add(reached)
                    queue.append(reached)


class Desk:
    """Drives one door by name, with time in seconds; it begins connected, closed and locked, unless told otherwise."""

    def __init__(self, rules: DoorRules = RULES, *, new: bool = False) -> None:
        self.rules, self.now, self.door = rules, 1000.0, Door()
        self.effects: list[do.DoorEffect] = []
        if not new:
            self(on.ControllerBack())(on.LeafClosed())(on.OtherDoorClosed())(on.Tick(), after=100)
            self.effects.clear()

    def __call__(self, event: on.DoorInput, after: float = 0.0) -> "Desk":
        self.now += after
        self.door, effects = advance(self.door, event, self.now, self.rules)
        self.effects += effects
        return self

    def wait(self, seconds: float) -> "Desk":
        """Tick twenty times a second, as the shell does."""
        for _ in range(math.ceil(seconds * 20)):
            self(on.Tick(), after=0.05)
        return self

    @property
    def alarms(self) -> set[Alarm]:
        return set(alarms(self.door))

    def of(self, kind: type[do.DoorEffect]) -> list[do.DoorEffect]:
        return [each for each in self.effects if isinstance(each, kind)]
