"""Walks at the desk: a child's face with the guardian's word and a second person's, and a resident who declines."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.pages.browsing import read_notice
from tests.pages.kiosk import at_the_gate
from tests.pages.languages import both
from tests.pages.settled import BEN, EVERYTHING, KIM, MANAGER, OFFICER, SECOND
from tests.pages.signing_in import sign_in_staff, signed_in

pytestmark = [pytest.mark.alone, pytest.mark.models, pytest.mark.portraits]

CAPTURE_MS = 60_000
CHILD = {"zh-CN": "0101", "en": "0102"}
DESK = {"zh-CN": SECOND, "en": MANAGER}
ASKED_BY = {"zh-CN": BEN, "en": KIM}


def _to_the_child(page, unit) -> None:
    page.goto(f"/staff/desk?unit={unit}")
    page.locator('a[href^="/staff/desk/child"]').click()


def _asks_for_two(browsing, page, language) -> None:
    """Ask a second person, who allows it, and open the record."""
    page.locator('textarea[name="reason"]').fill("Enrolment asked for by the guardian")
    page.locator('form[action="/staff/desk/child/ask"] button').click()
    browsing.look_at(page, "child asked")
    with browsing.opened(language=language, who=OFFICER) as other:
        other.goto("/staff/approvals")
        browsing.look_at(other, "child approval")
        other.locator('form[action="/staff/approvals/allow"] button').click()
        expect(other.locator(".said")).to_be_visible()
    page.reload()
    browsing.look_at(page, "child allowed")
    page.locator('form[action="/staff/desk/child/open"] button').click()
    browsing.look_at(page, "child open")


@both()
def test_a_childs_face_takes_the_guardian_and_a_second_person(house, browsing, language):
    """R27: asked for, allowed by another account, opened for a quarter of an hour, agreed to by the guardian."""
    signed_in(browsing, OFFICER)
    with browsing.opened(language=language) as page:
        sign_in_staff(page, house.settled.staff[DESK[language]])
        _to_the_child(page, CHILD[language])
        browsing.look_at(page, "child before")
        _asks_for_two(browsing, page, language)
        page.locator('form[action="/staff/desk/hand-over"] button').click()
        page.locator('form[action="/enrol/consent"]').wait_for()
        house.simulate("scene", name="resident")
        page.locator('input[name="age"][value="under-14"]').check()
        page.locator('form[action="/enrol/consent"] details:not([open]) summary').click()
        page.locator('select[name="relation"]').select_option(index=1)
        page.locator('select[name="checked_by"]').select_option(index=1)
        page.locator('input[name="turns_14_on"]').fill("2031-05-04")
        read_notice(page)
        page.locator('input[name="agreed"]').check()
        browsing.look_at(page, "child decide")
        page.locator('form[action="/enrol/consent"] button:not([formaction])').first.click()
        page.locator('a[href="/enrol/receipt.json"]').wait_for(timeout=CAPTURE_MS)
        browsing.look_at(page, "child done")
        page.locator('form[action="/enrol/give-back"] button').click()
    house.simulate("scene", name="resident")
    with at_the_gate(browsing, language) as kiosk:
        kiosk.begin_with_face()
        kiosk.choose("face")
        kiosk.granted()
    house.simulate("scene", name="nobody")
    _is_withdrawn_at_the_desk(house, browsing, language)


def _is_withdrawn_at_the_desk(house, browsing, language) -> None:
    """Let the desk delete the face, as the guardian may ask at any time, with no second person (R24)."""
    signed_in(browsing, EVERYTHING)
    with browsing.opened(language=language, who=EVERYTHING) as page:
        page.goto(f"/staff/desk?unit={CHILD[language]}")
        browsing.look_at(page, "child at the desk")
        page.locator('form[action="/staff/desk/withdraw"] button').click()
        expect(page.locator('form[action="/staff/desk/withdraw"]')).to_have_count(0)


@both()
def test_who_declines_at_the_desk_is_not_asked_again(house, browsing, language):
    """R05: handed over to somebody not looked up, declined by them; the console then offers nothing unasked."""
    resident = house.settled[ASKED_BY[language]]
    with browsing.opened(language=language) as page:
        sign_in_staff(page, house.settled.staff[DESK[language]])
        page.goto("/staff/desk")
        browsing.look_at(page, "desk")
        page.locator('form[action="/staff/desk/hand-over"] button').first.click()
        browsing.look_at(page, "enrol identify")
        page.locator('input[name="unit"]').fill(resident.unit)
        page.locator('input[name="pin"]').fill(resident.pin)
        page.locator('form[action="/enrol/identify"] button').first.click()
        page.locator('button[formaction="/enrol/decline"]').click()
        expect(page.locator(".headline.good")).to_be_visible()
        page.locator('form[action="/enrol/give-back"] button').click()
        expect(page.locator('input[name="password"]')).to_be_visible()
    signed_in(browsing, EVERYTHING)
    with browsing.opened(language=language, who=EVERYTHING) as page:
        page.goto(f"/staff/desk?unit={resident.unit}")
        row = page.locator("tr", has_text=resident.unit)
        expect(row.locator('form[action="/staff/desk/hand-over"] button')).to_be_hidden()
        expect(row.locator("summary")).to_be_visible()
        browsing.look_at(page, "desk declined")
