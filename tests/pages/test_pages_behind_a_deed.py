"""Pages that only a deed leads to, held against what every page promises: what is shown once, previews, what was done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.pages.languages import both
from tests.pages.settled import ADA, EVERYTHING, GUARD, PASSWORD
from tests.pages.signing_in import sign_in_staff, signed_in
from tests.pages.walking import press, unfold

pytestmark = [pytest.mark.models, pytest.mark.portraits]

ROSTER = "﻿unit,name,contact,card\r\n{unit}1,何雨晴,010 5555 0188,{card}1\r\n{unit}2,Sam Osei,,{card}2\r\n"
FAULTY = "unit,name,contact,card\n12x,何雨晴,,\n5502,=SUM(A1),,\n5503,,,\n5503,Twice,,\n"


@both()
def test_a_file_is_shown_before_it_is_entered_and_a_faulty_one_enters_nobody(browsing, language):
    signed_in(browsing, EVERYTHING)
    unit = f"55{len(language)}"
    with browsing.opened(language=language, who=EVERYTHING) as page:
        for content, name in (
            (FAULTY, "import faults"),
            (ROSTER.format(unit=unit, card=unit), "import preview"),
        ):
            page.goto("/staff/people/import")
            file = {"name": "roster.csv", "mimeType": "text/csv", "buffer": content.encode()}
            page.locator('input[type="file"]').set_input_files(file)
            page.locator("form.form button").click()
            page.locator("main table").first.wait_for()
            browsing.look_at(page, name)
        page.locator('form[action^="/staff/people/import/"] button').click()
        expect(page.locator(".said")).to_be_visible()
        browsing.look_at(page, "import done")


@both()
def test_what_is_shown_once_is_as_good_a_page_as_any(house, browsing, language):
    signed_in(browsing, EVERYTHING)
    with browsing.opened(language=language, who=EVERYTHING) as page:
        page.goto("/staff/people/new")
        page.locator('input[name="unit"]').fill(f"66{len(language)}")
        page.locator('input[name="name"]').fill("郭明宇")
        page.locator("form.form button.main").click()
        browsing.look_at(page, "pin once")
        page.goto(f"/staff/people?q=66{len(language)}")
        page.locator("tbody a").first.click()
        form = page.locator('form[action$="/leave"]')
        unfold(page, form)
        form.locator('input[name="again"]').fill(f"66{len(language)}")
        form.locator("button").click()
        expect(page.locator(".said")).to_be_visible()
        browsing.look_at(page, "moved out")
        page.goto("/staff/visits")
        form = page.locator('form[action="/staff/visits"].form')
        form.locator('input[name="unit"]').fill(ADA)
        form.locator('input[name="until"]').fill(f"{datetime.now(UTC).date() + timedelta(days=2)}T20:00")
        form.locator("button").click()
        expect(page.locator("main svg").first).to_be_visible()
        browsing.look_at(page, "visitor code")
        page.goto("/staff/tokens")
        page.locator('form[action="/staff/tokens/make"] input[name="name"]').fill("Lift control")
        press(page, "/staff/tokens/make")
        expect(page.locator(".secret")).to_be_visible()
        browsing.look_at(page, "token once")


@both()
def test_somebody_invited_takes_their_account_up(browsing, language):
    """R52: nobody else ever knows their password."""
    signed_in(browsing, EVERYTHING)
    with (
        browsing.opened(language=language, who=EVERYTHING) as page,
        browsing.opened(language=language) as theirs,
    ):
        page.goto("/staff/accounts")
        form = page.locator("main form.form").first
        form.locator('input[name="login"]').fill(f"new.guard.{language.lower()}")
        form.locator('input[name="name"]').fill("New Guard")
        form.locator('input[name="guard"]').check()
        form.locator("button").click()
        code = page.locator(".secret .value").inner_text()
        browsing.look_at(page, "invitation once")
        theirs.goto("/staff/join")
        theirs.locator('input[name="code"]').fill(code)
        for field in theirs.locator('input[type="password"]').all():
            field.fill("four plain words indeed")
        theirs.locator('form[action="/staff/join"] button').click()
        theirs.locator("ol.steps").wait_for()
        browsing.look_at(theirs, "join second factor")


@both()
def test_another_telephone_is_taken_by_the_old_ones_leave(house, browsing, language):
    colleague = house.settled.staff[GUARD]
    with browsing.opened(language="en") as page:
        sign_in_staff(page, colleague)
        page.goto("/staff/account")
        form = page.locator('form[action="/staff/account/app"]')
        unfold(page, form)
        form.locator('input[type="password"]').fill(PASSWORD)
        form.locator('input[name="code"]').fill(colleague.code())
        form.locator("button").click()
        page.locator("ol.steps").wait_for()
        browsing.look_at(page, "account new telephone")
