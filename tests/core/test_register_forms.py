from dataclasses import fields
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from gate.core.register_forms import ANSWER_MOST, AnswerFault, AnswerKind, questions, read_answers, shown
from gate.core.registers import FORMS, Incident, Register, Sign, Training

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
INCIDENT = {
    "categories": "names",
    "cause": "a lost list",
    "harm": "unwanted visits",
    "measures_taken": "found again",
    "measures_for_people": "none",
    "contact": "desk",
    "found_at": "2026-11-22T08:30",
}


def read(register, zone=UTC, **answers):
    return read_answers(register, answers, NOON, zone)


@pytest.mark.parametrize("register", Register)
def test_a_form_asks_for_every_field_in_its_order(register):
    assert [each.name for each in questions(register)] == [each.name for each in fields(FORMS[register])]


def test_days_moments_and_words_are_told_apart():
    kinds = {each.name: (each.kind, each.required) for each in questions(Register.INCIDENT)}
    assert kinds["cause"] == (AnswerKind.WORDS, True)
    assert kinds["found_at"] == (AnswerKind.MOMENT, True)
    assert kinds["contained_at"] == (AnswerKind.MOMENT, False)
    assert {each.name: each.kind for each in questions(Register.SIGN)}["ended_on"] is AnswerKind.DAY


def test_a_filled_form_is_an_entry_with_what_was_left_empty_at_its_default():
    read_in = read(Register.SIGN, placement="  By the  gate ", checked_on="2026-11-20", ended_on=" ")
    assert read_in == Sign("By the gate", date(2026, 11, 20))


def test_a_moment_is_of_the_sites_own_zone():
    entry = read(Register.INCIDENT, SHANGHAI, **(INCIDENT | {"found_at": "2026-11-22T19:30"}))
    assert isinstance(entry, Incident)
    assert entry.found_at == datetime(2026, 11, 22, 11, 30, tzinfo=UTC)


def test_what_was_entered_is_shown_as_it_is_typed():
    entry = read(Register.INCIDENT, SHANGHAI, **INCIDENT)
    assert shown(entry.found_at, SHANGHAI) == INCIDENT["found_at"]
    assert shown(entry.contained_at, SHANGHAI) == ""
    assert shown(date(2026, 11, 20), SHANGHAI) == "2026-11-20"


def test_every_fault_is_named_at_once_by_its_field():
    assert read(Register.SIGN, placement="x" * (ANSWER_MOST + 1), checked_on="soon") == {
        "placement": AnswerFault.LONG,
        "checked_on": AnswerFault.NO_DAY,
    }
    assert read(Register.SIGN) == {"placement": AnswerFault.MISSING, "checked_on": AnswerFault.MISSING}


@pytest.mark.parametrize("typed", ["noon", "2026-02-30T10:00", "0001-01-01T00:00"])
def test_a_moment_that_is_none_is_refused(typed):
    found = read(Register.INCIDENT, SHANGHAI, **(INCIDENT | {"found_at": typed}))
    assert found == {"found_at": AnswerFault.NO_MOMENT}


def test_what_has_not_come_yet_is_refused():
    assert read(Register.SIGN, placement="gate", checked_on="2026-11-23") == {"checked_on": AnswerFault.AHEAD}
    ahead = INCIDENT | {"found_at": "2026-11-22T12:01"}
    assert read(Register.INCIDENT, **ahead) == {"found_at": AnswerFault.AHEAD}


def test_a_day_is_judged_where_the_site_is():
    evening = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)  # the 23rd in Shanghai
    answers = {"placement": "gate", "checked_on": "2026-11-23"}
    assert isinstance(read_answers(Register.SIGN, answers, evening, SHANGHAI), Sign)
    assert not isinstance(read_answers(Register.SIGN, answers, evening, UTC), Sign)


def test_what_can_only_follow_does_not_come_before():
    training = {"staff": "Wang", "role": "guard", "topic": "privacy", "trained_on": "2026-11-20"}
    assert read(Register.TRAINING, **training, next_due="2026-11-19") == {"next_due": AnswerFault.TOO_EARLY}
    assert isinstance(read(Register.TRAINING, **training, next_due="2027-11-20"), Training)
