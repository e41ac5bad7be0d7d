"""What a person proves: a card, PIN or code, alone or one after the other, and a face as frame follows frame."""

from __future__ import annotations

from dataclasses import replace

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.endings import LEAVE_CAMERA, Step, ask_to_confirm, count_refusal, grant, refuse
from gate.core.offers import ask_second
from gate.core.phases import Beside, Capturing, First, Gate, Identifying, Verifying, first_factor, is_busy
from gate.core.policy import Finding, Hint, Rules, decide_credential, decide_face
from gate.core.types import (
    AttemptId,
    Card,
    Code,
    Credential,
    Decision,
    Method,
    Pin,
    Reason,
    Second,
    Seconds,
    TemplateId,
)


def presented(gate: Gate, event: on.CredentialPresented, now: Seconds, rules: Rules) -> Step:
    """Take a credential at every moment: it ends a face attempt, and waits for nothing but another's check (R02).

    While a first factor waits for its second, it is looked up beside it. What comes while another is looked up, or a
    grant is written, is next.
    """
    credential = event.credential
    if isinstance(credential, Pin):
        return _pin_presented(gate, event, credential, now, rules)
    if is_busy(gate):
        return _keep(gate, event), ()
    if first_factor(gate) is None:
        return _check_first(gate, event.attempt, credential, now, rules)
    beside = Beside(event.attempt, now + rules.verify_s, credential)
    return replace(gate, beside=beside), (do.CheckCredential(event.attempt, credential),)


def _pin_presented(gate: Gate, event: on.CredentialPresented, pin: Pin, now: Seconds, rules: Rules) -> Step:
    """Take the PIN that completes a card's attempt. A PIN alone means nothing at any other time."""
    match first_factor(gate):
        case (attempt, First(Method.CARD) as first) if gate.beside is None:
            return _check_second(gate, attempt, first, pin, now, rules)
        case (_, First(Method.CARD)):
            return _keep(gate, event), ()
        case _:
            return gate, ()


def _keep(gate: Gate, event: on.CredentialPresented) -> Gate:
    """Keep *event* for next in place of an earlier one of its kind: it waits behind every other kind, and none is lost to it."""
    others = (each for each in gate.kept if type(each.credential) is not type(event.credential))
    return replace(gate, kept=(*others, event))


def method_of(credential: Credential | Second) -> Method:
    """Name the method a credential belongs to."""
    if isinstance(credential, Card):
        return Method.CARD
    return Method.CODE if isinstance(credential, Code) else Method.PIN


def _check_first(gate: Gate, attempt: AttemptId, credential: Credential, now: Seconds, rules: Rules) -> Step:
    """Have a credential looked up that begins an attempt; the first after a person asked to withdraw is theirs.

    While the door lets nobody in, nothing is looked up: a visitor's code would be used up for nothing.
    """
    method = method_of(credential)
    withdraws = isinstance(gate.phase, Identifying) and method is not Method.CODE
    if gate.entry is not None and not withdraws:
        return refuse(gate, Decision(attempt, method, granted=False, reason=gate.entry), now, rules)
    gate, leave = _make_room(gate, now, rules)
    return replace(gate, phase=Verifying(attempt, now + rules.verify_s, method, withdraws)), (
        *leave,
        do.ShowChecking(attempt, method),
        do.CheckCredential(attempt, credential),
    )


def _check_second(
    gate: Gate, attempt: AttemptId, first: First, credential: Second, now: Seconds, rules: Rules
) -> Step:
    """Have the second of two factors looked up, under its first's attempt; a face compared meanwhile still counts."""
    leave: tuple[do.Effect, ...] = ()
    if isinstance(gate.phase, Capturing):
        leave = LEAVE_CAMERA
        if gate.phase.saw_face:
            gate = count_refusal(gate, decide_face(attempt, matched=False, saw_face=True), now, rules)
    phase = Verifying(attempt, now + rules.verify_s, first.method, second=True)
    return replace(gate, phase=phase), (
        *leave,
        do.ShowChecking(attempt, method_of(credential)),
        do.CheckSecond(attempt, credential),
    )


