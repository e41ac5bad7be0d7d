"""The state machine, walked breadth first: every reachable state, every input, at several distances in time."""

import math
from collections import deque
from dataclasses import dataclass, fields, replace

import pytest

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.attempt import (
    Capturing,
    Choosing,
    Gate,
    Granted,
    Idle,
    Noticing,
    Phase,
    Recording,
    Refused,
    Verifying,
    advance,
    deadline,
    face_is_offered,
)
from gate.core.policy import Conditions, Finding, Hint, Rules
from gate.core.types import AttemptId, Card, Method, NoticeVersion, Reason, TemplateId, UnitPin

NOTICE = NoticeVersion("1.0")
RULES = Rules(
    notice=NOTICE,
    notice_minimum_s=2,
    threshold=0.5,
    margin=0.1,
    notice_confirm_s=3,
    choose_s=4,
    capture_s=4,
    compare_s=2,
    agreeing_frames=2,
    verify_s=2,
    record_s=2,
    show_result_s=1,
    refusals_before_rest=2,
    rest_s=3,
)
READY = Conditions(*[True] * len(fields(Conditions)))
BLIND = replace(READY, vision_ready=False)
ME, STALE, NEXT = AttemptId("me"), AttemptId("stale"), AttemptId("next")
ADA, BEN = TemplateId("ada"), TemplateId("ben")
GOOD = Finding(Hint.COMPARED, ADA, score=0.8, second=0.1)
OTHER = Finding(Hint.COMPARED, BEN, score=0.8, second=0.1)
WEAK = Finding(Hint.COMPARED, ADA, score=0.4, second=0.1)
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
    ]


