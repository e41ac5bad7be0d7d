"""A face opens only while it is seen to live: what is asked, when, and what a picture of somebody comes to."""

import math
from dataclasses import replace

import pytest

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.attempt import face_is_offered
from gate.core.liveness import Challenge, Level, Verdict
from gate.core.phases import Capturing
from gate.core.policy import FacePlace, Finding, Hint, Rules
from gate.core.types import Card, Method, Reason
from tests.core.visits import (
    ADA,
    DRAWN,
    GOOD,
    GOOD_LIVE,
    LIVING,
    ME,
    NEXT,
    NOBODY,
    NOBODY_LIVE,
    NOTICE,
    OTHER_LIVE,
    PRINT,
    WEAK,
    WEAK_LIVE,
    Visit,
    walk,
)
from tests.core.walked import walked

ALWAYS = replace(LIVING, liveness=Level.CHALLENGE, settle_s=0)
IN_DEPTH = replace(LIVING, liveness=Level.DEPTH)
ASKED = do.AskChallenge(ME, DRAWN)


@pytest.fixture(scope="module")
def steps():
    """Every transition where a face must live."""
    return walked(walk(LIVING))


def before_camera(rules=LIVING, drawn=DRAWN):
    return Visit(rules).to_capture(drawn)


def found(visit, *findings, after=0.0):
    for finding in findings:
        visit(on.FaceFound(ME, finding), after=after)
    return visit


def test_no_face_is_granted_but_one_that_matched_and_lives_in_the_same_frame(steps):
    granted = 0
    for before, event, _, _, _, effects in steps:
        for effect in effects:
            if isinstance(effect, do.Record) and effect.decision.granted and effect.template is not None:
                granted += 1
                assert effect.decision.method is Method.FACE
                assert event.finding == Finding(Hint.COMPARED, effect.template, live=Verdict.LIVE)
                assert before.gate.phase.template == effect.template
    assert granted > 0


def test_no_face_is_granted_without_a_template(steps):
    for _, _, _, _, _, effects in steps:
        for effect in effects:
            if isinstance(effect, do.Record) and effect.decision.method is Method.FACE:
                assert effect.decision.granted == (effect.template is not None)


def test_an_attack_ends_the_capture_at_once_whatever_else_the_frame_shows(steps):
    seen = 0
    for before, event, passing, _, gate, effects in steps:
        if not isinstance(event, on.FaceFound) or event.finding.live is not Verdict.ATTACK:
            continue
        if (
            event.attempt == ME
            and isinstance(before.gate.phase, Capturing)
            and passing < before.gate.phase.until
        ):
            seen += 1
            assert not isinstance(gate.phase, Capturing)
            assert [each.decision.reason for each in effects if isinstance(each, do.Record)] == [
                Reason.NOT_LIVE
            ]
    assert seen > 0


def test_a_movement_is_asked_for_at_most_once_in_a_capture_and_only_the_one_that_was_drawn(steps):
    asked = 0
    for before, _, _, after, _, effects in steps:
        for effect in effects:
            if isinstance(effect, do.AskChallenge):
                asked += 1
                assert effect == ASKED
                assert not before.gate.phase.asked
                assert after.gate.phase.asked
    assert asked > 0


def test_r31_r68_the_camera_is_open_while_capturing_alone_and_only_a_committed_grant_releases(steps):
    for before, event, _, after, _, effects in steps:
        assert after.camera_open == isinstance(after.gate.phase, Capturing)
        if any(isinstance(each, do.CloseCamera) for each in effects):
            assert do.Forget() in effects
        for effect in effects:
            if isinstance(effect, do.ReleaseDoor):
                assert before.gate.phase.decision.granted
                assert event == on.Recorded(effect.attempt, on.Stored.COMMITTED)


def test_nobody_is_told_that_a_face_was_taken_for_a_picture(steps):
    for _, _, _, _, _, effects in steps:
        assert not any(isinstance(each, do.ShowResult) and each.reason is Reason.NOT_LIVE for each in effects)


def test_a_picture_is_told_what_a_stranger_is_told():
    shown = [
        visit.effects[-1]
        for visit in (found(before_camera(), PRINT), found(before_camera(), WEAK_LIVE)(on.Tick(), after=2))
    ]
    assert shown[0] == shown[1] == do.ShowResult(ME, granted=False, reason=Reason.NOT_RECOGNISED)


def test_a_living_face_that_matches_opens_without_being_asked_for_anything():
    visit = found(before_camera(), GOOD, GOOD_LIVE)
    assert visit.decisions() == [(True, Reason.MATCHED)]
    assert ASKED not in visit.effects


