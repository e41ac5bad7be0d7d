"""The state machine walked breadth first, every reachable state with every input, and single visits by name.

Every credential comes under an attempt of its own. What is kept, or looked up beside, multiplies the states: see `followed`.
"""

from collections import deque
from dataclasses import dataclass, fields, replace

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.attempt import advance
from gate.core.liveness import Challenge, Level, Verdict
from gate.core.phases import (
    Capturing,
    Gate,
    Idle,
    Noticing,
    Phase,
    Recording,
    Verifying,
    first_factor,
)
from gate.core.policy import Conditions, Finding, Hint, Rules
from gate.core.types import (
    AttemptId,
    Card,
    Code,
    NoticeVersion,
    Pin,
    Reason,
    TemplateId,
    UnitPin,
    WithdrawalOutcome,
)

NOTICE = NoticeVersion("1.0")
RULES = Rules(
    notice=NOTICE,
    notice_minimum_s=2,
    notice_confirm_s=3,
    choose_s=4,
    capture_s=4,
    compare_s=2,
    agreeing_frames=2,
    verify_s=2,
    record_s=2,
    show_result_s=1,
    show_withdrawn_s=6,
    refusals_before_rest=2,
    rest_s=3,
    prolonged_most=1,
)
TWO = replace(RULES, two_factors=True)
LIVING = replace(RULES, liveness=Level.BASIC, passive_s=1, challenge_s=3, refusals_with_liveness=2)
"""As most sites are: a face must be seen to live."""
READY = Conditions(*[True] * len(fields(Conditions)))
BLIND = replace(READY, vision_ready=False)
ME, STALE, NEXT = AttemptId("me"), AttemptId("stale"), AttemptId("next")
SIDE, KEPT = AttemptId("side"), AttemptId("kept")
ADA, BEN = TemplateId("ada"), TemplateId("ben")
GOOD = Finding(Hint.COMPARED, ADA)
OTHER = Finding(Hint.COMPARED, BEN)
WEAK = Finding(Hint.COMPARED)
NOBODY = Finding(Hint.NO_FACE)
GOOD_LIVE, OTHER_LIVE, WEAK_LIVE, NOBODY_LIVE = (
    replace(each, live=Verdict.LIVE) for each in (GOOD, OTHER, WEAK, NOBODY)
)
PRINT = replace(GOOD, live=Verdict.ATTACK)
LIKENESS = (GOOD, OTHER, WEAK, NOBODY)
LIFE = (GOOD_LIVE, OTHER_LIVE, WEAK_LIVE, NOBODY_LIVE, PRINT, replace(NOBODY, live=Verdict.ATTACK))
DRAWN = Challenge.NOD


def inputs_for(attempt: AttemptId, rules: Rules) -> list[on.Input]:
    drawn = None if rules.liveness is None else DRAWN
    findings = LIKENESS if rules.liveness is None else LIKENESS + LIFE
    return [
        on.NoticeShown(attempt, NOTICE),
        on.NoticeShown(attempt, NoticeVersion("0.9")),
        on.FaceChosen(attempt, drawn),
        on.Cancelled(attempt),
        on.MoreTime(attempt),
        on.ReadAgain(attempt),
        *(on.FaceFound(attempt, finding) for finding in findings),
        on.CameraFailed(attempt),
        on.CredentialChecked(attempt, Reason.KNOWN_CREDENTIAL),
        on.CredentialChecked(attempt, Reason.KNOWN_CREDENTIAL, (ADA,)),
        on.CredentialChecked(attempt, Reason.UNKNOWN_CREDENTIAL),
        *(on.Recorded(attempt, stored) for stored in on.Stored),
        on.DoorReported(attempt, released=True),
        on.DoorReported(attempt, released=False),
        on.WithdrawalConfirmed(attempt),
        on.Withdrawn(attempt, WithdrawalOutcome.WITHDRAWN, "7K2M", "the receipt"),
    ]


OF_NO_ATTEMPT: list[on.Input] = [
    on.Tick(),
    on.Presence(NEXT),
    on.WithdrawalChosen(ME),
    on.WithdrawalChosen(NEXT),
    on.CredentialPresented(NEXT, Card("26:1234")),
    on.CredentialPresented(NEXT, UnitPin("1203", "482913")),
    on.CredentialPresented(NEXT, Pin("482913")),
    on.CredentialPresented(NEXT, Code("GV1.ABC")),
    on.EntryChanged(Reason.DOOR_LOCKED),
    on.EntryChanged(None),
    on.ConditionsChanged(READY),
    on.ConditionsChanged(BLIND),
    on.CredentialChecked(SIDE, Reason.KNOWN_CREDENTIAL),
    on.CredentialChecked(SIDE, Reason.KNOWN_CREDENTIAL, (ADA,)),
    on.CredentialChecked(SIDE, Reason.UNKNOWN_CREDENTIAL),
]