EVERY_INPUT: list[on.Input] = [
    on.Tick(),
    on.Presence(NEXT),
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


@pytest.fixture(scope="module")
def transitions():
    return list(walk())


def test_every_phase_is_reached(transitions):
    reached = {type(before.gate.phase) for before, *_ in transitions}
    assert reached == {Idle, Noticing, Choosing, Capturing, Verifying, Recording, Granted, Refused}


def test_a_release_follows_a_committed_record_of_the_same_attempt_and_nothing_else(transitions):
    releases = 0
    for before, event, passing, _, _, effects in transitions:
        for effect in effects:
            if isinstance(effect, do.ReleaseDoor):
                releases += 1
                assert isinstance(before.gate.phase, Recording)
                assert before.gate.phase.decision.granted
                assert event == on.Recorded(before.gate.phase.attempt, on.Stored.COMMITTED)
                assert passing < before.gate.phase.until
    assert releases > 0


def test_r10_the_camera_opens_only_after_the_notices_minimum_time_and_the_choice_of_face(transitions):
    opened = 0
    for before, event, passing, _, _, effects in transitions:
        if any(isinstance(effect, do.OpenCamera) for effect in effects):
            opened += 1
            assert event == on.FaceChosen(ME)
            assert before.notice_age + passing >= RULES.notice_minimum_s
            assert not before.gate.conditions.obstacles
    assert opened > 0


def test_r31_the_camera_is_open_exactly_while_capturing_and_leaving_forgets(transitions):
    for before, _, _, after, _, effects in transitions:
        assert after.camera_open == isinstance(after.gate.phase, Capturing)
        if any(isinstance(effect, do.CloseCamera) for effect in effects):
            assert before.camera_open
            assert any(isinstance(effect, do.Forget) for effect in effects)


def test_r02_a_credential_is_taken_at_every_moment(transitions):
    for _, event, _, _, gate, effects in transitions:
        if isinstance(event, on.CredentialPresented):
            checked = do.CheckCredential(event.attempt, event.credential) in effects
            kept = isinstance(gate.phase, Recording) and gate.phase.next == event
            assert checked or kept


def test_a_stale_result_changes_nothing_but_the_doors_own_report(transitions):
    for _, event, passing, _, _, effects in transitions:
        if getattr(event, "attempt", None) == STALE and passing == 0:
            assert all(isinstance(effect, do.RecordOutcome) for effect in effects)


def test_every_busy_state_has_a_deadline_ahead_and_idle_has_none(transitions):
    for _, _, passing, _, gate, _ in transitions:
        due = deadline(gate)
        assert (due is None) == isinstance(gate.phase, Idle)
        assert due is None or (math.isfinite(due) and due > passing)


def test_time_alone_brings_every_state_back_to_idle(transitions):
    for gate in {before.gate for before, *_ in transitions}:
        now, ticks = 0.0, 0
        while (due := deadline(gate)) is not None:
            now, ticks = due, ticks + 1
            gate, effects = advance(gate, on.Tick(), now, RULES)  # noqa: PLW2901 - the walk is the loop
            assert not any(isinstance(effect, do.ReleaseDoor | do.OpenCamera) for effect in effects)
        assert ticks <= 4


def test_r12_face_leaves_the_offer_when_what_it_depends_on_goes(transitions):
    for _, event, _, _, gate, _ in transitions:
        if event == on.ConditionsChanged(BLIND):
            assert not isinstance(gate.phase, Noticing | Capturing)
            assert not (isinstance(gate.phase, Choosing) and Method.FACE in gate.phase.methods)


def test_no_step_records_two_decisions_for_one_attempt(transitions):
    for _, _, _, _, _, effects in transitions:
        decided = [effect.decision.attempt for effect in effects if isinstance(effect, do.Record)]
        assert len(decided) == len(set(decided))


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

    def decisions(self):
        return [
            (effect.decision.granted, effect.decision.reason)
            for effect in self.effects
            if isinstance(effect, do.Record)
        ]


def test_a_visit_by_face_runs_from_presence_to_release():
    visit = Visit().to_capture()(on.FaceFound(ME, GOOD))(on.FaceFound(ME, GOOD))
    assert visit.decisions() == [(True, Reason.MATCHED)]
    visit(on.Recorded(ME, on.Stored.COMMITTED))
    assert do.ReleaseDoor(ME) in visit.effects
    assert visit.effects.index(do.Forget()) < visit.effects.index(do.ReleaseDoor(ME))


def test_frames_that_name_different_templates_do_not_add_up():
    visit = Visit().to_capture()
    for finding in (GOOD, OTHER, GOOD, WEAK, GOOD):
        visit(on.FaceFound(ME, finding))
    assert visit.decisions() == []
    assert visit(on.Tick(), after=2).decisions() == [(False, Reason.NOT_RECOGNISED)]


def test_nobody_in_front_of_the_camera_is_told_apart_from_a_stranger():
    assert Visit().to_capture()(on.FaceFound(ME, NOBODY))(on.Tick(), after=4).decisions() == [
        (False, Reason.NO_FACE)
    ]


def test_r24_a_consent_gone_at_commit_refuses():
    visit = Visit().to_capture()(on.FaceFound(ME, GOOD))(on.FaceFound(ME, GOOD))
    visit(on.Recorded(ME, on.Stored.NOT_CONSENTED))
    assert visit.decisions()[-1] == (False, Reason.NOT_CONSENTED)
    assert do.ReleaseDoor(ME) not in visit.effects


def test_a_record_that_fails_or_never_comes_releases_nothing():
    failed = Visit()(on.CredentialPresented(ME, Card("1")))(on.CredentialChecked(ME, Reason.KNOWN_CREDENTIAL))
    failed(on.Recorded(ME, on.Stored.FAILED))
    late = Visit()(on.CredentialPresented(ME, Card("1")))(on.CredentialChecked(ME, Reason.KNOWN_CREDENTIAL))
    late(on.Recorded(ME, on.Stored.COMMITTED), after=RULES.record_s)
    for visit in (failed, late):
        assert do.ReleaseDoor(ME) not in visit.effects
        assert visit.decisions()[-1] == (False, Reason.FAULT)


def test_a_card_that_comes_while_a_grant_is_written_is_served_next():
    visit = Visit()(on.CredentialPresented(ME, Card("1")))(on.CredentialChecked(ME, Reason.KNOWN_CREDENTIAL))
    visit(on.CredentialPresented(NEXT, Card("2")))(on.Recorded(ME, on.Stored.COMMITTED))
    assert do.ReleaseDoor(ME) in visit.effects
    assert visit.effects[-1] == do.CheckCredential(NEXT, Card("2"))


def test_a_door_that_does_not_release_says_so_to_the_person():
    visit = Visit()(on.CredentialPresented(ME, Card("1")))(on.CredentialChecked(ME, Reason.KNOWN_CREDENTIAL))
    visit(on.Recorded(ME, on.Stored.COMMITTED))(on.DoorReported(ME, released=False))
    assert visit.effects[-2:] == [
        do.RecordOutcome(ME, released=False),
        do.ShowResult(ME, granted=False, reason=Reason.FAULT),
    ]


def test_face_rests_after_repeated_refusals_while_card_and_pin_stay():
    visit = Visit()
    for _ in range(RULES.refusals_before_rest):
        visit.to_capture()(on.FaceFound(ME, WEAK))(on.Tick(), after=2)(on.Tick(), after=1)
    assert not face_is_offered(visit.gate, visit.now)
    visit(on.Presence(ME))
    assert visit.effects[-1] == do.OfferMethods(ME, (Method.CARD, Method.PIN))
    assert face_is_offered(visit.gate, visit.now + RULES.rest_s)


@pytest.mark.parametrize(
    "leaving", [on.Cancelled(ME), on.CredentialPresented(NEXT, Card("1"))], ids=["cancel", "card"]
)
def test_a_compared_face_that_leaves_early_is_a_recorded_refusal_and_counts(leaving):
    visit = Visit()
    for _ in range(RULES.refusals_before_rest):
        visit.to_capture()(on.FaceFound(ME, WEAK))(leaving)
        visit(on.Tick(), after=RULES.verify_s)(on.Tick(), after=RULES.show_result_s)
    assert visit.decisions().count((False, Reason.NOT_RECOGNISED)) == RULES.refusals_before_rest
    assert visit.gate.face_rests_until > 0


def test_nobody_seen_and_left_is_no_refusal():
    visit = Visit().to_capture()(on.FaceFound(ME, NOBODY))(on.Cancelled(ME))
    assert visit.decisions() == []
    assert visit.gate.refusals == 0


def test_a_notice_the_screen_never_confirms_offers_no_face():
    visit = Visit()(on.Presence(ME))(on.Tick(), after=RULES.notice_confirm_s)
    assert visit.effects[-1] == do.OfferMethods(ME, (Method.CARD, Method.PIN))


def test_a_second_confirmation_does_not_start_the_minimum_time_again():
    visit = Visit()(on.Presence(ME))(on.NoticeShown(ME, NOTICE))(on.NoticeShown(ME, NOTICE), after=1)(
        on.Tick(), after=1
    )
    assert visit.effects[-1] == do.OfferMethods(ME, tuple(Method))
