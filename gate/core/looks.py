"""A face before the open camera, as frame follows frame: who it is like, whether it lives, and when it is asked to move.

Likeness and life are two proofs, and a grant takes both in one frame. When a movement is asked for does not hang on
likeness: else being asked would tell whoever holds up a picture that its person is enrolled here.
"""

from __future__ import annotations

from dataclasses import replace

from gate.core import effects as do
from gate.core.endings import LEAVE_CAMERA, Step, count_refusal, grant, refuse
from gate.core.liveness import Challenge, Level, Verdict
from gate.core.phases import Capturing, Gate
from gate.core.policy import FacePlace, Finding, Hint, Rules, decide_face
from gate.core.types import Decision, Seconds, TemplateId


def face_found(gate: Gate, finding: Finding, now: Seconds, rules: Rules) -> Step:
    """Take one frame's finding: a grant once enough of them in a row agree on one template, of a face that lives.

    One at a time: while a credential is looked up beside it, a frame is let go.
    """
    phase = gate.phase
    if not isinstance(phase, Capturing) or gate.beside is not None:
        return gate, ()
    live = _believed(phase, finding, rules)
    if live is Verdict.ATTACK:
        attack = decide_face(phase.attempt, matched=False, live=live, saw_face=True)
        return refuse(gate, attack, now, rules)
    changed = _after(phase, finding, live, now, rules)
    if _agrees(changed, rules) and live is Verdict.LIVE:
        decision = decide_face(phase.attempt, matched=True, live=live, saw_face=True)
        return grant(gate, decision, now, rules, changed.template)
    changed, asked = _ask(changed, now, rules) if finding.hint.is_compared else (changed, ())
    guide = () if _shown(changed) == _shown(phase) else (_guide(changed, finding.hint),)
    return replace(gate, phase=changed), (*asked, *guide)


def unfinished(phase: Capturing, rules: Rules) -> Decision:
    """Decide a capture that ends without a grant: what was like somebody all the same was not seen to live."""
    matched = _agrees(phase, rules)
    return decide_face(phase.attempt, matched=matched, live=Verdict.UNDECIDED, saw_face=phase.saw_face)


def break_off(gate: Gate, phase: Capturing, now: Seconds, rules: Rules) -> Step:
    """End a capture before its time. A face that was compared by then is a refusal like any other, and counts."""
    if not phase.saw_face:
        return gate, LEAVE_CAMERA
    decision = unfinished(phase, rules)
    return count_refusal(gate, decision, now, rules), (*LEAVE_CAMERA, do.Record(decision))


def _after(phase: Capturing, finding: Finding, live: Verdict, now: Seconds, rules: Rules) -> Capturing:
    """Give the capture after one more frame; the first face that is compared begins the times.

    A covered one has longer, so that it can be uncovered, but no times of its own by whether it is like somebody.
    """
    template = _named(phase, finding)
    agreeing = 0
    if template is not None:
        agreeing = min(phase.agreeing + 1, rules.agreeing_frames) if template == phase.template else 1
    is_bare = finding.hint is Hint.COMPARED and not phase.asked
    return replace(
        phase,
        until=min(phase.until, now + rules.compare_s) if is_bare else phase.until,
        template=template,
        agreeing=agreeing,
        saw_face=phase.saw_face or finding.hint.is_compared,
        hint=finding.hint,
        place=finding.place,
        ask_from=_ask_from(phase, finding.hint, now, rules),
        live=live,
    )


def _ask_from(phase: Capturing, hint: Hint, now: Seconds, rules: Rules) -> Seconds | None:
    """Give from when a movement is asked for: the soonest that any face compared so far sets."""
    after_s = rules.asks_after_s
    if after_s is None or not hint.is_compared:
        return phase.ask_from
    asked_from = now + (after_s if hint is Hint.COMPARED else rules.covered_s)
    return asked_from if phase.ask_from is None else min(phase.ask_from, asked_from)


def _believed(phase: Capturing, finding: Finding, rules: Rules) -> Verdict:
    """Give what counts of a finding's life: where a movement is always asked for, none before it was."""
    if rules.liveness is Level.CHALLENGE and not phase.asked and finding.live is Verdict.LIVE:
        return Verdict.UNDECIDED
    return rules.lives(finding.live)


def _agrees(phase: Capturing, rules: Rules) -> bool:
    return phase.template is not None and phase.agreeing >= rules.agreeing_frames


def _named(phase: Capturing, finding: Finding) -> TemplateId | None:
    """Give the template a compared face matched, if it may open: after a card, only one of its person."""
    if not finding.hint.is_compared:
        return None
    if phase.first is not None and finding.template not in phase.first.templates:
        return None
    return finding.template


def _ask(phase: Capturing, now: Seconds, rules: Rules) -> tuple[Capturing, tuple[do.Effect, ...]]:
    """Ask a face that had its time and was not seen to live for the movement that was drawn, once, with time to do it."""
    if phase.challenge is None or phase.ask_from is None or phase.asked or phase.live is Verdict.LIVE:
        return phase, ()
    if not now >= phase.ask_from:
        return phase, ()
    changed = replace(phase, asked=True, until=now + rules.challenge_s)
    return changed, (do.AskChallenge(phase.attempt, phase.challenge),)


def _shown(phase: Capturing) -> tuple[Hint | None, FacePlace | None, Challenge | None]:
    """Give what the screen says; while a movement is asked for, no hint takes its place."""
    return None if phase.asking else phase.hint, phase.place, phase.asking


def _guide(phase: Capturing, hint: Hint) -> do.Guide:
    asking = phase.asking
    return do.Guide(phase.attempt, Hint.COMPARED if asking else hint, phase.place, asking)
