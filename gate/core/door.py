"""The door as a pure state machine: what it is known to be, what it is asked, and what may be asked of it.

``advance(door, event, now, rules)`` gives the next door and the effects to carry out, in order. Any input, in any state,
at any time, has an answer. Only a Tick lets time pass: an answer that waited in a stalled loop is still an answer.

What comes first: fire, lockdown, always locked, interlock, always open. The controller times the strike, relocks it,
and opens for exit and fire by itself; the host can ask for a release, or for a standing that lapses when it is not
asked for again, and for nothing else. When the controller is lost, whatever would let somebody in is forgotten and
whatever is an alarm stays, until the controller is back and says anew what it sees (R68).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from typing import Final, assert_never

from gate.core import door_effects as do
from gate.core import door_inputs as on
from gate.core.alarms import Alarm
from gate.core.door_effects import Standing
from gate.core.door_inputs import DoorHours
from gate.core.types import AttemptId, Reason, Seconds

NEVER: Final = math.inf
LONG_AGO: Final = -math.inf


class Declared(StrEnum):
    """What the lock does without power and without its host (R67)."""

    FAIL_SAFE = "fail-safe"
    FAIL_SECURE = "fail-secure"


@dataclass(frozen=True, slots=True)
class DoorRules:
    """What was decided about one door. Spans are in seconds."""

    declared: Declared
    release_s: Seconds
    answer_s: Seconds = 1.0
    """A release not confirmed this long after the first Tick that could have seen the answer did not happen."""
    held_after_s: Seconds = 30.0
    lease_s: Seconds = 10.0
    """So long a standing holds without being asked for again; the controller allows no more."""
    renew_s: Seconds = 3.0
    exit_s: Seconds = 8.0
    """After an exit request, and after the controller came back, an opening leaf is no break-in for this long."""
    unlocked_margin_s: Seconds = 10.0
    """A strike that is free so much longer than a release and an exit take is an alarm."""
    settle_s: Seconds = 1.0
    """After the lock engaged, the same: leaf and strike have contacts of their own, each with its delay."""
    pending_at_most: int = 4
    """So many releases may wait for their answer; more are refused at once."""
    has_leaf: bool = True
    has_exit_contact: bool = True
    """Without one, leaving by the handle looks like a break-in: then no opening is called forced."""
    interlocked: bool = False
    may_stand_open: bool = False


class Link(Enum):
    """Whether the controller answers."""

    NOT_YET = "not yet"
    UP = "up"
    LOST = "lost"


class Leaf(Enum):
    """What a door contact says."""

    UNKNOWN = "unknown"
    CLOSED = "closed"
    OPEN = "open"


class Lock(StrEnum):
    """Whether the leaf can be opened from outside. From inside it always can."""

    LOCKED = "locked"
    UNLOCKED = "unlocked"


class DoorView(StrEnum):
    """The door in one word: the first of these that holds."""

    FIRE = "fire"
    LOST = "lost"
    FORCED = "forced"
    TAMPER = "tamper"
    HELD = "held"
    UNLOCKED = "unlocked"
    LOCKDOWN = "lockdown"
    ALWAYS_LOCKED = "always-locked"
    OPEN = "open"
    ALWAYS_OPEN = "always-open"
    RELEASING = "releasing"
    INTERLOCKED = "interlocked"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class Asked:
    """A release that waits for its answer. *due* is set by the first Tick after asking: a stalled loop is no fault."""

    attempt: AttemptId
    due: Seconds | None = None


@dataclass(frozen=True, slots=True)
class Door:
    """What is known of the door. A new one knows nothing and lets nobody in."""

    link: Link = Link.NOT_YET
    strike_free: bool = False
    leaf: Leaf = Leaf.UNKNOWN
    other: Leaf = Leaf.UNKNOWN
    fire: bool = False
    case_open: bool = False
    power_failed: bool = False
    hours: DoorHours = DoorHours.NORMAL
    lockdown: bool = False
    asked: tuple[Asked, ...] = ()
    told: Standing | None = None
    """How the controller was last told to stand; None when it may stand otherwise by now."""
    renew_at: Seconds = NEVER
    excused_until: Seconds = LONG_AGO
    """Until then an opening leaf is no break-in."""
    forced: bool = False
    held: bool = False
    held_at: Seconds = NEVER
    """When a leaf that stands open becomes a held one."""
    asked_while_free: bool = False
    unlocked: bool = False
    unlocked_at: Seconds = NEVER
    """When a strike that is free will have been so for too long."""


Step = tuple[Door, tuple[do.DoorEffect, ...]]


def advance(door: Door, event: on.DoorInput, now: Seconds, rules: DoorRules) -> Step:
    """Give the door after *event* at monotonic *now*, and the effects to carry out in order. Never raises."""
    after, effects = _take(door, event, now, rules)
    after, standing = _stand(after, now, rules)
    after = _mind_strike(door, event, after, now, rules)
    after = _mind_leaf(door, after, now, rules)
    return after, (*effects, *standing, *_alarms_changed(door, after))


def deadline(door: Door) -> Seconds | None:
    """Give the monotonic time at which a Tick is due, possibly long past, or None when only an input changes anything."""
    answers = (LONG_AGO if each.due is None else each.due for each in door.asked)
    due = min(door.held_at, door.unlocked_at, door.renew_at, *answers)
    return None if due == NEVER else due


def entry_obstacle(door: Door, rules: DoorRules) -> Reason | None:
    """Tell why nobody can enter now, whoever asks and by whatever method (R03), or None when a release may be asked."""
    if door.link is not Link.UP:
        return Reason.FAULT
    if door.fire:
        return None  # the door stands open: to say otherwise would be untrue
    if door.lockdown or door.hours is DoorHours.ALWAYS_LOCKED:
        return Reason.DOOR_LOCKED
    if _held_by_other(door, rules):
        return Reason.INTERLOCKED
    return None


def lock(door: Door, rules: DoorRules) -> Lock:
    """Tell whether the door can be opened from outside. Unheard, it comes to what it is declared, within the lease."""
    if door.link is not Link.UP and not door.fire:
        return Lock.UNLOCKED if rules.declared is Declared.FAIL_SAFE else Lock.LOCKED
    return Lock.UNLOCKED if _unlocked(door) else Lock.LOCKED


def alarms(door: Door) -> frozenset[Alarm]:
    """Give the alarms this door's state stands for."""
    holds = {
        Alarm.FORCED: door.forced,
        Alarm.HELD: door.held,
        Alarm.UNLOCKED: door.unlocked,
        Alarm.FIRE: door.fire,
        Alarm.TAMPER: door.case_open,
        Alarm.CONTROLLER_LOST: door.link is Link.LOST,
        Alarm.POWER: door.power_failed,
    }
    return frozenset(alarm for alarm, raised in holds.items() if raised)


