"""The page of de-identified live events: in two steps, by their name, and for the privacy officer alone (R44)."""

import pytest

from gate.core.overrides import DEIDENTIFIED_LIVE
from gate.core.roles import Role

PAGE, SAVE = "/staff/live-events", "/staff/live-events/save"
FIELD = {"events__deidentified_live": "on"}


@pytest.fixture
def officer(house):
    return house.signed_in(Role.PRIVACY_OFFICER)


def test_r44_they_are_off_and_the_page_says_what_they_would_tell(officer):
    page = officer.get(PAGE).text
    assert "De-identified live events are off" in page
    assert "The minute alone can single somebody out." in page
    assert "When they were switched" not in page


def test_r44_what_follows_is_said_before_they_are_switched_on(house, officer):
    page = officer.press(officer.get(PAGE), PAGE, **FIELD)
    assert "Switch de-identified live events on?" in page.text
    assert "Nothing that comes from this gate may be called anonymous any more." in page.text
    assert "Face is locked." in page.text
    assert house.gate.overrides.saved == []
    answer = officer.press(page, SAVE)
    assert answer.headers["location"] == f"{PAGE}?said=saved"
    assert house.gate.overrides.values[DEIDENTIFIED_LIVE] is True
    after = officer.get(answer.headers["location"]).text
    assert "De-identified live events are on" in after
    assert "When they were switched" in after


def test_switching_them_off_warns_of_nothing(house, officer):
    house.gate.overrides.values[DEIDENTIFIED_LIVE] = True
    page = officer.press(officer.get(PAGE), PAGE, events__deidentified_live="off")
    assert "Switch de-identified live events off?" in page.text
    assert "From then on" not in page.text


def test_a_form_that_changes_nothing_says_so(officer):
    page = officer.press(officer.get(PAGE), PAGE, events__deidentified_live="off")
    assert "Nothing in the form differs" in page.text


def test_a_value_that_cannot_be_is_told_beside_its_field(house, officer):
    page = officer.press(officer.get(PAGE), PAGE, events__deidentified_live="perhaps")
    assert page.status_code == 422
    assert 'href="#field-events.deidentified_live"' in page.text
    assert house.gate.overrides.saved == []


def test_what_somebody_else_changed_meanwhile_is_told_and_nothing_is_saved(house, officer):
    page = officer.get(PAGE)
    confirm = officer.press(page, PAGE, **FIELD)
    house.gate.overrides.newest += 1
    assert "Somebody else changed the settings meanwhile." in officer.press(page, PAGE, **FIELD).text
    assert "Somebody else changed the settings meanwhile." in officer.press(confirm, SAVE).text
    assert house.gate.overrides.saved == []


@pytest.mark.parametrize("role", [Role.GUARD, Role.MANAGER, Role.INSTALLER])
def test_r53_nobody_else_reaches_it_or_finds_it_among_the_rules(house, role):
    person = house.signed_in(role)
    assert person.get(PAGE).status_code == 403
    assert PAGE not in person.get("/staff").text
    if role is not Role.GUARD:
        assert DEIDENTIFIED_LIVE not in person.get("/staff/rules").text


def test_r44_it_cannot_be_slipped_into_the_form_of_the_rules(house, manager):
    page = manager.get("/staff/rules")
    confirm = manager.press(page, "/staff/rules", door__release_s="6", **FIELD)
    manager.press(confirm, "/staff/rules/save", **FIELD)
    assert house.gate.overrides.values[DEIDENTIFIED_LIVE] is False


@pytest.mark.parametrize("on", [False, True])
def test_r44_the_page_of_counts_does_not_pretend_to_be_all_that_leaves(house, on):
    house.world.deidentified_live = on
    page = house.signed_in(Role.MANAGER).get("/staff/counts").text
    assert ("De-identified live events are on" in page) is on


@pytest.mark.parametrize("on", [False, True])
def test_r44_the_health_page_calls_them_by_their_name(house, on):
    house.world.deidentified_live = on
    page = house.signed_in(Role.MANAGER).get("/staff/health").text
    assert ("De-identified live events are on" in page) is on
    assert ("De-identified live events are off" in page) is not on
