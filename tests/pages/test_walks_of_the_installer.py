"""Walks of who sets the gate up: a setting changed with its restart, and how a browser comes to trust the pages."""

from __future__ import annotations

import hashlib
import re

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from tests.pages.houses import until
from tests.pages.languages import both
from tests.pages.settled import MANAGER
from tests.pages.signing_in import sign_in_staff

pytestmark = [pytest.mark.models, pytest.mark.portraits]

SECONDS = {"zh-CN": "4", "en": "5"}


@both()
def test_a_changed_setting_says_what_follows_restarts_the_gate_and_stands_in_the_history(
    house, browsing, language
):
    """R53, R80: in two steps; whoever was signed in signs in again, and finds it done."""
    manager = house.settled.staff[MANAGER]
    with browsing.opened(language=language, faults=True) as page:
        sign_in_staff(page, manager)
        page.goto("/staff/rules")
        field = page.locator('input[name="door.release_s"]')
        before = field.input_value()
        field.fill("0")
        page.locator("form.form button.main").click()
        expect(page.locator("#errors")).to_be_visible()
        expect(field).to_have_value("0")
        browsing.look_at(page, "rules wrong")
        field.fill(SECONDS[language])
        page.locator("form.form button.main").click()
        expect(page.locator("tbody")).to_contain_text(before)
        browsing.look_at(page, "rules confirm")
        page.locator('form[action="/staff/rules/save"] button').click()
        expect(page.locator(".said")).to_be_visible()
        browsing.shoot(page, f"rules saved {language}")
        until(lambda: _asks_to_sign_in(page), "the gate to begin anew")
        browsing.shoot(page, f"rules restarted {language}")
        sign_in_staff(page, manager, here=True)
        page.goto("/staff/rules")
        expect(page.locator('input[name="door.release_s"]')).to_have_value(SECONDS[language])
        page.goto("/staff/rules/history")
        newest = page.locator("tbody tr").first
        expect(newest).to_contain_text(before)
        expect(newest).to_contain_text(SECONDS[language])
        browsing.look_at(page, "rules history")


@both()
def test_what_a_face_must_show_is_chosen_in_words_and_what_follows_can_still_be_left(
    house, browsing, language
):
    """R80: nothing is saved by looking; face would be locked until it is assessed anew."""
    with browsing.opened(language=language) as page:
        sign_in_staff(page, house.settled.staff[MANAGER])
        page.goto("/staff/rules")
        field = page.locator('select[name="face.liveness"]')
        expect(field).to_have_value("basic")
        chosen = field.locator('option[value="challenge"]').inner_text()
        field.select_option("challenge")
        page.locator("form.form button.main").click()
        expect(page.locator("tbody b")).to_have_text(chosen)
        expect(page.locator(".card.near")).to_be_visible()
        browsing.look_at(page, "rules liveness")
        page.locator('a.button[href="/staff/rules"]').click()
        expect(page.locator('select[name="face.liveness"]')).to_have_value("basic")


def _asks_to_sign_in(page) -> bool:
    """Open the page anew; meanwhile nobody may answer, for about a second."""
    try:
        page.goto("/staff/rules")
    except PlaywrightError:
        return False
    return bool(page.locator('input[name="login"]').count())


@both()
def test_a_stranger_to_the_gate_reads_how_to_trust_it_and_takes_its_authority(
    house, browsing, language, tmp_path
):
    """R50: the page, the file and the device's own console name one fingerprint."""
    with browsing.opened(language=language) as page:
        page.goto("/trust")
        browsing.look_at(page, "trust")
        shown = _digits(page.locator("dl.parts code").first.inner_text())
        with page.expect_download() as taken:
            page.locator('a[href="/trust/ca.crt"]').click()
        file = tmp_path / "authority.crt"
        taken.value.save_as(file)
    authority = x509.load_pem_x509_certificate(file.read_bytes())
    assert shown == hashlib.sha256(authority.public_bytes(Encoding.DER)).hexdigest()
    assert shown in _digits(house.command("tls", "status"))


def _digits(text: str) -> str:
    return re.sub("[^0-9a-f]", "", text.lower())
