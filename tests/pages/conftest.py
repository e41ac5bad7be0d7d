"""A gate at work and a browser that trusts it, for each module; without the system's tools the tests say they are skipped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.pages.browsing import CERTUTIL, CHROMIUM, PATIENCE_MS, Browsing, launch, trust
from tests.pages.houses import House
from tests.pages.settled import settle


@pytest.fixture(scope="session")
def shots(tmp_path_factory) -> Path:
    """Where pictures of the walks are left for a person to look at: PAGES_SHOTS, or a temporary folder."""
    return Path(os.environ.get("PAGES_SHOTS") or tmp_path_factory.mktemp("pages"))


@pytest.fixture(scope="module")
def bare_house(tmp_path_factory):
    """A gate as it is unpacked: nobody has an account, nobody lives there, and no notice was published."""
    house = House(tmp_path_factory.mktemp("house"))
    yield house
    house.stop()


@pytest.fixture(scope="module")
def house(bare_house):
    """A gate with its staff and residents, serving."""
    bare_house.settled = settle(bare_house)
    bare_house.start()
    return bare_house


@pytest.fixture(scope="module")
def playwright():
    for tool, package in ((CHROMIUM, "chromium"), (CERTUTIL, "libnss3-tools")):
        if not tool.exists():
            assert os.environ.get("CI") != "true", f"the browser tests must run here: install {package}"
            pytest.skip(f"{package} is not installed")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browsing_of(playwright, tmp_path_factory, shots):
    """Give what opens a browser for one house."""
    opened = []

    def open_for(house):
        home = tmp_path_factory.mktemp("browser")
        trust(house.authority(), home)
        opened.append(launch(playwright, home))
        return Browsing(opened[-1], house, shots)

    yield open_for
    for browser in opened:
        browser.close()


@pytest.fixture(scope="module")
def browsing(house, browsing_of):
    return browsing_of(house)
