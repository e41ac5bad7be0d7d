"""What holds of every transition of the state machine, and how single visits run."""

import math
import re
from pathlib import Path

import pytest

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.attempt import advance, deadline, face_is_offered
from gate.core.phases import (
    Capturing,
    Choosing,
    Idle,
    Noticing,
    Phase,
    Recording,
)
from gate.core.policy import Finding, Hint
from gate.core.types import (
    Card,
    Method,
    Pin,
    Reason,
)
from tests.core.visits import (
    ADA,
    BLIND,
    GOOD,
    ME,
    NEXT,
    NOBODY,
    NOTICE,
    OTHER,
    RULES,
    STALE,
    WEAK,
    Visit,
)


def test_every_phase_is_reached(transitions):
    reached = {type(before.gate.phase) for before, *_ in transitions}
    assert reached == set(Phase.__args__)


def test_a_release_follows_a_committed_record_of_the_same_attempt_and_nothing_else(transitions):
    """R68: from no state and by no accident is entry granted any other way."""
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
            assert isinstance(event, on.FaceChosen)
            assert event.attempt == ME
            assert before.notice_age + passing >= RULES.notice_minimum_s
            assert not before.gate.conditions.obstacles
    assert opened > 0


def test_r31_the_camera_is_open_exactly_while_capturing_and_leaving_forgets(transitions):
    for before, _, _, after, _, effects in transitions:
        assert after.camera_open == isinstance(after.gate.phase, Capturing)
        if any(isinstance(effect, do.CloseCamera) for effect in effects):
            assert before.camera_open
            assert any(isinstance(effect, do.Forget) for effect in effects)


def test_r02_a_credential_is_taken_at_every_moment_the_door_lets_anybody_in(transitions):
    for before, event, _, _, gate, effects in transitions:
        if isinstance(event, on.CredentialPresented) and not isinstance(event.credential, Pin):
            checked = any(
                isinstance(effect, do.CheckCredential | do.CheckSecond)
                and effect.credential == event.credential
                for effect in effects
            )
            kept = event in gate.kept
            assert checked or kept or before.gate.entry is not None


def test_a_stale_result_changes_nothing_but_the_doors_own_report(transitions):
    for _, event, passing, _, _, effects in transitions:
        if getattr(event, "attempt", None) == STALE and passing == 0:
            assert all(isinstance(effect, do.RecordOutcome) for effect in effects)


def test_every_busy_state_has_a_deadline_ahead_and_idle_has_none(transitions):
    for _, _, passing, _, gate, _ in transitions:
        due = deadline(gate)
        assert (due is None) == (isinstance(gate.phase, Idle) and gate.beside is None)
        assert due is None or (math.isfinite(due) and due > passing)


def test_time_alone_brings_every_state_back_to_idle(transitions, rules):
    for gate in {before.gate for before, *_ in transitions}:
        now, ticks = 0.0, 0
        while (due := deadline(gate)) is not None:
            now, ticks = due, ticks + 1
            gate, effects = advance(gate, on.Tick(), now, rules)  # noqa: PLW2901 - the walk is the loop
            assert not any(isinstance(effect, do.ReleaseDoor | do.OpenCamera) for effect in effects)
        assert ticks <= 6


def test_r12_face_leaves_the_offer_when_what_it_depends_on_goes(transitions):
    for _, event, _, _, gate, _ in transitions:
        if event == on.ConditionsChanged(BLIND):
            assert not isinstance(gate.phase, Noticing | Capturing)
            assert not (isinstance(gate.phase, Choosing) and Method.FACE in gate.phase.methods)


def test_no_step_records_two_decisions_for_one_attempt(transitions):
    for _, _, _, _, _, effects in transitions:
        decided = [effect.decision.attempt for effect in effects if isinstance(effect, do.Record)]
        assert len(decided) == len(set(decided))


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


def test_a_template_named_by_frames_that_compared_nobody_opens_nothing():
    finding = on.FaceFound(ME, Finding(Hint.ONE_PERSON, ADA))
    assert Visit().to_capture()(finding)(finding).decisions() == []


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
    assert visit.effects[-1] == do.OfferMethods(ME, (Method.FACE, Method.CARD, Method.PIN))


def test_the_document_of_the_architecture_shows_every_way_from_phase_to_phase_and_no_other(every_transition):
    seen = {
        (type(before.gate.phase).__name__, type(gate.phase).__name__)
        for before, _, _, _, gate, _ in every_transition()
    }
    shown = set()
    for line in (Path(__file__).parents[2] / "docs" / "architecture.md").read_text().splitlines():
        if (row := re.fullmatch(r"\| `([A-Z]\w+)` \| (`[A-Z].*) \|", line)) is not None:
            shown |= {(row[1], to) for to in re.findall(r"`(\w+)`", row[2])}
    assert shown == {(one, other) for one, other in seen if one != other}
