"""The first run, from a code on the device's own console to a manager who signs in by a passkey (R52, R54)."""

from __future__ import annotations

import pyotp
import pytest
from playwright.sync_api import expect

from tests.pages.languages import both
from tests.pages.settled import PASSWORD

pytestmark = [pytest.mark.models, pytest.mark.portraits]

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def unpacked(bare_house):
    """A gate in which nobody has an account, serving."""
    bare_house.start()
    return bare_house


@pytest.fixture(scope="module")
def browsing(unpacked, browsing_of):
    return browsing_of(unpacked)


def fill_setup(page, code, login) -> None:
    """Fill the form of the first account, also with the other offices that one person of a small compound holds."""
    page.wait_for_load_state()
    page.locator('input[name="code"]').fill(code)
    page.locator('input[name="login"]').fill(login)
    page.locator('input[name="name"]').fill("Wang Fang")
    for field in page.locator('input[type="password"]').all():
        field.fill(PASSWORD)
    for office in page.locator('fieldset input[type="checkbox"]').all():
        office.check()
    page.locator('form[action="/setup"] button').click()


def typed_secret(page) -> str:
    """Unfold the secret that is typed where no camera is at hand."""
    page.locator("ol.steps details summary").click()
    return page.locator("ol.steps details .code").inner_text().replace(" ", "")


@both()
def test_from_a_code_on_the_console_to_recovery_codes_and_a_passkey(unpacked, browsing, language):
    code = unpacked.command("account", "setup-code").rpartition(": ")[2].strip()
    login = f"wang.fang.{language.lower()}"
    with browsing.opened(language=language) as page:
        page.goto("/staff")  # leads to the sign-in, and from there to the set-up
        page.goto("/setup")
        browsing.look_at(page, "setup")
        fill_setup(page, "AAAA-AAAA-AAAA", login)
        expect(page.locator("#wrong-code, .fault").first).to_be_visible()
        expect(page.locator('input[name="login"]')).to_have_value(
            login
        )  # nothing typed is lost but the secrets
        fill_setup(page, code, login)
        browsing.look_at(page, "setup second factor")
        app = pyotp.TOTP(typed_secret(page))
        page.locator('input[name="code"]').fill("000000")
        page.locator('form[action="/staff/join/app"] button').click()
        expect(page.locator("#wrong-code")).to_be_visible()
        page.locator('input[name="code"]').fill(app.now())
        page.locator('form[action="/staff/join/app"] button').click()
        page.wait_for_load_state()
        recovery = page.locator("ol.codes .code").all_inner_texts()
        assert len(recovery) == len(set(recovery)) >= 8
        browsing.look_at(page, "setup recovery codes")
        page.reload()
        expect(page.locator("ol.codes")).to_have_count(0)  # shown once
        page.goto("/staff")
        browsing.look_at(page, "setup first overview")
        _signs_in_by_recovery_code(page, login, recovery[0])
        _adds_and_uses_a_passkey(browsing, page, login, recovery[1:])


def sign_out(page) -> None:
    """Press "sign out" in the head of the page."""
    page.locator('form[action="/staff/sign-out"] button').click()
    page.locator('form[action="/staff/sign-in"]').wait_for()


def sign_in(page, login, code) -> None:
    """Fill the form of login, password and code."""
    page.locator('input[name="login"]').fill(login)
    page.locator('input[name="password"]').fill(PASSWORD)
    page.locator('input[name="code"]').fill(code)
    page.locator('form[action="/staff/sign-in"] button').click()


def _signs_in_by_recovery_code(page, login, recovery) -> None:
    """Sign out, then in with a recovery code, which is good once."""
    sign_out(page)
    sign_in(page, login, recovery)
    sign_out(page)
    sign_in(page, login, recovery)
    expect(page.locator(".fault")).to_be_visible()


def _adds_and_uses_a_passkey(browsing, page, login, recovery) -> None:
    """Make a passkey on the browser's own authenticator, sign out, and come back with nothing typed."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    page.goto("/staff/sign-in")
    sign_in(page, login, recovery[0])
    page.goto("/staff/account")
    form = page.locator('form[action="/staff/account/passkeys"]')
    page.locator("details", has=form).locator("summary").click()
    form.locator('input[type="password"]').fill(PASSWORD)
    form.locator('input[name$="code"]').fill(recovery[1])
    form.locator("button").click()
    page.locator('form[data-passkey="create"] input[name="name"]').fill("telephone")
    browsing.look_at(page, "passkey new")
    page.locator('form[data-passkey="create"] button').click()
    expect(page.locator(".said")).to_be_visible()
    browsing.look_at(page, "account with a passkey")
    sign_out(page)
    browsing.look_at(page, "sign-in with a passkey")
    page.locator('form[data-passkey="get"] button').click()
    page.locator('form[action="/staff/sign-out"]').wait_for()
