"""R16, R72, R76, R80, R84, R85: what is to do, and by when, at every clock's edge."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from gate.core.duties import Duty, Facts, State, after_working_days, duties
from gate.core.registers import (
    FORMS,
    Filing,
    Impossible,
    Incident,
    Recipient,
    Register,
    Sign,
    Training,
    has_ended,
    impossible,
)

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)  # a Monday
TODAY = NOW.date()
TRAINED = Training("Zoe", "guard", "consent", TODAY, TODAY + timedelta(days=365))
QUIET = Facts(
    now=NOW,
    face_enabled=True,
    face_approved=True,
    face_stopped=False,
    software_key=False,
    people=3,
    reached_at=None,
    retention_failed=False,
    signs=(Sign("main door", TODAY),),
    trainings=(TRAINED,),
)
INCIDENT = Incident(
    "names", "a lost device", "junk calls", "locked", "be wary", "desk", NOW, contained_at=NOW
)


def of(requirement, **changed):
    """Give state and due time of the duties under one requirement."""
    found = duties(replace(QUIET, **changed))
    return [(duty.state, duty.due_at) for duty in found if duty.requirement == requirement]


def states(requirement, **changed):
    return [state for state, _ in of(requirement, **changed)]


def test_a_quiet_site_has_clocks_and_nothing_to_do():
    assert {duty.state for duty in duties(QUIET)} == {State.OK}


def test_a_site_without_face_has_nothing_to_assess_hang_up_or_train_for():
    assert duties(replace(QUIET, face_enabled=False, face_approved=False, signs=(), trainings=())) == ()


def test_a_site_that_stopped_face_has_nothing_to_assess_hang_up_or_train_for():
    assert duties(replace(QUIET, face_stopped=True, face_approved=False, signs=(), trainings=())) == ()


@pytest.mark.parametrize(
    ("hours", "state"), [(0, State.NEAR), (23.99, State.NEAR), (24, State.OVERDUE), (900, State.OVERDUE)]
)
def test_r85_an_incident_is_told_within_a_day(hours, state):
    incident = replace(INCIDENT, found_at=NOW - timedelta(hours=hours))
    assert of("R85", incidents=(incident,)) == [(state, incident.found_at + timedelta(hours=24))] * 2


def test_r85_the_clock_of_24_hours_is_said_to_be_the_products_own():
    said = [duty.what for duty in duties(replace(QUIET, incidents=(INCIDENT,))) if duty.requirement == "R85"]
    assert len(said) == 2
    assert all("at once, says PIPL 57" in what and "product's own" in what for what in said)


def test_r85_what_was_told_is_no_duty_any_more():
    assert states("R85", incidents=(replace(INCIDENT, authority_told_at=NOW),)) == [State.NEAR]
    assert states("R85", incidents=(replace(INCIDENT, authority_told_at=NOW, people_told_at=NOW),)) == []


def test_r85_people_need_not_be_told_where_it_is_written_why():
    done = replace(INCIDENT, authority_told_at=NOW, why_people_not_told="the data were sealed")
    assert states("R85", incidents=(done,)) == []


def test_r85_an_incident_that_is_not_contained_stays_a_duty():
    told = replace(INCIDENT, contained_at=None, authority_told_at=NOW, people_told_at=NOW)
    assert of("R85", incidents=(told,)) == [(State.NEAR, None)]


@pytest.mark.parametrize(
    ("days", "state"), [(4, State.OK), (3, State.NEAR), (0.01, State.NEAR), (0, State.OVERDUE)]
)
def test_r72_an_open_request_is_near_and_then_overdue(days, state):
    due = NOW + timedelta(days=days)
    assert of("R72", requests_due=(due,)) == [(state, due)]


def test_r80_face_without_an_approved_assessment_is_overdue():
    assert states("R80", face_approved=False) == [State.OVERDUE]
    assert states("R80") == []


@pytest.mark.parametrize(
    ("days", "state"),
    [(0, State.OK), (75, State.OK), (76, State.NEAR), (89, State.NEAR), (90, State.OVERDUE)],
)
def test_r16_a_sign_is_looked_at_every_90_days(days, state):
    assert states("R16", signs=(Sign("main door", TODAY - timedelta(days=days)),)) == [state]


@pytest.mark.parametrize(("approved", "state"), [(True, State.OVERDUE), (False, State.NEAR)])
def test_r16_face_in_use_needs_a_sign(approved, state):
    assert states("R16", signs=(), face_approved=approved) == [state]


def test_r16_a_sign_taken_down_needs_no_look_and_is_no_sign():
    down = Sign("side door", TODAY - timedelta(days=500), ended_on=TODAY)
    assert states("R16", signs=(down, *QUIET.signs)) == [State.OK]
    assert states("R16", signs=(down,)) == [State.OVERDUE]


@pytest.mark.parametrize(
    ("days", "state"), [(31, State.OK), (29, State.NEAR), (0, State.NEAR), (-1, State.OVERDUE)]
)
def test_training_is_renewed_by_its_day(days, state):
    training = replace(TRAINED, next_due=TODAY + timedelta(days=days))
    assert states("PIPL 51", trainings=(training,)) == [state]


def test_nobody_trained_is_a_duty_that_names_nobody():
    gone = replace(TRAINED, ended_on=TODAY - timedelta(days=1))
    assert states("PIPL 51", trainings=(gone,)) == [State.NEAR]
    assert not any("Zoe" in duty.what for duty in duties(QUIET))


@pytest.mark.parametrize(
    ("people", "expected"),
    [(79_999, []), (80_000, [State.NEAR]), (99_999, [State.NEAR]), (100_000, [State.OK])],
)
def test_r84_80000_people_are_a_warning_and_100000_a_task(people, expected):
    assert states("R84", people=people) == expected


@pytest.mark.parametrize(
    ("days_ago", "state"), [(0, State.OK), (30, State.NEAR), (41, State.NEAR), (43, State.OVERDUE)]
)
def test_r84_the_task_has_30_working_days_from_the_day_it_was_reached(days_ago, state):
    reached = NOW - timedelta(days=days_ago)
    assert states("R84", people=100_000, reached_at=reached) == [state]


def test_r84_the_last_working_day_is_given_whole():
    assert of("R84", people=100_000, reached_at=NOW)[0][1] == datetime(2027, 1, 5, tzinfo=UTC)


def test_r84_what_was_filed_is_no_duty_until_the_filing_ends():
    filing = Filing("CAC", "no. 1", TODAY)
    assert states("R84", people=100_000, filings=(filing,)) == []
    assert states("R84", people=100_000, filings=(replace(filing, ended_on=TODAY),)) == [State.OK]


def test_r83_a_notice_and_a_register_that_disagree_on_processors_are_overdue():
    assert states("R83", processors_told=False) == [State.OVERDUE]
    assert states("R83", processors_told=False, face_stopped=True) == []


def test_r76_a_deletion_that_failed_is_overdue():
    assert states("R76", retention_failed=True) == [State.OVERDUE]


def test_a_key_held_in_software_is_said():
    assert states("R52", software_key=True) == [State.NEAR]


def test_the_most_pressing_comes_first_then_the_earliest():
    found = duties(
        replace(
            QUIET, requests_due=(NOW + timedelta(days=9), NOW - timedelta(days=1), NOW - timedelta(days=2))
        )
    )
    assert [duty.due_at for duty in found[:2]] == [NOW - timedelta(days=2), NOW - timedelta(days=1)]
    assert [duty.state for duty in found] == sorted(
        (duty.state for duty in found), key=[State.OVERDUE, State.NEAR, State.OK].index
    )
    assert isinstance(found[0], Duty)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (date(2026, 11, 23), 0, date(2026, 11, 23)),
        (date(2026, 11, 23), 1, date(2026, 11, 24)),
        (date(2026, 11, 27), 1, date(2026, 11, 30)),
        (date(2026, 11, 28), 5, date(2026, 12, 4)),
        (date(2026, 11, 23), 30, date(2027, 1, 4)),
    ],
)
def test_r84_working_days_leave_out_the_weekends(start, days, end):
    assert after_working_days(start, days) == end


def test_every_register_has_a_form():
    assert set(FORMS) == set(Register)


def test_an_incident_never_leaves_the_record():
    assert not has_ended(INCIDENT, TODAY + timedelta(days=9999))


@pytest.mark.parametrize(
    ("ended", "over"), [(None, False), (TODAY, True), (TODAY + timedelta(days=1), False)]
)
def test_an_entry_is_over_from_its_last_day_on(ended, over):
    assert has_ended(Recipient("Bank", "", "", "", "", ended_on=ended), TODAY) is over


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (Recipient("Bank", "", "", "", ""), None),
        (Sign("door", TODAY, ended_on=TODAY), None),
        (TRAINED, None),
        (INCIDENT, None),
        (Sign("door", TODAY + DAY), Impossible("checked_on")),
        (Filing("CAC", "1", TODAY + DAY), Impossible("filed_on")),
        (Sign("door", TODAY, ended_on=TODAY - DAY), Impossible("ended_on", "checked_on")),
        (replace(TRAINED, next_due=TODAY - DAY), Impossible("next_due", "trained_on")),
        (replace(INCIDENT, found_at=NOW + DAY), Impossible("found_at")),
        (replace(INCIDENT, contained_at=NOW - DAY), Impossible("contained_at", "found_at")),
        (replace(INCIDENT, people_told_at=NOW - DAY), Impossible("people_told_at", "found_at")),
    ],
)
def test_r82_r85_a_day_that_cannot_be_is_named(entry, expected):
    assert impossible(entry, TODAY) == expected