def test_a_match_that_never_lives_is_refused_when_its_time_is_over():
    visit = found(before_camera(drawn=None), GOOD, GOOD, GOOD, after=0.5)
    assert visit(on.Tick(), after=1).decisions() == [(False, Reason.NOT_LIVE)]


def test_a_living_face_that_matches_nobody_is_not_recognised():
    visit = found(before_camera(), WEAK_LIVE, WEAK_LIVE)
    assert visit(on.Tick(), after=2).decisions() == [(False, Reason.NOT_RECOGNISED)]


def test_a_face_seen_to_live_no_more_opens_nothing():
    """Vision says LIVE of the present face alone: another one held up after it begins anew."""
    visit = found(before_camera(), WEAK_LIVE, GOOD, GOOD, GOOD)
    assert visit.decisions() == []


def test_life_in_one_frame_and_likeness_in_another_do_not_add_up():
    visit = found(before_camera(), GOOD, GOOD, NOBODY_LIVE, OTHER_LIVE, GOOD_LIVE)
    assert visit.decisions() == []


@pytest.mark.parametrize("finding", [GOOD, WEAK], ids=["enrolled", "stranger"])
def test_r36_whether_a_movement_is_asked_for_does_not_tell_whether_the_face_is_enrolled(finding):
    visit = found(before_camera(), finding, finding, finding, after=0.5)
    assert visit.effects[-2:] == [ASKED, do.Guide(ME, Hint.COMPARED, None, DRAWN)]


MUFFLED, UNKNOWN = Finding(Hint.UNCOVER, ADA), Finding(Hint.UNCOVER)
COVERED = replace(LIVING, covered_s=2)


@pytest.mark.parametrize(
    "rules", [COVERED, replace(COVERED, liveness=Level.CHALLENGE)], ids=["basic", "challenge"]
)
def test_r36_nor_does_it_where_something_covers_the_face(rules):
    told = [found(before_camera(rules), *[each] * 3, after=1.0).effects for each in (MUFFLED, UNKNOWN)]
    assert told[0] == told[1]
    assert told[0][-2:] == [ASKED, do.Guide(ME, Hint.COMPARED, None, DRAWN)]


def test_somebody_covered_has_longer_before_they_are_asked_and_no_longer_once_they_are_bare():
    visit = found(before_camera(COVERED), MUFFLED)
    assert ASKED not in found(visit, MUFFLED, after=COVERED.covered_s - 0.01).effects
    assert ASKED in found(visit, MUFFLED, after=0.01).effects
    visit = found(before_camera(COVERED), MUFFLED, GOOD)
    assert ASKED in found(visit, GOOD, after=LIVING.passive_s).effects
    visit = found(before_camera(COVERED), GOOD, MUFFLED)
    assert ASKED in found(visit, MUFFLED, after=LIVING.passive_s).effects


def test_a_covered_face_that_matches_and_lives_opens_like_any_other():
    living = replace(MUFFLED, live=Verdict.LIVE)
    assert found(before_camera(), living, living).decisions() == [(True, Reason.MATCHED)]


def test_whoever_covers_a_face_is_refused_and_counted_like_anybody_else():
    visit = found(before_camera(replace(COVERED, covered_s=9)), UNKNOWN)
    assert visit(on.Tick(), after=COVERED.compare_s).decisions() == []
    assert visit(on.Tick(), after=COVERED.capture_s).decisions() == [(False, Reason.NOT_RECOGNISED)]


def test_a_face_is_asked_after_its_time_to_show_by_itself_that_it_lives_and_not_before():
    visit = found(before_camera(), GOOD)
    assert ASKED not in found(visit, GOOD, after=LIVING.passive_s - 0.01).effects
    assert ASKED in found(visit, GOOD, after=0.01).effects


def test_a_face_that_lives_when_its_time_is_over_is_asked_for_nothing():
    visit = found(before_camera(), WEAK)
    assert ASKED not in found(visit, WEAK_LIVE, after=LIVING.passive_s).effects


def test_nobody_is_asked_to_move_before_a_face_was_compared():
    assert ASKED not in found(before_camera(), NOBODY, NOBODY, NOBODY, after=1.0).effects


def test_a_site_that_always_asks_does_so_as_soon_as_the_face_was_looked_at_for_a_moment():
    visit = found(before_camera(replace(ALWAYS, settle_s=0.4)), GOOD, WEAK_LIVE, after=0.1)
    assert ASKED not in visit.effects
    assert ASKED in found(visit, GOOD, after=0.4).effects


@pytest.mark.parametrize("rules", [IN_DEPTH, replace(LIVING, liveness=None)], ids=["depth", "nothing"])
def test_where_a_movement_proves_nothing_none_is_asked_for(rules):
    assert ASKED not in found(before_camera(rules), WEAK, WEAK, WEAK, after=0.6).effects