def checked(gate: Gate, event: on.CredentialChecked, now: Seconds, rules: Rules) -> Step:
    """Go on with what the store found: to the grant, or to the other factor where the profile asks for two.

    A visitor's code is the host's word and opens alone. A withdrawal needs one factor, as agreeing did; the door then
    stays shut (R24).
    """
    phase = gate.phase
    if not isinstance(phase, Verifying):
        return gate, ()
    decision = decide_credential(phase.attempt, phase.method, event.reason)
    if not decision.granted:
        return refuse(gate, decision, now, rules)
    if not rules.two_factors or phase.second or phase.method is Method.CODE:
        return grant(gate, decision, now, rules)
    if phase.withdraws:
        return ask_to_confirm(gate, phase.attempt, now, rules, do.DoorSaid.STAYED_SHUT)
    if gate.entry is not None:
        return refuse(gate, replace(decision, granted=False, reason=gate.entry), now, rules)
    return ask_second(gate, phase.attempt, First(phase.method, event.templates), now, rules)


def checked_beside(
    gate: Gate, beside: Beside, event: on.CredentialChecked, now: Seconds, rules: Rules
) -> Step:
    """Go on with what was looked up beside a wait for a second factor: only one that holds ends that wait (R02, R03).

    A refused one is recorded and told beside, and the wait goes on as it stood. The lights at the readers go on asking
    for the second factor: a red one would send its person away. A card that holds after a unit and PIN
    is looked at once more, as the second factor of their person: only now is it known to be worth an answer.
    """
    gate = replace(gate, beside=None)
    waiting, method = first_factor(gate), method_of(beside.credential)
    decision = decide_credential(beside.attempt, method, event.reason)
    if waiting is not None and not decision.granted:
        return gate, (do.Record(decision), do.TellRefused(waiting[0], event.reason))
    match waiting, beside.credential:
        case (attempt, First(Method.PIN) as first), Card() as card:
            return _check_second(gate, attempt, first, card, now, rules)
    gate, leave = _make_room(gate, now, rules)
    # A PIN alone that is kept was typed after another's card.
    kept = tuple(each for each in gate.kept if not isinstance(each.credential, Pin))
    gate = replace(gate, phase=Verifying(beside.attempt, beside.until, method), kept=kept)
    gate, effects = checked(gate, event, now, rules)
    return gate, (*leave, *effects)


def _make_room(gate: Gate, now: Seconds, rules: Rules) -> Step:
    """End what another credential takes over from: a face attempt as it stands, a wait as missing its second factor."""
    phase, waiting = gate.phase, first_factor(gate)
    if isinstance(phase, Capturing) and (waiting is None or phase.saw_face):
        return break_off(gate, phase, now, rules)
    if waiting is None:
        return gate, ()
    attempt, first = waiting
    missing = Decision(attempt, first.method, granted=False, reason=Reason.SECOND_MISSING)
    return gate, (*(LEAVE_CAMERA if isinstance(phase, Capturing) else ()), do.Record(missing))


def face_found(gate: Gate, finding: Finding, now: Seconds, rules: Rules) -> Step:
    """Take one frame's finding: a grant once enough of them in a row agree on one template.

    One at a time: while a credential is looked up beside it, a frame is let go.
    """
    phase = gate.phase
    if not isinstance(phase, Capturing) or gate.beside is not None:
        return gate, ()
    compared = finding.hint is Hint.COMPARED
    template = _named(phase, finding)
    agreeing = 0
    if template is not None:
        agreeing = phase.agreeing + 1 if template == phase.template else 1
        if agreeing >= rules.agreeing_frames:
            decision = decide_face(phase.attempt, matched=True, saw_face=True)
            return grant(gate, decision, now, rules, template)
    changed = replace(
        phase,
        until=min(phase.until, now + rules.compare_s) if compared and not phase.saw_face else phase.until,
        template=template,
        agreeing=agreeing,
        saw_face=phase.saw_face or compared,
        hint=finding.hint,
        place=finding.place,
    )
    if (finding.hint, finding.place) == (phase.hint, phase.place):
        return replace(gate, phase=changed), ()
    return replace(gate, phase=changed), (do.Guide(phase.attempt, finding.hint, finding.place),)


def _named(phase: Capturing, finding: Finding) -> TemplateId | None:
    """Give the template a compared face matched, if it may open: after a card, only one of its person."""
    if finding.hint is not Hint.COMPARED:
        return None
    if phase.first is not None and finding.template not in phase.first.templates:
        return None
    return finding.template


def break_off(gate: Gate, phase: Capturing, now: Seconds, rules: Rules) -> Step:
    """End a capture before its time. A face that was compared by then is a refusal like any other, and counts."""
    if not phase.saw_face:
        return gate, LEAVE_CAMERA
    decision = decide_face(phase.attempt, matched=False, saw_face=True)
    return count_refusal(gate, decision, now, rules), (*LEAVE_CAMERA, do.Record(decision))