def every_input(rules: Rules) -> list[on.Input]:
    return [*OF_NO_ATTEMPT, *inputs_for(ME, rules), *inputs_for(STALE, rules)]


PASSING = (0.0, 1.0, 100.0)
_COVERS_NOTICE = do.ShowNotice | do.ShowChecking | do.AskCredential | do.ShowResult | do.ClearScreen


@dataclass(frozen=True)
class Seen:
    """What an onlooker knows of this attempt, beside the gate itself.

    Since when its notice is up, whether the camera is open, what is being looked up, what held, whose templates.
    """

    gate: Gate
    notice_age: float = -1.0
    camera_open: bool = False
    looked_up: type | None = None
    held: frozenset[type] = frozenset()
    templates: tuple[TemplateId, ...] = ()


def normal(phase: Phase, now: float) -> Phase:
    """Bring a phase back to time zero and the attempt's name back to ME, so that like states meet."""
    if isinstance(phase, Idle):
        return phase
    moved = replace(phase, attempt=ME, until=phase.until - now)
    if isinstance(moved, Recording):
        return replace(moved, decision=replace(moved.decision, attempt=ME))
    if isinstance(moved, Capturing) and moved.ask_from is not None:
        return replace(moved, ask_from=max(moved.ask_from - now, 0.0))
    return moved


def normal_gate(gate: Gate, now: float) -> Gate:
    """Bring the whole gate back to time zero and to the walk's names."""
    beside = gate.beside and replace(gate.beside, attempt=SIDE, until=gate.beside.until - now)
    kept = tuple(replace(each, attempt=AttemptId(f"{KEPT} {n}")) for n, each in enumerate(gate.kept))
    rest = max(gate.face_rests_until - now, -1.0)
    return replace(gate, phase=normal(gate.phase, now), beside=beside, kept=kept, face_rests_until=rest)


def followed(gate: Gate, rules: Rules) -> bool:
    """Tell whether the walk goes on from here. Every step into a longer row, or out of a shorter one, is looked at.

    How often face was refused touches neither what is kept nor what is looked up beside, and is followed without them;
    so is what face depends on, and whether somebody asked for more time. Only a PIN's check takes its time, so only beside one is something kept.
    Whether a face lives touches none of it either: where that is asked for, it is followed alone.
    """
    if rules.liveness is not None and (gate.kept or gate.beside or gate.entry is not None):
        return False
    if getattr(gate.phase, "prolonged", 0) and (gate.kept or gate.beside):
        return False
    fresh = gate.refusals == 0 and gate.face_rests_until < 0
    if gate.beside is None:
        return not gate.kept or (fresh and len(gate.kept) == 1)
    plain = fresh and gate.conditions == READY and gate.beside.until == RULES.verify_s
    slow = isinstance(gate.beside.credential, UnitPin) and first_factor(gate) is not None
    return plain and (not gate.kept or (slow and len(gate.kept) == 1))


def proven(seen: Seen, event: on.Input) -> tuple[frozenset[type], tuple[TemplateId, ...]]:
    """Tell which credentials of this attempt have held by now, and whose templates are known."""
    if not isinstance(event, on.CredentialChecked) or event.reason is not Reason.KNOWN_CREDENTIAL:
        return seen.held, seen.templates
    if event.attempt == ME and isinstance(seen.gate.phase, Verifying):
        return seen.held | {seen.looked_up}, event.templates or seen.templates
    if event.attempt == SIDE and seen.gate.beside is not None:
        return frozenset({type(seen.gate.beside.credential)}), event.templates
    return seen.held, seen.templates


def attempt_of(gate: Gate) -> AttemptId | None:
    return getattr(gate.phase, "attempt", None)


