"""R16, R83, R85: the registers' forms, as somebody at a terminal fills them."""

from dataclasses import fields
from datetime import UTC, date, datetime

import pytest

from gate.core.registers import FORMS, Incident, Recipient, Register, Sign, Training
from gate.errors import RequestError
from gate.govern.forms import fill

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SIGN = Sign("main door", date(2026, 1, 1), date(2026, 11, 22))


@pytest.fixture
def filled():
    """Fill a form with these lines; what was asked is kept."""

    def filled(form, *lines, before=None):
        answers = iter(lines)

        def ask(question):
            filled.asked.append(question)
            return next(answers)

        return fill(form, ask, NOON, before)

    filled.asked = []
    return filled


@pytest.mark.parametrize("register", list(Register))
def test_every_form_is_asked_field_by_field_in_its_order(filled, register):
    form = FORMS[register]
    lines = ["2026-11-20" if "date" in str(each.type) else "words" for each in fields(form)]
    assert isinstance(filled(form, *lines), form)
    assert len(filled.asked) == len(fields(form))


def test_what_is_left_empty_is_none(filled):
    assert filled(Sign, "main door", "2026-11-20", "") == Sign("main door", date(2026, 11, 20), None)


def test_r85_an_incident_takes_times_and_now(filled):
    incident = filled(Incident, *"abcdef", "2026-11-21 09:00+08:00", "now", "", "", "")
    assert incident.found_at == datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
    assert incident.contained_at == NOON
    assert incident.people_told_at is None


def test_an_empty_answer_keeps_what_stood_there(filled):
    assert filled(Sign, "", "2026-11-22", "", before=SIGN) == Sign(
        "main door", date(2026, 11, 22), date(2026, 11, 22)
    )
    assert "main door" in filled.asked[0]


def test_a_dash_clears_what_may_be_empty(filled):
    assert filled(Sign, "", "", "-", before=SIGN).ended_on is None


@pytest.mark.parametrize(
    ("form", "lines"),
    [
        (Recipient, [""]),
        (Recipient, ["Bank\x1b[2J"]),
        (Recipient, ["x" * 2001]),
        (Sign, ["door", "soon"]),
        (Sign, ["door", "20.11.2026"]),
        (Sign, ["door", ""]),
        (Incident, [*"abcdef", "2026-11-22 12:01+00:00"]),
        (Incident, [*"abcdef", "noon"]),
        (Incident, [*"abcdef", "0001-01-01 00:00"]),
        (Training, ["Zoe", "guard", "consent", "now"]),
        (Training, ["Zoe", "guard", "consent", "2099-01-01", "2099-02-01", ""]),
        (Training, ["Zoe", "guard", "consent", "2026-11-20", "2026-11-19", ""]),
        (Sign, ["door", "2026-12-01", ""]),
        (Sign, ["door", "2026-11-20", "2026-11-19"]),
        (Incident, [*"abcdef", "2026-11-22 09:00+00:00", "2026-11-22 08:00+00:00", "", "", ""]),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_and_says_what_does(filled, form, lines):
    with pytest.raises(RequestError) as refusal:
        filled(form, *lines)
    assert refusal.value.code == "answer-unfit"
    assert "nothing was written" in refusal.value.remedy
    assert lines[-1] == "" or lines[-1] not in str(refusal.value)
