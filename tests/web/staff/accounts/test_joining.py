"""The first set-up and the invitation as a browser without scripts meets them (R52)."""

from __future__ import annotations

import re

from gate.core.accounts import spelled
from tests.staffing import GUARD, PASSWORD, Phone


def fill(browser, path="/setup", **changed):
    fields = {"password": PASSWORD, "again_password": PASSWORD} | changed
    return browser.send(path, **fields)


def secret_on(browser):
    return re.search(r'<p class="code">([A-Z2-7 ]+)</p>', browser.text)[1].replace(" ", "")


def test_the_first_manager_is_set_up_and_signed_in(bare_pages, bare):
    """R52: code from the device, then password, second factor, recovery codes; no default account at any moment."""
    browser = bare_pages.browser()
    browser.open("/staff/sign-in")
    assert "Nobody can sign in as a manager yet." in browser.text
    browser.open("/setup")
    code = spelled(bare.store.staff.codes.set_up_code(bare.clock.now())[0])
    fill(browser, code=code, login="wang", name="Wang Li", **{"privacy-officer": "yes"})
    assert browser.path == "/staff/join/app"
    assert "<svg" in browser.text
    browser.send("/staff/join/app", code=Phone(secret_on(browser), bare.clock).code())
    assert len(re.findall(r'<li class="code">(.{14})</li>', browser.text)) == 10
    assert browser.is_signed_in
    assert bare.accounts.book.all()[0].roles == {"manager", "privacy-officer"}


def test_recovery_codes_are_shown_once(bare_pages, bare):
    browser = bare_pages.browser()
    browser.open("/setup")
    fill(browser, code=bare.store.staff.codes.set_up_code(bare.clock.now())[0], login="wang", name="Wang Li")
    browser.send("/staff/join/app", code=Phone(secret_on(browser), bare.clock).code())
    browser.open(browser.path)
    assert not re.findall(r'<li class="code">', browser.text)
    assert browser.status == 422


def test_what_is_wrong_stands_at_its_field_and_what_was_typed_stays(bare_pages, bare):
    browser = bare_pages.browser()
    browser.open("/setup")
    code = bare.store.staff.codes.set_up_code(bare.clock.now())[0]
    fill(browser, code=code, login="W", name="Wang Li")
    assert browser.status == 422
    assert 'id="wrong-login"' in browser.text
    assert 'href="#field-login"' in browser.text
    assert 'value="Wang Li"' in browser.text
    assert PASSWORD not in browser.text
    fill(browser, code=code, login="wang", name="Wang Li", again_password="another sentence here")
    assert 'id="wrong-again"' in browser.text
    fill(browser, code="AAAA", login="wang", name="Wang Li")
    assert 'id="wrong-code"' in browser.text


def test_a_wrong_code_of_the_app_can_be_put_right(bare_pages, bare):
    browser = bare_pages.browser()
    browser.open("/setup")
    fill(browser, code=bare.store.staff.codes.set_up_code(bare.clock.now())[0], login="wang", name="Wang Li")
    browser.send("/staff/join/app", code="000000")
    assert (browser.status, 'id="wrong-code"' in browser.text) == (422, True)
    browser.send("/staff/join/app", code=Phone(secret_on(browser), bare.clock).code())
    assert browser.is_signed_in


def test_the_second_factor_belongs_to_the_browser_that_began(bare_pages, bare):
    first, other = bare_pages.browser(), bare_pages.browser()
    first.open("/setup")
    fill(first, code=bare.store.staff.codes.set_up_code(bare.clock.now())[0], login="wang", name="Wang Li")
    other.open("/staff/join/app")
    assert (other.status, 'class="qr"' in other.text) == (422, False)


def test_an_invited_guard_takes_the_account_up(pages, site, manager):
    boss = pages.signed_in(manager)
    boss.open("/staff/accounts")
    boss.send("/staff/accounts/invite", login="zhang", name="Zhang Min", guard="yes")
    code = re.search(r'<p class="value">([0-9A-Z-]{19})</p>', boss.text)[1]
    boss.open(boss.path)
    assert code not in boss.text  # shown once
    browser = pages.browser()
    browser.open("/staff/join")
    fill(browser, "/staff/join", code=code)
    browser.send("/staff/join/app", code=Phone(secret_on(browser), site.clock).code())
    assert browser.is_signed_in
    assert site.accounts.book.all()[1].roles == {GUARD}


def test_an_invitation_that_is_none_is_told_beside_the_field(pages):
    browser = pages.browser()
    browser.open("/staff/join")
    fill(browser, "/staff/join", code="0000-0000-0000-0000")
    assert (browser.status, 'id="wrong-code"' in browser.text) == (422, True)