def watched(seen: Seen, event: on.Input, gate: Gate, effects: tuple[do.Effect, ...]) -> dict[str, object]:
    """Tell what an onlooker keeps in mind of the proofs of one attempt: nothing once it is decided or begun anew."""
    held, templates = proven(seen, event)
    looked_up = seen.looked_up
    for effect in effects:
        match effect:
            case do.CheckCredential(attempt) if gate.beside is not None and attempt == gate.beside.attempt:
                pass
            case do.Record(decision) if decision.attempt != attempt_of(gate):
                pass
            case do.CheckCredential(_, credential):
                looked_up, held, templates = type(credential), frozenset(), ()
            case do.CheckSecond(_, credential):
                looked_up, held, templates = type(credential), seen.held, seen.templates
            case do.Record():
                looked_up, held, templates = None, frozenset(), ()
            case _:
                pass
    if first_factor(gate) is None and not isinstance(gate.phase, Verifying | Recording):
        held, templates = frozenset(), ()
    return {
        "looked_up": looked_up if isinstance(gate.phase, Verifying) else None,
        "held": held,
        "templates": templates,
    }


def step(
    seen: Seen, event: on.Input, passing: float, rules: Rules
) -> tuple[Seen, Gate, tuple[do.Effect, ...]]:
    gate, effects = advance(seen.gate, event, passing, rules)
    notice_age = min(seen.notice_age + passing, RULES.notice_minimum_s) if seen.notice_age >= 0 else -1.0
    if event == on.NoticeShown(ME, NOTICE) and isinstance(seen.gate.phase, Noticing):
        notice_age = max(notice_age, 0.0)
    if any(isinstance(effect, _COVERS_NOTICE) for effect in effects):
        notice_age = -1.0
    camera_open = seen.camera_open
    for effect in effects:
        camera_open = (
            camera_open
            if not isinstance(effect, do.OpenCamera | do.CloseCamera)
            else isinstance(effect, do.OpenCamera)
        )
    proofs = watched(seen, event, gate, effects)
    return Seen(normal_gate(gate, passing), notice_age, camera_open, **proofs), gate, effects


def passing_before(event: on.Input, gate: Gate) -> tuple[float, ...]:
    """Give the times to wait for *event*. What is overdue is settled first, as a Tick would: not all need their own."""
    stale = getattr(event, "attempt", None) in {STALE, SIDE}
    return PASSING[:1] if stale or (gate.beside is not None and event != on.Tick()) else PASSING


def walk(rules: Rules):
    """Yield every transition of every reachable state: (before, input, seconds passed, after, gate, effects)."""
    start, inputs = Seen(Gate(face_rests_until=-1.0)), every_input(rules)
    known, queue = {start}, deque([start])
    while queue:
        before = queue.popleft()
        for event in inputs:
            for passing in passing_before(event, before.gate):
                after, gate, effects = step(before, event, passing, rules)
                yield before, event, passing, after, gate, effects
                if after not in known and followed(after.gate, rules):
                    known.add(after)
                    queue.append(after)


class Visit:
    """Drives one gate by name, with time in seconds."""

    def __init__(self, rules: Rules = RULES, conditions: Conditions = READY) -> None:
        self.rules, self.now, self.gate = rules, 0.0, Gate(conditions=conditions)
        self.effects: list[do.Effect] = []

    def __call__(self, event: on.Input, after: float = 0.0) -> "Visit":
        self.now += after
        self.gate, effects = advance(self.gate, event, self.now, self.rules)
        self.effects += effects
        return self

    def to_capture(self, drawn: Challenge | None = None) -> "Visit":
        self(on.Presence(ME))(on.NoticeShown(ME, NOTICE))
        return self(on.Tick(), after=2)(on.FaceChosen(ME, drawn))

    def to_second(self, *templates: TemplateId) -> "Visit":
        """Show a card that is known, of somebody who has *templates*; ME is the attempt."""
        self(on.CredentialPresented(ME, Card("1")))
        return self(on.CredentialChecked(ME, Reason.KNOWN_CREDENTIAL, templates))

    def to_second_face(self) -> "Visit":
        """Show Ada's card and read the notice, then choose face."""
        self.to_second(ADA)(on.NoticeShown(ME, NOTICE))
        return self(on.Tick(), after=2)(on.FaceChosen(ME, DRAWN))

    def to_question(self) -> "Visit":
        """Ask to withdraw with a card that is known; NEXT is the attempt from then on."""
        self(on.WithdrawalChosen(ME))(on.CredentialPresented(NEXT, Card("1")))
        self(on.CredentialChecked(NEXT, Reason.KNOWN_CREDENTIAL))
        return self(on.Recorded(NEXT, on.Stored.COMMITTED))

    def decisions(self):
        return [
            (effect.decision.granted, effect.decision.reason)
            for effect in self.effects
            if isinstance(effect, do.Record)
        ]
