"""What a visit is offered, and when: the notice first, then the ways in, then the second factor where one is asked for."""

from __future__ import annotations

from dataclasses import replace

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.endings import LEAVE_CAMERA, Step, refuse, rest, standstill, turn_away
from gate.core.liveness import Challenge
from gate.core.phases import Capturing, Choosing, Confirming, First, Gate, Identifying, Idle, Noticing, Told
from gate.core.policy import Rules
from gate.core.types import AttemptId, Decision, Method, Reason, Seconds


def face_is_offered(gate: Gate, now: Seconds) -> bool:
    """Tell whether face would be offered now: everything it depends on holds, it does not rest, the door lets in."""
    return gate.entry is None and not gate.conditions.obstacles and now >= gate.face_rests_until


def presence(gate: Gate, attempt: AttemptId, now: Seconds, rules: Rules) -> Step:
    """Begin a visit. Where two factors are asked for, face comes after the card and so does its notice."""
    if not isinstance(gate.phase, Idle):
        return gate, ()
    if gate.entry is not None:
        return turn_away(gate, attempt, gate.entry, now, rules)
    if rules.two_factors or not face_is_offered(gate, now):
        return offer(gate, attempt, now, rules, notice_seen=False)
    return _show_notice(gate, attempt, now, rules, None)


def ask_second(gate: Gate, attempt: AttemptId, first: First, now: Seconds, rules: Rules) -> Step:
    """Ask the person of *first* for their other factor: face only behind the notice, and only who agreed to it (R05)."""
    if first.method is Method.CARD and first.templates and face_is_offered(gate, now):
        return _show_notice(gate, attempt, now, rules, first)
    return offer(gate, attempt, now, rules, notice_seen=False, first=first)


def _show_notice(gate: Gate, attempt: AttemptId, now: Seconds, rules: Rules, first: First | None) -> Step:
    phase = Noticing(attempt, until=now + rules.notice_confirm_s, first=first)
    return replace(gate, phase=phase), (do.ShowNotice(attempt, rules.notice, second=first is not None),)


def notice_shown(gate: Gate, *, matches: bool, now: Seconds, rules: Rules) -> Step:
    """Let the minimum time run from the first confirmation of the notice in force."""
    if not isinstance(gate.phase, Noticing) or gate.phase.confirmed or not matches:
        return gate, ()
    return replace(gate, phase=replace(gate.phase, until=now + rules.notice_minimum_s, confirmed=True)), ()


def offer(
    gate: Gate,
    attempt: AttemptId,
    now: Seconds,
    rules: Rules,
    *,
    notice_seen: bool,
    first: First | None = None,
) -> Step:
    """Offer the ways in, or what may follow *first*, as equals; face only once its notice was seen.

    Face alone never opens where two factors are asked for, so it is not offered without a first.
    """
    with_face = notice_seen and face_is_offered(gate, now)
    methods = _ways_in(rules, with_face=with_face) if first is None else _ways_on(first, with_face=with_face)
    asked = (
        do.OfferMethods(attempt, methods, rules.two_factors)
        if first is None
        else do.AskSecond(attempt, methods)
    )
    return replace(gate, phase=Choosing(attempt, now + rules.choose_s, methods, first)), (asked,)


def _ways_in(rules: Rules, *, with_face: bool) -> tuple[Method, ...]:
    equal = (Method.CARD, Method.PIN)
    return (Method.FACE, *equal) if with_face and not rules.two_factors else equal


def _ways_on(first: First, *, with_face: bool) -> tuple[Method, ...]:
    if first.method is Method.PIN:
        return (Method.CARD,)
    return (Method.PIN, Method.FACE) if with_face and first.templates else (Method.PIN,)


def read_again(gate: Gate, now: Seconds, rules: Rules) -> Step:
    """Show the notice once more, for its minimum time, to somebody who was offered face and has not chosen (R10)."""
    if not isinstance(gate.phase, Choosing) or Method.FACE not in gate.phase.methods:
        return gate, ()
    return _show_notice(gate, gate.phase.attempt, now, rules, gate.phase.first)


