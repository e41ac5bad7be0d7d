"""What a person may ask of the gate before they choose: more time, and the notice once more."""

import pytest

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.attempt import deadline
from gate.core.phases import Capturing, Choosing, Confirming, Identifying, Idle, Noticing, Refused, Told
from gate.core.policy import PROLONGED_MOST, FacePlace, Finding, Hint, Rules
from gate.core.types import Card, Method, Reason, WithdrawalOutcome
from tests.core.visits import ADA, BLIND, ME, NEXT, NOBODY, NOTICE, RULES, TWO, Visit

FACE_FIRST = (Method.FACE, Method.CARD, Method.PIN)


def chosen_from(*templates):
    """Stand before the choice; after a card of somebody with *templates* where there are any."""
    visit = Visit(TWO).to_second(*templates) if templates else Visit()(on.Presence(ME))
    return visit(on.NoticeShown(ME, NOTICE))(on.Tick(), after=2)


def asked_to_withdraw():
    return Visit()(on.WithdrawalChosen(ME))


def told():
    visit = Visit().to_question()(on.WithdrawalConfirmed(NEXT))
    return visit(on.Withdrawn(NEXT, WithdrawalOutcome.WITHDRAWN))


WAITS = {
    Choosing: chosen_from,
    Identifying: asked_to_withdraw,
    Confirming: lambda: Visit().to_question(),
    Told: told,
}


@pytest.mark.parametrize("phase", WAITS)
def test_more_time_gives_its_whole_span_again_and_says_so_r15(phase):
    visit = WAITS[phase]()
    assert isinstance(visit.gate.phase, phase)
    span = deadline(visit.gate) - visit.now
    attempt = visit.gate.phase.attempt
    visit(on.MoreTime(attempt), after=span - 0.5)
    assert deadline(visit.gate) == visit.now + span
    assert visit.effects[-1] == do.Prolonged(attempt)
    assert isinstance(visit(on.Tick(), after=span - 0.1).gate.phase, phase)


def test_somebody_has_twenty_seconds_to_ask_for_more_time_and_may_do_so_ten_times_r15():
    """WCAG 2.2.1 asks for so much."""
    site = Rules(NOTICE, 2.0)
    assert site.choose_s >= 20
    assert site.show_withdrawn_s >= 20
    assert site.prolonged_most == PROLONGED_MOST >= 10


def test_more_time_has_an_end():
    visit = chosen_from()
    for _ in range(RULES.prolonged_most + 1):
        visit(on.MoreTime(ME), after=1)
    assert visit.effects.count(do.Prolonged(ME)) == RULES.prolonged_most
    assert isinstance(visit(on.Tick(), after=RULES.choose_s - 1).gate.phase, Idle)


def test_more_time_leaves_the_camera_its_time_r31():
    visit = Visit().to_capture()
    until = deadline(visit.gate)
    assert deadline(visit(on.MoreTime(ME), after=1).gate) == until


def test_more_time_keeps_what_the_first_factor_proved():
    visit = chosen_from(ADA)(on.MoreTime(ME), after=1)
    assert visit.gate.phase.first.templates == (ADA,)
    assert visit.gate.phase.methods == (Method.PIN, Method.FACE)


def test_more_time_of_an_attempt_that_is_over_changes_nothing():
    visit = chosen_from()
    before = visit.gate
    assert visit(on.MoreTime(NEXT)).gate == before


@pytest.mark.parametrize("templates", [(), (ADA,)], ids=["alone", "after a card"])
def test_the_notice_is_read_again_for_its_whole_minimum_time_r10(templates):
    visit = chosen_from(*templates)
    offered = visit.gate.phase
    visit(on.ReadAgain(ME))
    assert isinstance(visit.gate.phase, Noticing)
    assert visit.effects[-1] == do.ShowNotice(ME, NOTICE, second=bool(templates))
    visit(on.FaceChosen(ME))
    assert isinstance(visit.gate.phase, Noticing)
    visit(on.NoticeShown(ME, NOTICE))(on.Tick(), after=2)
    assert (visit.gate.phase.methods, visit.gate.phase.first) == (offered.methods, offered.first)


def test_a_notice_read_again_and_not_seen_offers_no_face_r10():
    visit = chosen_from()(on.ReadAgain(ME))(on.Tick(), after=RULES.notice_confirm_s)
    assert Method.FACE not in visit.gate.phase.methods


def test_where_no_face_is_offered_there_is_nothing_to_read_again():
    visit = Visit(conditions=BLIND)(on.Presence(ME))
    before = visit.gate
    assert visit(on.ReadAgain(ME)).gate == before


def test_a_face_that_moves_is_told_with_its_place_and_one_that_stays_is_not_told_again():
    here, there = FacePlace.near(0.5, 0.5, 0.3), FacePlace.near(0.7, 0.5, 0.3)
    visit = Visit().to_capture()
    so_far = len(visit.effects)
    for place in (here, here, there):
        visit(on.FaceFound(ME, Finding(Hint.COME_CLOSER, place=place)))
    assert visit.effects[so_far:] == [
        do.Guide(ME, Hint.COME_CLOSER, here),
        do.Guide(ME, Hint.COME_CLOSER, there),
    ]
    visit(on.FaceFound(ME, NOBODY))
    assert visit.effects[-1] == do.Guide(ME, Hint.NO_FACE)
    assert isinstance(visit.gate.phase, Capturing)


def test_where_a_face_is_stands_in_no_log_of_the_gate_r36():
    visit = Visit().to_capture()
    visit(on.FaceFound(ME, Finding(Hint.COME_CLOSER, place=FacePlace.near(0.15, 0.5, 0.3))))
    assert "0.15" not in repr(visit.gate)
    assert "0.15" not in repr(visit.effects)


def test_somebody_else_who_is_refused_is_told_beside_the_wait_for_the_second_factor_r74():
    visit = Visit(TWO).to_second()(on.CredentialPresented(NEXT, Card("2")))
    visit(on.CredentialChecked(NEXT, Reason.UNKNOWN_CREDENTIAL))
    assert visit.effects[-1] == do.TellRefused(ME, Reason.UNKNOWN_CREDENTIAL)
    assert visit.gate.phase.first is not None
    assert not isinstance(visit.gate.phase, Refused)
