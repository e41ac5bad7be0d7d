"""What every page promises, in a real browser: accessible, legible, narrow, reached by the keyboard, light, and its own.

WCAG 2.2 AA by axe-core in both themes; R15, R41.
"""

from __future__ import annotations

import os
import re

import httpx
import pytest

from gate.web.rules import RULES
from tests.pages import examine
from tests.pages.languages import LANGUAGES
from tests.pages.pagelist import NO_PAGES, SCREEN, SHOWN, WALKED, address
from tests.pages.signing_in import signed_in

pytestmark = [pytest.mark.models, pytest.mark.portraits]


PICTURES = "PAGES_SHOTS" in os.environ
"""Of every page, for who asked for them: the walks leave theirs always."""


def _turns():
    """Give every page in both languages for a thorough look; by a quick one, somebody's first page alone."""
    met = set()
    for number, shown in enumerate(SHOWN):
        for each in LANGUAGES:
            yield pytest.param(shown, each, True, marks=pytest.mark.slow, id=f"{shown.name}-{each}-thorough")
        if shown.who not in met:
            met.add(shown.who)
            language = LANGUAGES[number % len(LANGUAGES)]
            yield pytest.param(shown, language, False, id=f"{shown.name}-{language}")


@pytest.mark.parametrize(("shown", "language", "thorough"), list(_turns()))
def test_a_page_keeps_what_every_page_promises(browsing, shown, language, thorough):
    signed_in(browsing, shown.who)
    is_screen = shown.path.startswith(SCREEN)
    with browsing.opened(language=language, who=shown.who) as page:
        answer = page.goto(address(shown, browsing.house), wait_until="load")
        if PICTURES and thorough:
            browsing.shoot(page, f"page {shown.name} {language}")
            browsing.shoot(page, f"page {shown.name} {language} dark", dark=True)
        wrong = [] if answer.status == 200 else [f"it answers {answer.status}"]
        if is_screen and page.locator("html").get_attribute("lang") != language:
            language = page.locator("html").get_attribute("lang")  # the screen has one language for all
        wrong += examine.faults_of(page, language, zoomed=not is_screen, thorough=thorough)
    assert not wrong, examine.report(wrong)


def test_every_page_of_the_rules_is_in_the_list():
    asked = {route for route in RULES if route.startswith("GET ") and not route.startswith("GET /api/")}
    listed = {shown.route for shown in SHOWN} | WALKED | set(NO_PAGES)
    assert asked - listed == set(), "add them to tests/pages/pagelist.py"
    assert listed - asked == set(), "no rule knows them any more"


def test_no_two_pages_have_the_same_title(house, browsing):
    """By a title people tell tabs and windows apart (WCAG 2.4.2)."""
    titles = {}
    for shown in SHOWN:
        signed_in(browsing, shown.who)
        page = httpx.get(address(shown, house), cookies=browsing.cookies(shown.who), verify=False)
        title = re.search("<title>(.*?)</title>", page.text, re.DOTALL)[1]
        titles.setdefault(title, set()).add(shown.route)
    assert {title: routes for title, routes in titles.items() if len(routes) > 1} == {}