def more_time(gate: Gate, now: Seconds, rules: Rules) -> Step:
    """Let what waits for the person wait for its whole time again, as often as the rules say (WCAG 2.2.1)."""
    phase = gate.phase
    if not isinstance(phase, Choosing | Identifying | Confirming | Told):
        return gate, ()
    if phase.prolonged >= rules.prolonged_most:
        return gate, ()
    span = rules.show_withdrawn_s if isinstance(phase, Told) else rules.choose_s
    phase = replace(phase, until=now + span, prolonged=phase.prolonged + 1)
    return replace(gate, phase=phase), (do.Prolonged(phase.attempt),)


def face_chosen(gate: Gate, challenge: Challenge | None, now: Seconds, rules: Rules) -> Step:
    """Open the camera for somebody who was offered face; after a first factor, for their templates alone (1:1).

    challenge: drawn for this capture alone.
    """
    if not isinstance(gate.phase, Choosing) or Method.FACE not in gate.phase.methods:
        return gate, ()
    attempt, first = gate.phase.attempt, gate.phase.first
    phase = Capturing(attempt, now + rules.capture_s, first=first, challenge=challenge)
    only = first.templates if first else ()
    return replace(gate, phase=phase), (do.OpenCamera(attempt, only, rules.liveness),)


def circumstances_changed(
    gate: Gate, event: on.ConditionsChanged | on.EntryChanged, now: Seconds, rules: Rules
) -> Step:
    """Take up what face depends on, or whether the door lets anybody in."""
    if isinstance(event, on.EntryChanged):
        return _entry_changed(gate, event, now, rules)
    return _conditions_changed(replace(gate, conditions=event.conditions), now, rules)


def _conditions_changed(gate: Gate, now: Seconds, rules: Rules) -> Step:
    """Withdraw face at once when something it depends on went; never add it to an offer already made."""
    if not gate.conditions.obstacles:
        return gate, ()
    match gate.phase:
        case Noticing(attempt, first=first):
            return offer(gate, attempt, now, rules, notice_seen=False, first=first)
        case Choosing(attempt, methods=methods, first=first) if Method.FACE in methods:
            return offer(gate, attempt, now, rules, notice_seen=False, first=first)
        case Capturing():
            return camera_failed(gate, now, rules)
        case _:
            return gate, ()


def _entry_changed(gate: Gate, event: on.EntryChanged, now: Seconds, rules: Rules) -> Step:
    """Tell at once that the door lets nobody in now: no notice is read, no frame taken for nothing.

    At rest a gate that stands still says so to whoever comes, and no more once it is over.
    """
    before, gate = gate, replace(gate, entry=event.obstacle, reader_lost=event.reader_lost)
    if isinstance(gate.phase, Idle) and standstill(before) is not standstill(gate):
        return rest(gate)
    if gate.entry is None:
        return gate, ()
    match gate.phase:
        case Capturing(attempt):
            decision = Decision(attempt, Method.FACE, granted=False, reason=gate.entry)
            return refuse(gate, decision, now, rules)
        case Noticing(attempt, first=First(method)) | Choosing(attempt, first=First(method)):
            return refuse(gate, Decision(attempt, method, granted=False, reason=gate.entry), now, rules)
        case Noticing(attempt) | Choosing(attempt):
            return turn_away(gate, attempt, gate.entry, now, rules)
        case _:
            return gate, ()


def camera_failed(gate: Gate, now: Seconds, rules: Rules) -> Step:
    """Refuse a face that cannot be looked at; after a card its PIN is asked for instead (R02)."""
    match gate.phase:
        case Capturing(attempt, first=None):
            return refuse(
                gate, Decision(attempt, Method.FACE, granted=False, reason=Reason.FAULT), now, rules
            )
        case Capturing(attempt, first=first):
            gate, effects = offer(gate, attempt, now, rules, notice_seen=False, first=first)
            return gate, (*LEAVE_CAMERA, *effects)
        case _:
            return gate, ()


def withdrawal_chosen(gate: Gate, attempt: AttemptId, now: Seconds, rules: Rules) -> Step:
    """Ask for a card or PIN, whatever face depends on: withdrawing needs no camera, no notice and no model."""
    chooses = isinstance(gate.phase, Choosing) and gate.phase.attempt == attempt
    if not (chooses or isinstance(gate.phase, Idle)):
        return gate, ()
    opens = gate.entry is None and not rules.two_factors
    phase = Identifying(attempt, now + rules.choose_s)
    return replace(gate, phase=phase), (do.AskCredential(attempt, opens),)
