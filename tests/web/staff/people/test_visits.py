"""Visitors' codes that staff issue for a host: shown once, taken back, and no guest's name anywhere (R36)."""

from __future__ import annotations

import re

import pytest

from tests.web.staff.people.conftest import NOON


@pytest.fixture
def ada(console):
    return console.move_in("1203", "Ada Chen")


def code_of(page):
    return re.search(r'class="value long">(GV1\.[A-Z2-7]+)<', page)[1]


def invite(console, **changed):
    fields = {"unit": "1203", "begins": "", "until": "2026-11-23T12:00"} | changed
    return console.send("/staff/visits", **fields)


def test_a_code_is_shown_once_as_qr_and_text_and_opens_once(console, ada):
    answer = invite(console)
    page = console.follow(answer).text
    assert "<svg" in page
    code = code_of(page)
    assert code not in console.follow(answer).text
    assert console.store.visits.check(code, NOON, clock_trusted=True).person == ada
    assert not console.store.visits.check(code, NOON, clock_trusted=True).granted


def test_a_code_is_taken_back(console, ada):
    code = code_of(console.follow(invite(console)).text)
    page = console.get("/staff/visits?unit=1203&lang=en").text
    visit = re.search(r'name="visit" value="(\w+)"', page)[1]
    assert code not in page
    answer = console.send("/staff/visits/revoke", visit=visit, unit="1203")
    assert "opens no more" in console.get(f"{answer.headers['location']}&lang=en").text
    assert not console.store.visits.check(code, NOON, clock_trusted=True).granted
    again = console.send("/staff/visits/revoke", visit=visit, unit="1203")
    assert again.status_code == 422
    assert {actor for actor, action in console.actions() if action.startswith("credential")} == {
        "staff:" + "a" * 16
    }


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"unit": "9"}, "unit", "No resident"),
        ({"unit": ""}, "unit", "No resident"),
        ({"until": ""}, "until", "no day"),
        ({"until": "tomorrow"}, "until", "no day"),
        ({"until": "2026-11-21T12:00"}, "until", "No code is issued"),
        ({"until": "2026-12-21T12:00"}, "until", "No code is issued"),
        ({"begins": "2027-01-10T12:00", "until": "2027-01-11T12:00"}, "until", "No code is issued"),
        ({"begins": "2026-11-23T13:00"}, "until", "No code is issued"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(console, ada, changed, field, sentence):
    answer = invite(console, **changed)
    assert answer.status_code == 422
    assert sentence in answer.text.split(f'id="wrong-{field}"')[1].split("</p>")[0]
    assert console.store.visits.of(ada, NOON) == ()


def test_a_host_has_twenty_codes_at_most(console, ada):
    for _ in range(20):
        console.store.visits.issue(ada, NOON, NOON.replace(day=23), at=NOON)
    answer = invite(console)
    assert answer.status_code == 422
    assert "20 codes" in answer.text


def test_a_code_asked_for_twice_with_one_form_is_issued_once(console, ada):
    first, second = invite(console, once="w1"), invite(console, once="w1")
    assert first.headers["location"] == second.headers["location"]
    assert len(console.store.visits.of(ada, NOON)) == 1
