"""Walks through the console: residents and cards, and what goes wrong on the way."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.pages.kiosk import at_the_gate
from tests.pages.languages import both
from tests.pages.settled import BEN, KIM, MANAGER, SECOND
from tests.pages.signing_in import sign_in_staff, signed_in
from tests.pages.walking import press, unfold

pytestmark = [pytest.mark.models, pytest.mark.portraits]

SCRIPTED = [
    pytest.param("zh-CN", True, id="zh-CN"),
    pytest.param("en", False, id="en-without-script", marks=pytest.mark.slow),
    pytest.param("en", True, id="en", marks=pytest.mark.slow),
    pytest.param("zh-CN", False, id="zh-CN-without-script", marks=pytest.mark.slow),
]
PERSON = "/staff/people/"


@pytest.mark.parametrize(("language", "scripted"), SCRIPTED)
def test_a_manager_enters_a_resident_and_the_card_opens_at_once(house, browsing, language, scripted):
    """Issue a card: from an empty form to an open door, with and without script."""
    signed_in(browsing, MANAGER)
    unit, card = f"9{int(scripted)}{len(language)}", 50000 + int(scripted) * 100 + len(language)
    with browsing.opened(language=language, who=MANAGER, java_script_enabled=scripted) as page:
        page.goto("/staff/people")
        page.locator('a[href="/staff/people/new"]').click()
        page.locator('input[name="unit"]').fill("12 03")
        page.locator('input[name="name"]').fill("陈小雨")
        page.locator("form.form button.main").click()
        expect(
            page.locator("#wrong-unit")
        ).to_be_visible()  # said beside the field, and nothing typed is lost
        expect(page.locator('input[name="name"]')).to_have_value("陈小雨")
        browsing.shoot(page, f"people new wrong {language} {scripted}")
        page.locator('input[name="unit"]').fill(unit)
        page.locator('input[name="card"]').fill(str(card))
        page.locator("form.form button.main").click()
        expect(page.locator(".secret")).to_be_visible()
        browsing.shoot(page, f"people pin once {language} {scripted}")
        page.reload()
        expect(page.locator(".secret")).to_have_count(0)
        page.goto(f"/staff/people?q={unit}")
        page.locator(f'a[href^="{PERSON}"]', has_text=unit).click()
        browsing.shoot(page, f"people one {language} {scripted}")
    with at_the_gate(browsing, language) as kiosk:
        house.simulate("card", value=card)
        kiosk.granted()


@both()
def test_two_managers_who_edit_one_record_lose_nothing(house, browsing, language):
    """The second one sees what the first one changed beside what they typed, and nothing is written."""
    signed_in(browsing, MANAGER)
    signed_in(browsing, SECOND)
    path = PERSON + house.settled[BEN].person
    with (
        browsing.opened(language=language, who=MANAGER) as first,
        browsing.opened(language=language, who=SECOND) as second,
    ):
        theirs, ours = f"010 1111 {language}", f"010 2222 {language}"
        for page, contact in ((first, theirs), (second, ours)):
            page.goto(path)
            unfold(page, page.locator('input[name="contact"]'))
            page.locator('input[name="contact"]').fill(contact)
        press(first, "/correct")
        expect(first.locator(".said")).to_be_visible()
        press(second, "/correct")
        table = second.locator("section.near table")
        expect(table).to_contain_text(theirs)
        expect(table).to_contain_text(ours)
        browsing.shoot(second, f"people two managers {language}")
        first.reload()
        expect(first.locator("dl.facts").first).to_contain_text(theirs)


@both()
def test_a_button_pressed_twice_does_it_once(house, browsing, language):
    signed_in(browsing, MANAGER)
    path = PERSON + house.settled[KIM].person
    with browsing.opened(language=language, who=MANAGER) as page:
        page.goto(path)
        cards = page.locator('form[action$="/revoke"]').count()
        unfold(page, page.locator('input[name="card"]'))
        page.locator('input[name="card"]').fill(f"5199{len(language)}")
        page.evaluate(
            """() => {
              const form = document.querySelector('form[action$="/card"]');
              const send = () => fetch(form.action, {method: "POST", body: new URLSearchParams(new FormData(form))});
              return Promise.all([send(), send(), send()]);
            }"""
        )
        page.reload()
        expect(page.locator('form[action$="/revoke"]')).to_have_count(cards + 1)


@both()
def test_back_and_reload_after_a_deed_repeat_nothing(house, browsing, language):
    signed_in(browsing, MANAGER)
    with browsing.opened(language=language, who=MANAGER) as page:
        page.goto("/staff/people/new")
        page.locator('input[name="unit"]').fill(f"880{len(language)}")
        page.locator('input[name="name"]').fill("Rui Costa")
        page.locator("form.form button.main").click()
        expect(page.locator(".secret")).to_be_visible()
        page.go_back()
        expect(page.locator('input[name="name"]')).to_have_value(
            ""
        )  # nothing of anybody waits in the browser
        page.go_forward()
        expect(page.locator(".secret")).to_have_count(0)
        page.goto(f"/staff/people?q=880{len(language)}")
        expect(page.locator("tbody tr")).to_have_count(1)


@both()
def test_a_session_that_ends_amid_a_form_loses_nothing_of_what_was_typed(house, browsing, language):
    colleague = house.settled.staff[MANAGER]
    unit = f"77{len(language)}"
    signed_in(browsing, MANAGER)
    with browsing.opened(language=language) as page:
        sign_in_staff(page, colleague)
        page.goto("/staff/people/new")
        page.locator('input[name="unit"]').fill(unit)
        page.locator('input[name="name"]').fill("杨帆")
        with browsing.opened(who=MANAGER) as elsewhere:
            elsewhere.goto("/staff/account")
            elsewhere.locator('form[action="/staff/account/sessions/end"] button').last.click()
            expect(elsewhere.locator(".said")).to_be_visible()
        page.locator("form.form button.main").click()
        browsing.shoot(page, f"session over {language}")
        sign_in_staff(page, colleague, here=True)
        browsing.look_at(page, "session resumed")
        page.locator("main form button").first.click()
        expect(page.locator(".secret")).to_be_visible()
        page.goto(f"/staff/people?q={unit}")
        expect(page.locator("tbody")).to_contain_text("杨帆")
