"""The state machine walked breadth first, every reachable state with every input, and single visits by name."""

from collections import deque
from dataclasses import dataclass, fields, replace

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.attempt import advance
from gate.core.phases import (
    Gate,
    Idle,
    Noticing,
    Phase,
    Recording,
)
from gate.core.policy import Conditions, Finding, Hint, Rules
from gate.core.types import (
    AttemptId,
    Card,
    NoticeVersion,
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
)
READY = Conditions(*[True] * len(fields(Conditions)))
BLIND = replace(READY, vision_ready=False)
ME, STALE, NEXT = AttemptId("me"), AttemptId("stale"), AttemptId("next")
ADA, BEN = TemplateId("ada"), TemplateId("ben")
GOOD = Finding(Hint.COMPARED, ADA)
OTHER = Finding(Hint.COMPARED, BEN)
WEAK = Finding(Hint.COMPARED)
NOBODY = Finding(Hint.NO_FACE)


def inputs_for(attempt: AttemptId) -> list[on.Input]:
    return [
        on.NoticeShown(attempt, NOTICE),
        on.NoticeShown(attempt, NoticeVersion("0.9")),
        on.FaceChosen(attempt),
        on.Cancelled(attempt),
        *(on.FaceFound(attempt, finding) for finding in (GOOD, OTHER, WEAK, NOBODY)),
        on.CameraFailed(attempt),
        on.CredentialChecked(attempt, Reason.KNOWN_CREDENTIAL),
        on.CredentialChecked(attempt, Reason.UNKNOWN_CREDENTIAL),
        *(on.Recorded(attempt, stored) for stored in on.Stored),
        on.DoorReported(attempt, released=True),
        on.DoorReported(attempt, released=False),
        on.WithdrawalConfirmed(attempt),
        on.Withdrawn(attempt, WithdrawalOutcome.WITHDRAWN, "7K2M", "the receipt"),
    ]


EVERY_INPUT: list[on.Input] = [
    on.Tick(),
    on.Presence(NEXT),
    on.WithdrawalChosen(ME),
    on.WithdrawalChosen(NEXT),
    on.CredentialPresented(NEXT, Card("26:1234")),
    on.CredentialPresented(NEXT, UnitPin("1203", "482913")),
    on.ConditionsChanged(READY),
    on.ConditionsChanged(BLIND),
    *inputs_for(ME),
    *inputs_for(STALE),
]
PASSING = (0.0, 1.0, 100.0)


@dataclass(frozen=True)
class Seen:
    """What an onlooker knows: since when the notice of this attempt is up, whether the camera is open."""

    gate: Gate
    notice_age: float = -1.0
    camera_open: bool = False


def normal(phase: Phase, now: float) -> Phase:
    """Bring a phase back to time zero and the attempt's name back to ME, so that like states meet."""
    if isinstance(phase, Idle):
        return phase
    moved = replace(phase, attempt=ME, until=phase.until - now)
    if isinstance(moved, Recording):
        return replace(moved, decision=replace(moved.decision, attempt=ME))
    return moved


def step(seen: Seen, event: on.Input, passing: float) -> tuple[Seen, Gate, tuple[do.Effect, ...]]:
    gate, effects = advance(seen.gate, event, passing, RULES)
    notice_age = min(seen.notice_age + passing, RULES.notice_minimum_s) if seen.notice_age >= 0 else -1.0
    if event == on.NoticeShown(ME, NOTICE) and isinstance(seen.gate.phase, Noticing):
        notice_age = max(notice_age, 0.0)
    if any(isinstance(effect, do.ShowNotice | do.ClearScreen | do.ShowResult) for effect in effects):
        notice_age = -1.0
    camera_open = seen.camera_open
    for effect in effects:
        camera_open = (
            camera_open
            if not isinstance(effect, do.OpenCamera | do.CloseCamera)
            else isinstance(effect, do.OpenCamera)
        )
    rest = max(gate.face_rests_until - passing, -1.0)
    after = replace(gate, phase=normal(gate.phase, passing), face_rests_until=rest)
    return Seen(after, notice_age, camera_open), gate, effects


def walk():
    """Yield every transition of every reachable state: (before, input, seconds passed, after, effects)."""
    start = Seen(Gate(face_rests_until=-1.0))
    known, queue = {start}, deque([start])
    while queue:
        before = queue.popleft()
        for event in EVERY_INPUT:
            for passing in PASSING:
                after, gate, effects = step(before, event, passing)
                yield before, event, passing, after, gate, effects
                if after not in known:
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

    def to_capture(self) -> "Visit":
        self(on.Presence(ME))(on.NoticeShown(ME, NOTICE))
        return self(on.Tick(), after=2)(on.FaceChosen(ME))

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