@pytest.mark.parametrize("drawn", [DRAWN, None], ids=["asked", "nothing to ask"])
def test_where_a_movement_is_always_asked_for_no_face_lives_before_it_was(drawn):
    visit = found(before_camera(replace(ALWAYS, settle_s=1), drawn), GOOD_LIVE, GOOD_LIVE, GOOD_LIVE)
    assert visit.decisions() == []
    found(visit, GOOD_LIVE, after=1)
    assert found(visit, GOOD_LIVE).decisions() == ([(True, Reason.MATCHED)] if drawn else [])


def test_whoever_is_asked_has_the_whole_time_for_it_and_no_more():
    visit = found(before_camera(ALWAYS), GOOD)
    found(visit, GOOD, GOOD, after=ALWAYS.challenge_s / 2 - 0.01)
    assert visit.decisions() == []
    assert visit(on.Tick(), after=0.02).decisions() == [(False, Reason.NOT_LIVE)]


def test_a_movement_that_was_done_opens_once_the_face_looks_ahead_and_matches_again():
    visit = found(before_camera(ALWAYS), GOOD, GOOD, WEAK, NOBODY, WEAK_LIVE, GOOD_LIVE)
    assert visit.decisions() == []
    assert found(visit, GOOD_LIVE).decisions() == [(True, Reason.MATCHED)]


def test_a_movement_stands_on_the_screen_until_it_is_done_and_no_hint_takes_its_place():
    visit = found(before_camera(ALWAYS), WEAK)
    so_far = len(visit.effects)
    found(visit, WEAK, NOBODY, Finding(Hint.MORE_LIGHT), WEAK)
    assert visit.effects[so_far:] == []
    assert found(visit, WEAK_LIVE).effects[so_far:] == [do.Guide(ME, Hint.COMPARED)]


def test_the_silhouette_goes_on_moving_while_a_movement_is_asked_for():
    place = FacePlace.near(0.5, 0.5, 0.3)
    visit = found(before_camera(ALWAYS), WEAK, Finding(Hint.HOLD_STILL, place=place))
    assert visit.effects[-1] == do.Guide(ME, Hint.COMPARED, place, DRAWN)


def test_a_card_during_a_movement_ends_it_r02():
    visit = found(before_camera(ALWAYS), GOOD, GOOD)(on.CredentialPresented(NEXT, Card("1")))
    assert visit.decisions() == [(False, Reason.NOT_LIVE)]
    assert visit.effects[-1] == do.CheckCredential(NEXT, Card("1"))


def test_after_a_card_its_persons_face_must_live_as_well():
    visit = Visit(replace(LIVING, two_factors=True)).to_second_face()
    assert found(visit, GOOD, GOOD).decisions() == []
    assert found(visit, GOOD_LIVE).decisions() == [(True, Reason.MATCHED)]


def test_the_camera_opens_with_what_the_face_must_show():
    assert do.OpenCamera(ME, (), Level.BASIC) in before_camera().effects
    card_first = Visit(replace(LIVING, two_factors=True)).to_second_face()
    assert do.OpenCamera(ME, (ADA,), Level.BASIC) in card_first.effects


@pytest.mark.parametrize("finding", [PRINT, WEAK], ids=["picture", "stranger"])
def test_face_rests_after_ten_refusals_where_it_must_live_and_card_and_pin_stay(finding):
    visit = Visit(replace(LIVING, refusals_with_liveness=10, rest_s=30))
    for count in range(10):
        assert face_is_offered(visit.gate, visit.now), count
        found(visit.to_capture(DRAWN), finding)(on.Tick(), after=2)(on.Tick(), after=1)
    assert not face_is_offered(visit.gate, visit.now)
    visit(on.Presence(ME))
    assert visit.effects[-1] == do.OfferMethods(ME, (Method.CARD, Method.PIN))


def test_a_site_gives_five_refusals_or_ten_where_a_face_must_live():
    assert Rules(NOTICE, 2.0).refusals_most == 5
    assert {Rules(NOTICE, 2.0, liveness=level).refusals_most for level in Level} == {10}


def test_a_wait_that_is_not_a_number_asks_for_nothing_and_opens_nothing():
    visit = found(before_camera(replace(LIVING, passive_s=math.nan)), GOOD, GOOD, GOOD, after=0.5)
    assert ASKED not in visit.effects
    assert visit(on.Tick(), after=2).decisions() == [(False, Reason.NOT_LIVE)]


@pytest.mark.parametrize("challenge", Challenge)
def test_what_was_drawn_is_in_no_log_of_the_gate_before_it_is_asked_for(challenge):
    assert challenge.value not in repr(Visit(LIVING).to_capture(challenge).gate)