def look(door: Door, rules: DoorRules) -> DoorView:
    """Give the door in one word, by priority."""
    holds = {
        DoorView.FIRE: door.fire,
        DoorView.LOST: door.link is not Link.UP,
        DoorView.FORCED: door.forced,
        DoorView.TAMPER: door.case_open,
        DoorView.HELD: door.held,
        DoorView.UNLOCKED: door.unlocked,
        DoorView.LOCKDOWN: door.lockdown,
        DoorView.ALWAYS_LOCKED: door.hours is DoorHours.ALWAYS_LOCKED,
        DoorView.OPEN: door.leaf is Leaf.OPEN,
        DoorView.ALWAYS_OPEN: door.told is Standing.OPEN,
        DoorView.RELEASING: door.strike_free or bool(door.asked),
        DoorView.INTERLOCKED: _held_by_other(door, rules),
    }
    return next((view for view, shown in holds.items() if shown), DoorView.LOCKED)


def _take(door: Door, event: on.DoorInput, now: Seconds, rules: DoorRules) -> Step:
    match event:
        case on.ReleaseAsked(attempt):
            return _release(door, attempt, now, rules)
        case on.ReleaseFailed(attempt):
            return _failed(door, attempt)
        case on.StrikeReleased():
            return _released(door)
        case on.FireStarted():
            return _answer_all(replace(door, fire=True), released=True)
        case on.ControllerLost():
            return _lost(door)
        case on.HoursSay() | on.LockdownSet():
            return _order(door, event), ()
        case on.Tick():
            return _wait(door, now, rules)
        case _:
            return _learn(door, event, now, rules), ()


