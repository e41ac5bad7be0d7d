"""One access attempt as a pure state machine: any input, in any state, at any time, has an answer.

``advance(gate, event, now, rules)`` gives the next gate and the effects to carry out, in order; ``deadline(gate)``
says when the shell must call again. What is overdue is settled before an input is looked at, so a late result can
never grant. Leaving Capturing always closes the camera and forgets; a door is only ever released out of Recording,
after the record was committed, and ``endings.grant`` is the only way there. A withdrawal is asked for at the screen,
bound to a person by a card or PIN, and carried out only on a second press (R24).

One credential is looked up at a time. What comes meanwhile is kept and taken next: nothing held up at a reader ends
the check of another, nor the wait for a second factor, unless it holds (R02, R03).

Here every input finds its answer; the answers are in offers (what a visit is offered), proofs (what a person proves),
looks (a face before the camera) and endings (how it ends).
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.endings import Step, door_reported, recorded, refuse, rest, withdrawal
from gate.core.looks import break_off, face_found, unfinished
from gate.core.offers import (
    camera_failed,
    circumstances_changed,
    face_chosen,
    face_is_offered,
    more_time,
    notice_shown,
    offer,
    presence,
    read_again,
    withdrawal_chosen,
)
from gate.core.phases import (
    Capturing,
    Choosing,
    Confirming,
    First,
    Gate,
    Identifying,
    Idle,
    Noticing,
    Recording,
    Told,
    Verifying,
    Withdrawing,
    is_busy,
)
from gate.core.policy import Rules, decide_credential
from gate.core.proofs import checked, checked_beside, presented
from gate.core.types import Decision, Reason, Seconds, WithdrawalOutcome

__all__ = ["Step", "advance", "deadline", "face_is_offered"]

_FromScreen = on.NoticeShown | on.FaceChosen | on.Cancelled | on.MoreTime | on.ReadAgain
_ForAttempt = (
    _FromScreen
    | on.FaceFound
    | on.CameraFailed
    | on.CredentialChecked
    | on.Recorded
    | on.WithdrawalConfirmed
    | on.Withdrawn
)


def advance(gate: Gate, event: on.Input, now: Seconds, rules: Rules) -> Step:
    """Give the gate after *event* at monotonic *now*, and the effects to carry out in order. Never raises."""
    gate, overdue = _settle(gate, now, rules)
    gate, effects = _take(gate, event, now, rules)
    gate, next_effects = _take_kept(gate, now, rules)
    return gate, overdue + effects + next_effects


def deadline(gate: Gate) -> Seconds | None:
    """Give the monotonic time at which a Tick is due, or None when only an input can change anything."""
    ends = () if isinstance(gate.phase, Idle) else (gate.phase.until,)
    return min(ends if gate.beside is None else (*ends, gate.beside.until), default=None)


def _settle(gate: Gate, now: Seconds, rules: Rules) -> Step:
    """Carry out every deadline that has passed, in order, each counted from when it is carried out."""
    effects: tuple[do.Effect, ...] = ()
    while (due := deadline(gate)) is not None and now >= due:
        gate, more = _expire(gate, due, now, rules)
        gate, next_effects = _take_kept(gate, now, rules)
        effects += more + next_effects
    return gate, effects


def _take_kept(gate: Gate, now: Seconds, rules: Rules) -> Step:
    """Take what was kept, one after the other, until something is looked up again."""
    effects: tuple[do.Effect, ...] = ()
    while gate.kept and not is_busy(gate):
        event, *later = gate.kept
        gate, more = presented(replace(gate, kept=tuple(later)), event, now, rules)
        effects += more
    return gate, effects


def _expire(gate: Gate, due: Seconds, now: Seconds, rules: Rules) -> Step:
    """Carry out the deadline *due*; where two fall together, that of the credential beside comes first."""
    if gate.beside is not None and gate.beside.until == due:
        late = on.CredentialChecked(gate.beside.attempt, Reason.TOO_SLOW)
        return checked_beside(gate, gate.beside, late, now, rules)
    match gate.phase:
        case Noticing(attempt, confirmed=confirmed, first=first):
            return offer(gate, attempt, now, rules, notice_seen=confirmed, first=first)
        case Choosing(attempt, first=First(method)):
            missing = Decision(attempt, method, granted=False, reason=Reason.SECOND_MISSING)
            return refuse(gate, missing, now, rules)
        case Capturing() as phase:
            return refuse(gate, unfinished(phase, rules), now, rules)
        case Verifying(attempt, method=method):
            return refuse(gate, decide_credential(attempt, method, Reason.TOO_SLOW), now, rules)
        case Recording():
            return _recorded(gate, on.Stored.FAILED, now, rules)
        case Withdrawing(attempt):
            return withdrawal(gate, on.Withdrawn(attempt, WithdrawalOutcome.FAILED), now, rules)
        case _:
            return rest(gate)


def _take(gate: Gate, event: on.Input, now: Seconds, rules: Rules) -> Step:
    match event:
        case on.ConditionsChanged() | on.EntryChanged():
            return circumstances_changed(gate, event, now, rules)
        case on.CredentialPresented():
            return presented(gate, event, now, rules)
        case on.DoorReported(attempt, released):
            return door_reported(gate, attempt, now, rules, released=released)
        case on.Presence(attempt):
            return presence(gate, attempt, now, rules)
        case on.WithdrawalChosen(attempt):
            return withdrawal_chosen(gate, attempt, now, rules)
        case on.Tick():
            return gate, ()
        case _ if isinstance(gate.phase, Idle) or event.attempt != gate.phase.attempt:
            return _take_for_another(gate, event, now, rules)
        case _:
            return _take_for_attempt(gate, event, now, rules)


def _take_for_another(gate: Gate, event: _ForAttempt, now: Seconds, rules: Rules) -> Step:
    """Take the answer to what is looked up beside; anything else belongs to an attempt that is over."""
    if isinstance(event, on.CredentialChecked) and gate.beside and event.attempt == gate.beside.attempt:
        return checked_beside(gate, gate.beside, event, now, rules)
    return gate, ()


def _take_for_attempt(gate: Gate, event: _ForAttempt, now: Seconds, rules: Rules) -> Step:
    match event:
        case on.NoticeShown() | on.FaceChosen() | on.Cancelled() | on.MoreTime() | on.ReadAgain():
            return _take_from_screen(gate, event, now, rules)
        case on.FaceFound(_, finding):
            return face_found(gate, finding, now, rules)
        case on.CameraFailed():
            return camera_failed(gate, now, rules)
        case on.CredentialChecked():
            return checked(gate, event, now, rules)
        case on.Recorded(_, stored):
            return _recorded(gate, stored, now, rules)
        case on.WithdrawalConfirmed() | on.Withdrawn():
            return withdrawal(gate, event, now, rules)
        case _:
            assert_never(event)


def _take_from_screen(gate: Gate, event: _FromScreen, now: Seconds, rules: Rules) -> Step:
    """Take what the screen, or the person before it, says of the attempt that stands there."""
    match event:
        case on.NoticeShown(_, notice):
            return notice_shown(gate, matches=notice == rules.notice, now=now, rules=rules)
        case on.FaceChosen(_, challenge):
            return face_chosen(gate, challenge, now, rules)
        case on.Cancelled():
            return _cancelled(gate, now, rules)
        case on.MoreTime():
            return more_time(gate, now, rules)
        case on.ReadAgain():
            return read_again(gate, now, rules)
        case _:
            assert_never(event)


def _cancelled(gate: Gate, now: Seconds, rules: Rules) -> Step:
    """Let go of a person who walks off; a card or PIN that is being checked is still answered."""
    match gate.phase:
        case Noticing() | Choosing() | Identifying() | Confirming() | Told():
            return rest(gate)
        case Capturing() as phase:
            gate, effects = break_off(gate, phase, now, rules)
            gate, cleared = rest(gate)
            return gate, (*effects, *cleared)
        case _:
            return gate, ()


def _recorded(gate: Gate, stored: on.Stored, now: Seconds, rules: Rules) -> Step:
    """End a grant as it was stored."""
    if not isinstance(gate.phase, Recording):
        return gate, ()  # a refusal's own record: nothing waits for it
    return recorded(gate, gate.phase, stored, now, rules)
