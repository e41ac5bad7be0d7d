"""Pages beside the gate's screen in a real browser."""

from __future__ import annotations

import pytest

from gate.core.roles import Role
from tests.web.browser import PANEL

LANGUAGES = ("zh-CN", "en")


@pytest.mark.slow
@pytest.mark.parametrize("path", ["", "notice", "me", "sim"])
def test_a_page_for_staff_fits_a_small_panel_in_both_languages(page, sites, tmp_path, path):
    site = sites()
    for language in LANGUAGES:
        page.goto(f"{site.tls}{path}?lang={language}")
        assert page.locator("html").get_attribute("lang") == language
        assert page.evaluate("document.documentElement.scrollWidth") <= PANEL["width"]
        page.screenshot(path=tmp_path / f"{path or 'status'}-{language}.png", full_page=True)


def test_a_resident_agrees_on_the_page_handed_over_and_withdraws_at_the_desk_r24(page, sites):
    site = sites(notice_minimum_s=0.1)
    site.sign_in(page, Role.MANAGER)
    page.goto(f"{site.tls}staff/desk?lang=en")
    page.get_by_role("button", name="Hand over", exact=True).click()
    page.get_by_role("button", name="Agree and take my face now").click()
    page.get_by_text("The box was not ticked").first.wait_for()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Agree and take my face now").click()
    page.get_by_role("button", name="Done: give the screen back").click()
    assert site.world.desk.consented == {"p-agreed": True, "p-undecided": True}
    site.sign_in(page, Role.MANAGER)
    page.goto(f"{site.tls}staff/desk?lang=en")
    page.get_by_role("button", name="Withdraw and delete the face now").first.click()
    site.until(lambda world: not world.desk.consented["p-agreed"])


def test_the_cards_of_the_first_page_stand_in_line_with_its_words_and_numbers_are_whole(page, sites):
    site = sites()
    page.goto(f"{site.tls}?lang=en")
    edges = "[...document.querySelectorAll('.ways-in .sheet, .page .lead')].map(e => e.getBoundingClientRect().left)"
    assert len(set(page.evaluate(edges))) == 1
    room = "getComputedStyle(document.querySelector('main').appendChild(document.createElement('ol'))).paddingInlineStart"
    assert float(page.evaluate(room).removesuffix("px")) > 20


def test_what_is_hidden_until_its_script_runs_is_hidden_on_the_staffs_pages(page, sites):
    """Such as the button for the alarms' sound, which does nothing without script."""
    site = sites()
    site.sign_in(page, Role.MANAGER)
    page.goto(f"{site.tls}staff/desk?lang=en")
    made = "Object.assign(document.createElement('button'), {hidden: true, textContent: 'x'})"
    shown = f"(e => e.getBoundingClientRect().width)(document.querySelector('main').appendChild({made}))"
    assert page.evaluate(shown) == 0