def _order(door: Door, event: on.HoursSay | on.LockdownSet) -> Door:
    if isinstance(event, on.HoursSay):
        return replace(door, hours=event.hours)
    return replace(door, lockdown=event.on)


_Seen = (
    on.StrikeLocked
    | on.LeafOpened
    | on.LeafClosed
    | on.ExitRequested
    | on.FireOver
    | on.CaseOpened
    | on.CaseClosed
    | on.PowerFailed
    | on.PowerBack
    | on.OtherDoorOpened
    | on.OtherDoorClosed
    | on.ControllerBack
)


def _learn(door: Door, event: _Seen, now: Seconds, rules: DoorRules) -> Door:
    match event:
        case on.StrikeLocked():
            return replace(door, strike_free=False)
        case on.LeafOpened() | on.LeafClosed():
            leaf = Leaf.OPEN if isinstance(event, on.LeafOpened) else Leaf.CLOSED
            return replace(door, leaf=leaf) if rules.has_leaf else door
        case on.ExitRequested():
            return replace(door, excused_until=max(door.excused_until, now + rules.exit_s))
        case on.FireOver():
            return replace(door, fire=False)
        case on.CaseOpened() | on.CaseClosed():
            return replace(door, case_open=isinstance(event, on.CaseOpened))
        case on.PowerFailed() | on.PowerBack():
            return replace(door, power_failed=isinstance(event, on.PowerFailed))
        case on.OtherDoorOpened() | on.OtherDoorClosed():
            return replace(door, other=Leaf.OPEN if isinstance(event, on.OtherDoorOpened) else Leaf.CLOSED)
        case on.ControllerBack():
            return _back(door, now, rules)
        case _:
            assert_never(event)


def _release(door: Door, attempt: AttemptId, now: Seconds, rules: DoorRules) -> Step:
    """Ask for a release if anybody may enter. In a fire the door stands open: the answer is yes, and nothing is asked.

    While the strike is free one more is asked, and no third before it locked: a card held to the reader keeps no door
    open, and who comes meanwhile finds it free. One that is free for too long may not be so at all: then each is asked.
    A release may happen although its answer is lost on the way: whoever opens meanwhile does not break in.
    """
    if entry_obstacle(door, rules) is not None or len(door.asked) >= rules.pending_at_most:
        return door, (do.Report(attempt, released=False),)
    if door.fire or (door.strike_free and door.asked_while_free and not door.unlocked):
        return door, (do.Report(attempt, released=True),)
    door = replace(door, asked_while_free=door.strike_free)
    excused = max(door.excused_until, now + rules.release_s + rules.settle_s)
    asked = (*door.asked, Asked(attempt))
    return replace(door, asked=asked, excused_until=excused), (do.Release(attempt, rules.release_s),)


def _failed(door: Door, attempt: AttemptId) -> Step:
    if all(each.attempt != attempt for each in door.asked):
        return door, ()  # answered already
    waiting = tuple(each for each in door.asked if each.attempt != attempt)
    return replace(door, asked=waiting), (do.Report(attempt, released=False),)


def _released(door: Door) -> Step:
    """Answer the release asked first. Should an exit request have freed the strike, its answer is true all the same."""
    free = replace(door, strike_free=True)
    if not door.asked:
        return free, ()
    return replace(free, asked=door.asked[1:]), (do.Report(door.asked[0].attempt, released=True),)


def _answer_all(door: Door, *, released: bool) -> Step:
    return replace(door, asked=()), tuple(do.Report(each.attempt, released) for each in door.asked)


def _lost(door: Door) -> Step:
    """Forget what would let somebody in, keep what is an alarm."""
    unheard = replace(door, link=Link.LOST, strike_free=False, leaf=Leaf.UNKNOWN, other=Leaf.UNKNOWN)
    return _answer_all(unheard, released=False)


def _back(door: Door, now: Seconds, rules: DoorRules) -> Door:
    """Begin to listen. Fire lets in, so it counts only if it is reported anew; what the lock did meanwhile is excused."""
    if door.link is Link.UP:
        return door
    return replace(door, link=Link.UP, fire=False, excused_until=max(door.excused_until, now + rules.exit_s))


