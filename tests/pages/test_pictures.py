"""The readme's pictures are made here, of a gate at work with made-up people: `make pictures` puts them in docs/pictures."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from gate.settings import PROJECT
from tests.pages.browsing import PHONE
from tests.pages.kiosk import at_the_gate
from tests.pages.settled import ADA, EVERYTHING, SECOND
from tests.pages.signing_in import sign_in_resident, sign_in_staff, signed_in
from tests.pages.test_walks_of_residents import agree

PICTURES = ("choices", "capture", "overview", "phone")
SIZE_MOST_BYTES = 120_000
KEPT = PROJECT / "docs" / "pictures"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where they go: PAGES_PICTURES, or a temporary folder."""
    named = os.environ.get("PAGES_PICTURES")
    return Path(named) if named else tmp_path_factory.mktemp("pictures")


def test_the_readme_shows_what_is_kept_and_nothing_large():
    shown = re.findall(r"docs/pictures/(\w+)\.png", (PROJECT / "README.md").read_text())
    assert sorted(set(shown)) == sorted(PICTURES) == sorted(each.stem for each in KEPT.glob("*"))
    assert all(each.stat().st_size <= SIZE_MOST_BYTES for each in KEPT.iterdir())


@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.models
@pytest.mark.portraits
def test_the_pictures_can_be_made_again(house, browsing, folder):
    signed_in(browsing, EVERYTHING)
    ada = house.settled[ADA]
    with at_the_gate(browsing, "zh-CN") as kiosk:
        kiosk.begin()
        kiosk.page.locator(".tile").first.wait_for()
        kiosk.page.mouse.move(0, 0)
        kiosk.page.screenshot(path=folder / "choices.png")
        kiosk.done()
        with browsing.opened(language="en", who=EVERYTHING, size={"width": 1180, "height": 700}) as page:
            page.goto("/staff")
            page.screenshot(path=folder / "overview.png")
    with browsing.opened(language="en", size={"width": 800, "height": 560}) as page:
        sign_in_staff(page, house.settled.staff[SECOND])
        page.goto(f"/staff/desk?unit={ada.unit}")
        page.locator('tbody form[action="/staff/desk/hand-over"] button').first.click()
        house.simulate("scene", name="resident")
        agree(page)
        page.locator("#progress .figure .face").wait_for(timeout=60_000, state="attached")
        page.screenshot(path=folder / "capture.png")
        page.locator('a[href="/enrol/receipt.json"]').wait_for(timeout=60_000)
    with browsing.opened(language="en", size=PHONE, is_mobile=True, has_touch=True) as page:
        sign_in_resident(browsing, page, ada)
        page.screenshot(path=folder / "phone.png")
    assert {each.stem for each in folder.glob("*.png")} >= set(PICTURES)
    assert all((folder / f"{name}.png").stat().st_size <= SIZE_MOST_BYTES for name in PICTURES)
