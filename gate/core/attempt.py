"""One access attempt as a pure state machine: any input, in any state, at any time, has an answer.

``advance(gate, event, now, rules)`` gives the next gate and the effects to carry out, in order; ``deadline(gate)``
says when the shell must call again. What is overdue is settled before an input is looked at, so a late result can
never grant. Leaving Capturing always closes the camera and forgets; a door is only ever released out of Recording,
after the record was committed. A withdrawal is asked for at the screen, bound to a person by a card or PIN that
opens the door as always, and carried out only on a second press (R24).
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.phases import (
    Capturing,
    Choosing,
    Confirming,
    Gate,
    Granted,
    Identifying,
    Idle,
    Noticing,
    Recording,
    Refused,
    Told,
    Verifying,
    Withdrawing,
)
from gate.core.policy import Finding, Hint, Rules, decide_credential, decide_face
from gate.core.types import (
    AttemptId,
    Card,
    Credential,
    Decision,
    Method,
    Reason,
    Seconds,
    TemplateId,
    WithdrawalOutcome,
)

Step = tuple[Gate, tuple[do.Effect, ...]]

_ForAttempt = (
    on.NoticeShown
    | on.FaceChosen
    | on.Cancelled
    | on.FaceFound
    | on.CameraFailed
    | on.CredentialChecked
    | on.Recorded
    | on.WithdrawalConfirmed
    | on.Withdrawn
)

_LEAVE_CAMERA: tuple[do.Effect, ...] = (do.CloseCamera(), do.Forget())


def advance(gate: Gate, event: on.Input, now: Seconds, rules: Rules) -> Step:
    """Give the gate after *event* at monotonic *now*, and the effects to carry out in order. Never raises."""
    gate, overdue = _settle(gate, now, rules)
    gate, effects = _take(gate, event, now, rules)
    return gate, overdue + effects


def deadline(gate: Gate) -> Seconds | None:
    """Give the monotonic time at which a Tick is due, or None when only an input can change anything."""
    return None if isinstance(gate.phase, Idle) else gate.phase.until


def face_is_offered(gate: Gate, now: Seconds) -> bool:
    """Tell whether face would be offered now: everything it depends on holds and it does not rest."""
    return not gate.conditions.obstacles and now >= gate.face_rests_until


def _settle(gate: Gate, now: Seconds, rules: Rules) -> Step:
    """Carry out every deadline that has passed, in order, each counted from when it is carried out."""
    effects: tuple[do.Effect, ...] = ()
    while (due := deadline(gate)) is not None and now >= due:
        gate, more = _expire(gate, now, rules)
        effects += more
    return gate, effects


def _expire(gate: Gate, now: Seconds, rules: Rules) -> Step:
    match gate.phase:
        case Noticing(confirmed=confirmed) as phase:
            return _offer(gate, phase.attempt, now, rules, notice_seen=confirmed)
        case Capturing() as phase:
            decision = decide_face(phase.attempt, matched=False, saw_face=phase.saw_face)
            return _refuse(gate, decision, now, rules)
        case Verifying() as phase:
            return _refuse(gate, decide_credential(phase.attempt, phase.method, Reason.TOO_SLOW), now, rules)
        case Recording():
            return _recorded(gate, on.Stored.FAILED, now, rules)
        case Withdrawing(attempt):
            return _withdrawal(gate, on.Withdrawn(attempt, WithdrawalOutcome.FAILED), now, rules)
        case _:
            return replace(gate, phase=Idle()), (do.ClearScreen(),)


def _take(gate: Gate, event: on.Input, now: Seconds, rules: Rules) -> Step:
    match event:
        case on.ConditionsChanged(conditions):
            return _conditions(replace(gate, conditions=conditions), now, rules)
        case on.CredentialPresented():
            return _credential(gate, event, now, rules)
        case on.DoorReported(attempt, released):
            return _door(gate, attempt, now, rules, released=released)
        case on.Presence(attempt):
            return _presence(gate, attempt, now, rules)
        case on.WithdrawalChosen(attempt):
            return _withdrawal_chosen(gate, attempt, now, rules)
        case on.Tick():
            return gate, ()
        case _ if isinstance(gate.phase, Idle) or event.attempt != gate.phase.attempt:
            return gate, ()  # it belongs to an attempt that is over
        case _:
            return _take_for_attempt(gate, event, now, rules)


def _take_for_attempt(gate: Gate, event: _ForAttempt, now: Seconds, rules: Rules) -> Step:
    match event:
        case on.NoticeShown(_, notice):
            return _notice_shown(gate, matches=notice == rules.notice, now=now, rules=rules)
        case on.FaceChosen():
            return _face_chosen(gate, now, rules)
        case on.Cancelled():
            return _cancelled(gate, now, rules)
        case on.FaceFound(_, finding):
            return _face_found(gate, finding, now, rules)
        case on.CameraFailed():
            return _camera_failed(gate, now, rules)
        case on.CredentialChecked(_, reason):
            return _credential_checked(gate, reason, now, rules)
        case on.Recorded(_, stored):
            return _recorded(gate, stored, now, rules)
        case on.WithdrawalConfirmed() | on.Withdrawn():
            return _withdrawal(gate, event, now, rules)
        case _:
            assert_never(event)


def _conditions(gate: Gate, now: Seconds, rules: Rules) -> Step:
    """Withdraw face at once when something it depends on went; never add it to an offer already made."""
    if not gate.conditions.obstacles:
        return gate, ()
    match gate.phase:
        case Noticing(attempt):
            return _offer(gate, attempt, now, rules, notice_seen=False)
        case Choosing(attempt, methods=methods) if Method.FACE in methods:
            return _offer(gate, attempt, now, rules, notice_seen=False)
        case Capturing():
            return _camera_failed(gate, now, rules)
        case _:
            return gate, ()


def _presence(gate: Gate, attempt: AttemptId, now: Seconds, rules: Rules) -> Step:
    if not isinstance(gate.phase, Idle):
        return gate, ()
    if not face_is_offered(gate, now):
        return _offer(gate, attempt, now, rules, notice_seen=False)
    phase = Noticing(attempt, until=now + rules.notice_confirm_s)
    return replace(gate, phase=phase), (do.ShowNotice(attempt, rules.notice),)


def _notice_shown(gate: Gate, *, matches: bool, now: Seconds, rules: Rules) -> Step:
    if not isinstance(gate.phase, Noticing) or gate.phase.confirmed or not matches:
        return gate, ()
    return replace(gate, phase=replace(gate.phase, until=now + rules.notice_minimum_s, confirmed=True)), ()


def _offer(gate: Gate, attempt: AttemptId, now: Seconds, rules: Rules, *, notice_seen: bool) -> Step:
    equal = (Method.CARD, Method.PIN)
    with_face = notice_seen and face_is_offered(gate, now)
    methods = (Method.FACE, *equal) if with_face else equal
    phase = Choosing(attempt, now + rules.choose_s, methods)
    return replace(gate, phase=phase), (do.OfferMethods(attempt, methods),)


def _face_chosen(gate: Gate, now: Seconds, rules: Rules) -> Step:
    if not isinstance(gate.phase, Choosing) or Method.FACE not in gate.phase.methods:
        return gate, ()
    attempt = gate.phase.attempt
    phase = Capturing(attempt, now + rules.capture_s)
    return replace(gate, phase=phase), (do.OpenCamera(attempt),)


def _cancelled(gate: Gate, now: Seconds, rules: Rules) -> Step:
    """Let go of a person who walks off; a card or PIN already given is still answered."""
    match gate.phase:
        case Noticing() | Choosing() | Identifying() | Confirming() | Told():
            return replace(gate, phase=Idle()), (do.ClearScreen(),)
        case Capturing() as phase:
            gate, effects = _break_off(gate, phase, now, rules)
            return replace(gate, phase=Idle()), (*effects, do.ClearScreen())
        case _:
            return gate, ()


def _break_off(gate: Gate, phase: Capturing, now: Seconds, rules: Rules) -> Step:
    """End a capture before its time. A face that was compared by then is a refusal like any other, and counts."""
    if not phase.saw_face:
        return gate, _LEAVE_CAMERA
    decision = decide_face(phase.attempt, matched=False, saw_face=True)
    return _count_refusal(gate, decision, now, rules), (*_LEAVE_CAMERA, do.Record(decision))


def _face_found(gate: Gate, finding: Finding, now: Seconds, rules: Rules) -> Step:
    phase = gate.phase
    if not isinstance(phase, Capturing):
        return gate, ()
    compared = finding.hint is Hint.COMPARED
    if compared and finding.template is not None:
        agreeing = phase.agreeing + 1 if finding.template == phase.template else 1
        if agreeing >= rules.agreeing_frames:
            return _grant(
                gate, decide_face(phase.attempt, matched=True, saw_face=True), now, rules, finding.template
            )
        template = finding.template
    else:
        template, agreeing = None, 0
    until = min(phase.until, now + rules.compare_s) if compared and not phase.saw_face else phase.until
    changed = replace(
        phase,
        until=until,
        template=template,
        agreeing=agreeing,
        saw_face=phase.saw_face or compared,
        hint=finding.hint,
    )
    guidance = (do.Guide(phase.attempt, finding.hint),) if finding.hint is not phase.hint else ()
    return replace(gate, phase=changed), guidance


def _camera_failed(gate: Gate, now: Seconds, rules: Rules) -> Step:
    if not isinstance(gate.phase, Capturing):
        return gate, ()
    return _refuse(
        gate, Decision(gate.phase.attempt, Method.FACE, granted=False, reason=Reason.FAULT), now, rules
    )


def _credential(gate: Gate, event: on.CredentialPresented, now: Seconds, rules: Rules) -> Step:
    """Take a card or PIN at every moment: it ends a face attempt, and the later of two takes over (R02).

    Only the first after a person asked to withdraw is taken for theirs; it opens like any other.
    """
    if isinstance(gate.phase, Recording):
        return replace(gate, phase=replace(gate.phase, next=event)), ()
    method = _method_of(event.credential)
    withdraws = isinstance(gate.phase, Identifying)
    leave: tuple[do.Effect, ...] = ()
    if isinstance(gate.phase, Capturing):
        gate, leave = _break_off(gate, gate.phase, now, rules)
    return replace(gate, phase=Verifying(event.attempt, now + rules.verify_s, method, withdraws)), (
        *leave,
        do.ShowChecking(event.attempt, method),
        do.CheckCredential(event.attempt, event.credential),
    )


def _method_of(credential: Credential) -> Method:
    return Method.CARD if isinstance(credential, Card) else Method.PIN


def _credential_checked(gate: Gate, reason: Reason, now: Seconds, rules: Rules) -> Step:
    if not isinstance(gate.phase, Verifying):
        return gate, ()
    decision = decide_credential(gate.phase.attempt, gate.phase.method, reason)
    return _grant(gate, decision, now, rules) if decision.granted else _refuse(gate, decision, now, rules)


def _grant(
    gate: Gate, decision: Decision, now: Seconds, rules: Rules, template: TemplateId | None = None
) -> Step:
    """Have a grant written down; only its commit asks for the strike."""
    leave = _LEAVE_CAMERA if isinstance(gate.phase, Capturing) else ()
    withdraws = isinstance(gate.phase, Verifying) and gate.phase.withdraws
    phase = Recording(decision.attempt, now + rules.record_s, decision, withdraws)
    return replace(gate, phase=phase), (*leave, do.Record(decision, template))


def _recorded(gate: Gate, stored: on.Stored, now: Seconds, rules: Rules) -> Step:
    phase = gate.phase
    if not isinstance(phase, Recording):
        return gate, ()  # a refusal's own record: nothing waits for it
    decision = phase.decision
    if stored is on.Stored.COMMITTED:
        gate, effects = _opened(gate, phase, now, rules)
    else:
        reason = Reason.NOT_CONSENTED if stored is on.Stored.NOT_CONSENTED else Reason.FAULT
        gate, effects = _refuse(gate, replace(decision, granted=False, reason=reason), now, rules)
    if phase.next is None:
        return gate, effects
    gate, more = _credential(gate, phase.next, now, rules)
    return gate, effects + more


def _opened(gate: Gate, phase: Recording, now: Seconds, rules: Rules) -> Step:
    """Have the door release, and say so; ask a person who wants their face deleted to confirm it."""
    attempt = phase.attempt
    if phase.withdraws:
        asked = replace(gate, phase=Confirming(attempt, now + rules.choose_s), refusals=0)
        return asked, (do.ReleaseDoor(attempt), do.ConfirmWithdrawal(attempt))
    told = do.ShowResult(attempt, granted=True, reason=phase.decision.reason)
    gate = replace(gate, phase=Granted(attempt, now + rules.show_result_s), refusals=0)
    return gate, (do.ReleaseDoor(attempt), told)


def _refuse(gate: Gate, decision: Decision, now: Seconds, rules: Rules) -> Step:
    """Show and record a refusal."""
    leave = _LEAVE_CAMERA if isinstance(gate.phase, Capturing) else ()
    gate = _count_refusal(gate, decision, now, rules)
    return replace(gate, phase=Refused(decision.attempt, now + rules.show_result_s)), (
        *leave,
        do.Record(decision),
        do.ShowResult(decision.attempt, granted=False, reason=decision.reason),
    )


def _count_refusal(gate: Gate, decision: Decision, now: Seconds, rules: Rules) -> Gate:
    """Count a face that was compared and refused; after too many, face rests while card and PIN stay."""
    if decision.method is not Method.FACE or decision.reason not in {
        Reason.NOT_RECOGNISED,
        Reason.NOT_CONSENTED,
    }:
        return gate
    if gate.refusals + 1 < rules.refusals_before_rest:
        return replace(gate, refusals=gate.refusals + 1)
    return replace(gate, refusals=0, face_rests_until=now + rules.rest_s)


def _door(gate: Gate, attempt: AttemptId, now: Seconds, rules: Rules, *, released: bool) -> Step:
    """Write down what the door did, whenever it answers; a fault is shown while its person still stands there.

    A door that fails keeps nobody from withdrawing: the question stays, with the fault beside it.
    """
    outcome = do.RecordOutcome(attempt, released)
    if released:
        return gate, (outcome,)
    match gate.phase:
        case Granted(mine) if mine == attempt:
            phase = Refused(attempt, now + rules.show_result_s)
            fault = do.ShowResult(attempt, granted=False, reason=Reason.FAULT)
            return replace(gate, phase=phase), (outcome, fault)
        case Confirming(mine) if mine == attempt:
            return gate, (outcome, do.ConfirmWithdrawal(attempt, door_failed=True))
        case _:
            return gate, (outcome,)


def _withdrawal_chosen(gate: Gate, attempt: AttemptId, now: Seconds, rules: Rules) -> Step:
    """Ask for a card or PIN, whatever face depends on: withdrawing needs no camera, no notice and no model."""
    chooses = isinstance(gate.phase, Choosing) and gate.phase.attempt == attempt
    if not (chooses or isinstance(gate.phase, Idle)):
        return gate, ()
    phase = Identifying(attempt, now + rules.choose_s)
    return replace(gate, phase=phase), (do.AskCredential(attempt),)


def _withdrawal(gate: Gate, event: on.WithdrawalConfirmed | on.Withdrawn, now: Seconds, rules: Rules) -> Step:
    """Withdraw on the second press, and tell how it ended."""
    match gate.phase, event:
        case Confirming(attempt), on.WithdrawalConfirmed():
            return replace(gate, phase=Withdrawing(attempt, now + rules.record_s)), (do.Withdraw(attempt),)
        case Withdrawing(attempt), on.Withdrawn(_, outcome, reference, receipt):
            told = do.ShowWithdrawn(attempt, outcome, reference, receipt)
            return replace(gate, phase=Told(attempt, now + rules.show_withdrawn_s)), (told,)
        case _:
            return gate, ()
