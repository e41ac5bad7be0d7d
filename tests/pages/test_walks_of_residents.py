"""Walks of residents: agreeing at the desk, coming in by face, declining, withdrawing at the gate and on the phone."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from tests.pages.browsing import PANEL, PHONE, read_notice
from tests.pages.kiosk import at_the_gate
from tests.pages.languages import both
from tests.pages.settled import ADA, BEN, KIM, LIN, SECOND
from tests.pages.signing_in import sign_in_resident, sign_in_staff

pytestmark = [pytest.mark.alone, pytest.mark.models, pytest.mark.portraits]

CAPTURE_MS = 60_000


def handed_over(page, house, resident) -> None:
    """Sign in at the desk, and hand the screen over to *resident*."""
    sign_in_staff(page, house.settled.staff[SECOND])
    page.goto(f"/staff/desk?unit={resident.unit}")
    page.locator("tr", has_text=resident.unit).locator(
        'form[action="/staff/desk/hand-over"] button'
    ).first.click()
    page.locator('form[action="/enrol/consent"]').wait_for()


def agree(page) -> None:
    """Read for as long as the notice must stand (R10), tick, and agree."""
    read_notice(page)
    page.locator('input[name="age"][value="from-14"]').check()
    page.locator('input[name="agreed"]').check()
    page.locator('form[action="/enrol/consent"] button:not([formaction])').first.click()


def enrolled(page, house, resident, scene) -> None:
    """Bring *resident*, whom the camera sees as *scene*, from the desk to a receipt."""
    handed_over(page, house, resident)
    house.simulate("scene", name=scene)
    agree(page)
    page.locator('a[href="/enrol/receipt.json"]').wait_for(timeout=CAPTURE_MS)


def note_pin(house, resident, page) -> None:
    """Remember the PIN that is shown once as theirs."""
    fresh = re.sub(r"\D", "", page.locator(".secret .value").inner_text())
    house.settled.residents[resident.unit] = replace(resident, pin=fresh)


def change_pin(browsing, house, unit, language) -> None:
    """Have the gate draw a new PIN, on another telephone."""
    resident = house.settled[unit]
    with browsing.opened(language=language, size=PHONE) as page:
        sign_in_resident(browsing, page, resident)
        page.goto("/me/pin")
        page.locator('input[name="present"]').fill(resident.pin)
        page.locator('form[action="/me/pin"] button').click()
        note_pin(house, resident, page)
        browsing.look_at(page, "phone new pin")


@both(quick="en")
def test_a_resident_agrees_comes_in_by_face_and_withdraws_at_the_gate(house, browsing, language):
    """R10, R24 to R26: from the desk to the gate's screen and back out of it."""
    ada = house.settled[ADA]
    with browsing.opened(language=language) as page:
        handed_over(page, house, ada)
        browsing.look_at(page, "enrol decide")
        house.simulate("scene", name="resident")
        agree(page)
        page.locator('#progress progress:not([value="0"])').wait_for(timeout=CAPTURE_MS)
        browsing.shoot(page, f"enrol capture {language}")
        page.locator('a[href="/enrol/receipt.json"]').wait_for(timeout=CAPTURE_MS)
        browsing.look_at(page, "enrol done")
        with page.expect_download() as saved:
            page.locator('a[href="/enrol/receipt.json"]').click()
        assert ada.name not in saved.value.path().read_text()
        page.goto("/staff/people")  # the console is out of reach from here
        expect(page.locator('input[name="password"]')).to_be_visible()
    with at_the_gate(browsing, language) as kiosk:
        kiosk.begin_with_face()
        kiosk.choose("face")
        browsing.shoot(kiosk.page, f"gate looking {language}", whole=False)
        kiosk.granted()
        kiosk.withdraw()
        house.simulate("card", value=ada.card)
        kiosk.page.locator('form[action="/kiosk/withdraw/confirm"]').wait_for()
        browsing.shoot(kiosk.page, f"gate withdraw {language}", whole=False)
        kiosk.confirm()
        kiosk.page.locator(".reference").wait_for()
        browsing.shoot(kiosk.page, f"gate withdrawn {language}", whole=False)
        kiosk.done()
        kiosk.begin_with_face()
        kiosk.choose("face")
        kiosk.refused()
    house.simulate("scene", name="nobody")


@both()
def test_a_resident_withdraws_and_asks_for_a_correction_on_the_phone(house, browsing, language):
    """R24, R70: signed in with unit, PIN and the code that stands at the gate."""
    ben = house.settled[BEN]
    with browsing.opened(language=language) as page:
        enrolled(page, house, ben, "stranger")
    house.simulate("scene", name="nobody")
    with browsing.opened(language=language, size=PHONE, is_mobile=True, has_touch=True) as page:
        page.goto("/me")
        browsing.look_at(page, "phone sign-in")
        sign_in_resident(browsing, page, ben)
        browsing.shoot(page, f"phone my data {language}")
        with page.expect_download() as saved:
            page.locator('a[href="/me/record.json"]').click()
        assert json.loads(saved.value.path().read_text())["unit"] == BEN
        page.locator('form[action="/me/withdraw"] button').click()
        page.locator('a[href^="/me/receipt.json"]').wait_for()
        browsing.look_at(page, "phone withdrawn")
        page.goto("/me")
        expect(page.locator('form[action="/me/withdraw"]')).to_have_count(0)
        page.locator('select[name="kind"]').select_option("correct")
        page.locator('textarea[name="details"]').fill("Ben Wu → Benjamin Wu")
        page.locator('form[action="/me/request"] button').click()
        expect(page.locator(".said")).to_be_visible()
        browsing.shoot(page, f"phone request {language}")


@both()
def test_declining_is_one_press_and_ends_with_card_and_pin(house, browsing, language):
    """R04, R05."""
    resident = house.settled[KIM if language == "en" else LIN]
    with browsing.opened(language=language) as page:
        handed_over(page, house, resident)
        page.locator('button[formaction="/enrol/decline"]').click()
        expect(page.locator(".headline.good")).to_be_visible()
        page.locator('form[action="/enrol/pin"] button').click()
        note_pin(house, resident, page)
        browsing.look_at(page, "enrol declined")
        page.locator('form[action="/enrol/give-back"] button').click()
        expect(page.locator('input[name="password"]')).to_be_visible()
    with at_the_gate(browsing, language, size=PANEL) as kiosk:
        house.simulate("card", value=resident.card)
        kiosk.granted()


@both()
def test_a_session_that_ends_on_the_phone_loses_nothing_of_a_request(house, browsing, language):
    """It ends as the PIN is changed on another telephone; who signs out themselves keeps nothing."""
    unit = KIM if language == "zh-CN" else LIN  # a third sign-in within a minute is one too many
    with browsing.opened(language=language, size=PHONE) as page:
        sign_in_resident(browsing, page, house.settled[unit])
        page.locator('textarea[name="details"]').fill("请告知你们保存了哪些信息。")
        change_pin(browsing, house, unit, language)
        page.locator('form[action="/me/request"] button').click()
        sign_in_resident(browsing, page, house.settled[unit], leads_to='form[action="/me/resume"]')
        browsing.look_at(page, "phone resumed")
        page.locator("main form button").first.click()
        expect(page.locator("main")).to_contain_text("请告知你们保存了哪些信息。")
