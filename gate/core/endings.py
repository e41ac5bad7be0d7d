"""How an attempt ends: the one way to a grant, refusals, what the door did, and a withdrawal's last steps."""

from __future__ import annotations

from dataclasses import replace

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.phases import (
    Capturing,
    Confirming,
    Gate,
    Granted,
    Idle,
    Recording,
    Refused,
    Told,
    Verifying,
    Withdrawing,
)
from gate.core.policy import Rules
from gate.core.types import AttemptId, Decision, Method, Reason, Seconds, TemplateId

Step = tuple[Gate, tuple[do.Effect, ...]]

LEAVE_CAMERA: tuple[do.Effect, ...] = (do.CloseCamera(), do.Forget())

_COUNTED = frozenset({Reason.NOT_RECOGNISED, Reason.NOT_LIVE, Reason.NOT_CONSENTED})


def grant(
    gate: Gate, decision: Decision, now: Seconds, rules: Rules, template: TemplateId | None = None
) -> Step:
    """Have a grant written down, unless the door lets nobody in; only its commit asks for the strike.

    The only way to Recording: what holds here holds for every method (R03).
    """
    withdraws = isinstance(gate.phase, Verifying) and gate.phase.withdraws
    if gate.entry is not None:
        return _turn_down(gate, decision, gate.entry, now, rules, withdraws=withdraws)
    leave = LEAVE_CAMERA if isinstance(gate.phase, Capturing) else ()
    phase = Recording(decision.attempt, now + rules.record_s, decision, withdraws)
    return replace(gate, phase=phase), (*leave, do.Record(decision, template))


def refuse(gate: Gate, decision: Decision, now: Seconds, rules: Rules) -> Step:
    """Show and record a refusal."""
    leave = LEAVE_CAMERA if isinstance(gate.phase, Capturing) else ()
    gate = count_refusal(gate, decision, now, rules)
    return replace(gate, phase=Refused(decision.attempt, now + rules.show_result_s)), (
        *leave,
        do.Record(decision),
        _refusal(gate, decision.attempt, decision.reason),
    )


def count_refusal(gate: Gate, decision: Decision, now: Seconds, rules: Rules) -> Gate:
    """Count a face that was compared and refused; after too many, face rests while card and PIN stay."""
    if decision.method is not Method.FACE or decision.reason not in _COUNTED:
        return gate
    if gate.refusals + 1 < rules.refusals_most:
        return replace(gate, refusals=gate.refusals + 1)
    return replace(gate, refusals=0, face_rests_until=now + rules.rest_s)


def recorded(gate: Gate, phase: Recording, stored: on.Stored, now: Seconds, rules: Rules) -> Step:
    """Open on what is on disk, and refuse on anything else."""
    if stored is on.Stored.COMMITTED:
        if gate.entry is not None:
            return _shut_meanwhile(gate, phase, gate.entry, now, rules)
        return _opened(gate, phase, now, rules)
    if stored is on.Stored.NOT_NOW:
        return _turn_down(gate, phase.decision, Reason.NOT_NOW, now, rules, withdraws=phase.withdraws)
    reason = Reason.NOT_CONSENTED if stored is on.Stored.NOT_CONSENTED else Reason.FAULT
    return refuse(gate, replace(phase.decision, granted=False, reason=reason), now, rules)


def ask_to_confirm(gate: Gate, attempt: AttemptId, now: Seconds, rules: Rules, door: do.DoorSaid) -> Step:
    """Ask a person who is known now, and who wants their face deleted, to confirm it."""
    phase = Confirming(attempt, now + rules.choose_s)
    return replace(gate, phase=phase), (do.ConfirmWithdrawal(attempt, door),)


def _turn_down(
    gate: Gate, decision: Decision, reason: Reason, now: Seconds, rules: Rules, *, withdraws: bool
) -> Step:
    """Refuse a person who is known, for the door's or the hours' sake; that keeps nobody from withdrawing (R24)."""
    refused = replace(decision, granted=False, reason=reason)
    if not withdraws:
        return refuse(gate, refused, now, rules)
    gate, effects = ask_to_confirm(gate, decision.attempt, now, rules, do.DoorSaid.STAYED_SHUT)
    return gate, (do.Record(refused), *effects)


