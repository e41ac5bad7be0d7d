"""Signing in as people do, through the pages."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.pages.browsing import PHONE, Browsing
from tests.pages.kiosk import at_the_gate
from tests.pages.pagelist import RESIDENT
from tests.pages.settled import ADA, PASSWORD


def signed_in(browsing: Browsing, who: str | None) -> None:
    """Sign *who* in, once for each house; the cookies are kept for every later profile."""
    if who is None or browsing.knows(who):
        return
    with browsing.opened(language="en", size=PHONE) as page:
        if who == RESIDENT:
            sign_in_resident(browsing, page, browsing.house.settled[ADA])
        else:
            sign_in_staff(page, browsing.house.settled.staff[who])
        browsing.keep(who, page)


def code_at_the_gate(browsing: Browsing) -> str:
    """Touch "My data on my phone" at the gate's screen and read the code."""
    with at_the_gate(browsing, "en") as kiosk:
        kiosk.page.locator('form[action="/kiosk/code"] button').click()
        shown = kiosk.page.locator(".reference")
        shown.wait_for()
        browsing.shoot(kiosk.page, "gate code for the phone", whole=False)
        code = re.sub(r"\D", "", shown.inner_text())
        kiosk.page.locator('form[action="/kiosk/back"] button').click()
        kiosk.rests()
        return code


def sign_in_resident(browsing: Browsing, page, resident, *, leads_to='form[action="/me/sign-out"]') -> None:
    """Fill the sign-in of one's own page, with the code that the gate's screen shows. leads_to: what stands after it."""
    code = code_at_the_gate(browsing)
    page.goto("/me")
    page.locator('input[name="code"]').fill(code)
    page.locator('input[name="unit"]').fill(resident.unit)
    page.locator('input[name="pin"]').fill(resident.pin)
    page.locator('form[action="/me/sign-in"] button').first.click()
    page.locator(leads_to).first.wait_for(state="attached")


def sign_in_staff(page, colleague, *, here=False) -> None:
    """Fill the staff's sign-in: login, password and the app's code. here: the page shown is one."""
    if not here:
        page.goto("/staff/sign-in")
    page.locator('input[name="login"]').fill(colleague.login)
    page.locator('input[name="password"]').fill(PASSWORD)
    page.locator('input[name="code"]').fill(colleague.code())
    page.locator('form[action="/staff/sign-in"] button').first.click()
    expect(page).not_to_have_url(re.compile("sign-in"))
