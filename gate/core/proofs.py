"""What a person proves with a card, PIN or code, alone or one after the other; looks has the face."""

from __future__ import annotations

from dataclasses import replace

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.endings import LEAVE_CAMERA, Step, ask_to_confirm, count_refusal, grant, refuse
from gate.core.looks import break_off, unfinished
from gate.core.offers import ask_second
from gate.core.phases import Beside, Capturing, First, Gate, Identifying, Verifying, first_factor, is_busy
from gate.core.policy import Rules, decide_credential
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
            gate = count_refusal(gate, unfinished(gate.phase, rules), now, rules)
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