def _opened(gate: Gate, phase: Recording, now: Seconds, rules: Rules) -> Step:
    """Have the door release, and say so; ask a person who wants their face deleted to confirm it."""
    attempt = phase.attempt
    gate = replace(gate, refusals=0)
    if phase.withdraws:
        gate, effects = ask_to_confirm(gate, attempt, now, rules, do.DoorSaid.OPENED)
        return gate, (do.ReleaseDoor(attempt), *effects)
    told = do.ShowResult(attempt, granted=True, reason=phase.decision.reason)
    gate = replace(gate, phase=Granted(attempt, now + rules.show_result_s))
    return gate, (do.ReleaseDoor(attempt), told)


def _shut_meanwhile(gate: Gate, phase: Recording, entry: Reason, now: Seconds, rules: Rules) -> Step:
    """Leave the door alone: it stopped letting people in while the grant was written. The record says what came of it."""
    attempt = phase.attempt
    outcome = do.RecordOutcome(attempt, released=False)
    if phase.withdraws:
        gate, effects = ask_to_confirm(gate, attempt, now, rules, do.DoorSaid.STAYED_SHUT)
        return gate, (outcome, *effects)
    gate, effects = turn_away(gate, attempt, entry, now, rules)
    return gate, (outcome, *effects)


def turn_away(gate: Gate, attempt: AttemptId, entry: Reason, now: Seconds, rules: Rules) -> Step:
    """Say why nobody gets in, without a decision: either there is one already, or nobody asked by any method."""
    phase = Refused(attempt, now + rules.show_result_s)
    return replace(gate, phase=phase), (_refusal(gate, attempt, entry),)


def _refusal(gate: Gate, attempt: AttemptId, reason: Reason) -> do.ShowResult:
    """Say why the door stays shut: nobody is sent to try again before a door that nothing opens.

    A picture that was held up is told what a stranger is told: whoever holds it learns nothing.
    """
    lost = reason is Reason.FAULT and standstill(gate) is do.Standstill.DOOR_LOST
    told = Reason.NOT_RECOGNISED if reason is Reason.NOT_LIVE else reason
    return do.ShowResult(attempt, granted=False, reason=told, lost=lost)


def rest(gate: Gate) -> Step:
    """Go back to serving nobody; the resting screen tells what the gate stands still for."""
    return replace(gate, phase=Idle()), (do.ClearScreen(standstill(gate)),)


def standstill(gate: Gate) -> do.Standstill | None:
    """Tell why the gate does not open as always until somebody ends it; an interlock is over in a moment and is none."""
    if gate.entry is Reason.DOOR_LOCKED:
        return do.Standstill.LOCKED
    if gate.entry is Reason.FAULT:
        return do.Standstill.DOOR_LOST
    return do.Standstill.READER_LOST if gate.reader_lost else None


def door_reported(gate: Gate, attempt: AttemptId, now: Seconds, rules: Rules, *, released: bool) -> Step:
    """Write down what the door did, whenever it answers; a fault is shown while its person still stands there.

    A door that fails keeps nobody from withdrawing: the question stays, with the fault beside it.
    """
    outcome = do.RecordOutcome(attempt, released)
    if released:
        return gate, (outcome,)
    match gate.phase:
        case Granted(mine) if mine == attempt:
            gate, effects = turn_away(gate, attempt, Reason.FAULT, now, rules)
            return gate, (outcome, *effects)
        case Confirming(mine) if mine == attempt:
            return gate, (outcome, do.ConfirmWithdrawal(attempt, do.DoorSaid.FAILED))
        case _:
            return gate, (outcome,)


def withdrawal(gate: Gate, event: on.WithdrawalConfirmed | on.Withdrawn, now: Seconds, rules: Rules) -> Step:
    """Withdraw on the second press, and tell how it ended."""
    match gate.phase, event:
        case Confirming(attempt), on.WithdrawalConfirmed():
            return replace(gate, phase=Withdrawing(attempt, now + rules.record_s)), (do.Withdraw(attempt),)
        case Withdrawing(attempt), on.Withdrawn(_, outcome, reference, receipt):
            told = do.ShowWithdrawn(attempt, outcome, reference, receipt)
            return replace(gate, phase=Told(attempt, now + rules.show_withdrawn_s)), (told,)
        case _:
            return gate, ()