def _wait(door: Door, now: Seconds, rules: DoorRules) -> Step:
    """Let time pass: give up on answers that are overdue, and see what was open or free for too long."""
    held = door.held or now >= door.held_at
    unlocked = door.unlocked or now >= door.unlocked_at
    timed = (replace(each, due=now + rules.answer_s) if each.due is None else each for each in door.asked)
    waiting = tuple(each for each in timed if each.due is None or now < each.due)
    late = tuple(each for each in door.asked if each.due is not None and now >= each.due)
    reports = tuple(do.Report(each.attempt, released=False) for each in late)
    return replace(door, held=held, unlocked=unlocked, asked=waiting), reports


def _mind_strike(before: Door, event: on.DoorInput, door: Door, now: Seconds, rules: DoorRules) -> Door:
    """Start or stop the clock of a strike that is free, which each release and each person who leaves starts anew."""
    if not door.strike_free or door.fire or door.told is Standing.OPEN:
        unheard = door.link is Link.LOST and not door.fire
        again = door.asked_while_free and door.strike_free
        return replace(door, asked_while_free=again, unlocked=door.unlocked and unheard, unlocked_at=NEVER)
    released = isinstance(event, on.StrikeReleased) and len(door.asked) < len(before.asked)
    until = now + max(rules.release_s, rules.exit_s) + rules.unlocked_margin_s
    anew = released or isinstance(event, on.ExitRequested)
    unlocked_at = NEVER if door.unlocked else until if anew else min(door.unlocked_at, until)
    return replace(door, unlocked_at=unlocked_at)


def _mind_leaf(before: Door, door: Door, now: Seconds, rules: DoorRules) -> Door:
    """Tell a break-in from an opening that was excused, and start or stop the clock of a leaf that stands open."""
    if _unlocked(before) and not _unlocked(door):
        door = replace(door, excused_until=max(door.excused_until, now + rules.settle_s))
    if door.leaf is Leaf.CLOSED:
        return replace(door, forced=False, held=False, held_at=NEVER)
    held = door.held and not (door.fire or door.told is Standing.OPEN)
    opened = before.leaf is Leaf.CLOSED and door.leaf is Leaf.OPEN
    locked = not _unlocked(door)
    excused = now < door.excused_until or bool(door.asked) or not rules.has_exit_contact
    forced = door.forced or (opened and locked and not excused)
    counts = door.leaf is Leaf.OPEN and (locked or door.unlocked) and not forced and not held
    held_at = min(door.held_at, now + rules.held_after_s) if counts else NEVER
    return replace(door, forced=forced, held=held, held_at=held_at)


def _stand(door: Door, now: Seconds, rules: DoorRules) -> Step:
    """Tell the controller how to stand when that changed or its lease is to be renewed; a burning door is told nothing."""
    wanted = _wanted(door, rules)
    if wanted is None:
        return replace(door, told=None, renew_at=NEVER), ()
    if wanted is door.told and now < door.renew_at:
        return door, ()
    renew_at = NEVER if wanted is Standing.NORMAL else now + rules.renew_s
    return replace(door, told=wanted, renew_at=renew_at), (do.Stand(wanted, rules.lease_s),)


def _wanted(door: Door, rules: DoorRules) -> Standing | None:
    if door.link is not Link.UP or door.fire:
        return None
    if door.lockdown or door.hours is DoorHours.ALWAYS_LOCKED:
        return Standing.LOCKED
    if door.hours is DoorHours.ALWAYS_OPEN and rules.may_stand_open and not _held_by_other(door, rules):
        return Standing.OPEN
    return Standing.NORMAL


def _held_by_other(door: Door, rules: DoorRules) -> bool:
    return rules.interlocked and door.other is not Leaf.CLOSED


def _unlocked(door: Door) -> bool:
    return door.strike_free or door.fire or door.told is Standing.OPEN


def _alarms_changed(before: Door, after: Door) -> tuple[do.DoorEffect, ...]:
    was, now = alarms(before), alarms(after)
    raised = tuple(do.Raise(each) for each in Alarm if each in now - was)
    return (*raised, *(do.Clear(each) for each in Alarm if each in was - now))
