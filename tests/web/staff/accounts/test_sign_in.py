"""The staff's sign-in as a browser meets it (R52, R54)."""

from __future__ import annotations

import re

import pytest

from gate.web.gatekeeper import STAFF_SIGN_IN
from gate.web.staff.sign_in import fit_path
from tests.passkeys import Authenticator
from tests.staffing import GUARD
from tests.web.staff.accounts.conftest import SAME


def test_password_and_code_lead_to_where_one_was_going(pages, manager):
    browser = pages.browser()
    browser.open("/staff/accounts")
    assert "next=" in browser.path
    browser.send(
        STAFF_SIGN_IN,
        login="wang",
        password=manager.password,
        code=manager.phone.next_code(),
        next=browser.hidden("next"),
    )
    assert (browser.status, browser.path) == (200, "/staff/accounts?lang=en")


def test_a_sign_in_leads_nowhere_but_to_a_page_of_the_staffs():
    elsewhere = [
        "https://evil.example/staff",
        "//evil.example/staff",
        "/\\evil.example",
        "/kiosk",
        "javascript:alert(1)",
        "/staffing",
    ]
    assert {fit_path(after) for after in elsewhere} == {"/staff"}
    assert fit_path("//[") == "/staff"  # no address at all, for urlsplit
    assert fit_path("/staff/people?q=1") == "/staff/people?q=1"


@pytest.mark.parametrize("wrong", [{"login": "nobody"}, {"password": "something else"}, {"code": "000000"}])
def test_every_refusal_is_the_same_page(pages, manager, wrong):
    """R54: uniform in words; the login that was typed is the only difference."""
    told = []
    for changed in (wrong, {"login": "nobody", "password": "no", "code": "1"}):
        browser = pages.browser()
        pages.sign_in(browser, manager, **changed)
        page = re.sub(r'data-options="[^"]*"|name="once" value="[^"]*"', "", browser.text)
        told.append((browser.status, re.sub(r'value="(wang|nobody)"', "", page)))
    assert told[0] == told[1]
    assert told[0][0] == 422


def test_a_refused_sign_in_keeps_the_login_and_no_secret(pages, manager):
    browser = pages.browser()
    pages.sign_in(browser, manager, password="something else to see")
    assert 'value="wang"' in browser.text
    assert "something else to see" not in browser.text


def test_a_session_cookie_is_strict_secure_and_shut_to_scripts(pages, manager):
    """R54: __Host- binds it to this host and to TLS."""
    browser = pages.browser()
    data = {"login": "wang", "password": manager.password, "code": manager.phone.next_code()}
    set_cookie = browser.client.post(STAFF_SIGN_IN, data=data, headers=SAME).headers["set-cookie"]
    assert set_cookie.startswith("__Host-staff=")
    assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/"} <= set(set_cookie.split("; "))


def test_a_foreign_page_signs_nobody_in(pages, manager):
    data = {"login": "wang", "password": manager.password, "code": manager.phone.next_code()}
    answer = pages.browser().client.post(STAFF_SIGN_IN, data=data, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403


def test_signing_out_ends_the_session_and_not_only_the_cookie(pages, manager):
    browser = pages.signed_in(manager)
    cookie = browser.cookie
    browser.open("/staff/account")
    browser.send("/staff/sign-out")
    browser.client._http.cookies.set("__Host-staff", cookie)
    assert not browser.is_signed_in


def test_who_is_signed_in_already_is_not_asked_again(pages, manager):
    browser = pages.signed_in(manager)
    browser.open(f"{STAFF_SIGN_IN}?next=/staff/account")
    assert "My account" in browser.text


def test_a_revoked_session_ends_at_once(pages, manager):
    """R54: also while somebody is in the middle of something."""
    here, there = pages.signed_in(manager), pages.signed_in(manager)
    here.open("/staff/account")
    here.send("/staff/account/sessions/end", session="")
    assert (here.is_signed_in, there.is_signed_in) == (True, False)


def test_an_account_ended_at_the_device_is_out_of_every_browser(pages, site, manager):
    """R53: the command line beside a running gate."""
    guard = site.join(manager, "zhang", GUARD)
    browser = pages.signed_in(guard)
    site.accounts.book.disable(manager.staff, guard.staff.account)
    assert not browser.is_signed_in


def test_a_guard_cannot_reach_a_managers_pages(pages, site, manager):
    """R53: deny by default."""
    browser = pages.signed_in(site.join(manager, "zhang", GUARD))
    for path in ("/staff/accounts", "/staff/tokens", "/staff/approvals", "/staff/accounts/0123456789abcdef"):
        assert browser.client.get(path).status_code == 403


def test_an_office_taken_away_is_gone_from_the_next_page_on(pages, site, manager):
    other = site.join(manager, "zhang", *manager.staff.roles, GUARD)
    browser = pages.signed_in(other)
    assert browser.client.get("/staff/accounts").status_code == 200
    view = site.accounts.book.get(other.staff.account)
    site.accounts.book.change(
        manager.staff, view.id, name=view.name, roles=frozenset({GUARD}), seen=view.seen
    )
    assert browser.client.get("/staff/accounts").status_code == 303  # to the sign-in


def test_the_page_tells_a_script_what_to_ask_a_passkey_for(pages, site, manager):
    browser = pages.browser()
    own = pages.signed_in(manager)
    own.open("/staff/account")
    own.send("/staff/account/passkeys", password=manager.password, code=manager.phone.next_code())
    key = Authenticator()
    own.send("/staff/account/passkeys/add", name="Telephone", answer=key.make(own.data("options")))
    assert "The passkey was added." in own.text
    browser.open(STAFF_SIGN_IN)
    browser.send(f"{STAFF_SIGN_IN}/passkey", answer=key.sign(browser.data("options")), next="/staff/account")
    assert browser.is_signed_in


def test_no_answer_of_a_script_breaks_the_page(pages, manager):
    browser = pages.browser()
    browser.open(STAFF_SIGN_IN)
    for answer in ("", "{}", "x" * 9000):
        browser.send(f"{STAFF_SIGN_IN}/passkey", answer=answer)
        assert (browser.status, "This passkey was not accepted." in browser.text) == (422, True)


@pytest.mark.parametrize("name", ["login", "password", "code", "next"])
def test_whatever_is_typed_is_refused_in_words(pages, manager, name):
    browser = pages.browser()
    for value in ("x" * 4000, "\x00", "\ud800".encode("utf-8", "surrogatepass"), "<script>", "名" * 900):
        pages.site.clock.pass_time(hours=1)
        data = {"login": "wang", "password": "no", "code": "1", "next": ""} | {name: value}
        answer = browser.client.post(STAFF_SIGN_IN, data=data, headers=SAME)
        assert answer.status_code == 422
        assert "<script>" not in answer.text


def test_what_was_typed_before_the_session_ended_is_sent_after_the_sign_in(pages, site, manager):
    browser = pages.signed_in(manager)
    site.clock.pass_time(hours=13)
    browser.send("/staff/hours/remove", name="Night & day")
    assert "What you had typed is kept" in browser.client.get(f"{STAFF_SIGN_IN}?lang=en").text
    browser.send(STAFF_SIGN_IN, login="wang", password=manager.password, code=manager.phone.next_code())
    assert browser.path == "/staff/resume"
    assert "Night" not in browser.text
    assert "the page “Hours”" in browser.text


def test_a_sign_in_pressed_twice_signs_in_once_and_either_answer_opens_the_session(pages, manager):
    """The browser shows the answer of its second press: that one has to carry the session too."""
    browser = pages.browser()
    browser.open(STAFF_SIGN_IN)
    form = {
        "login": "wang",
        "password": manager.password,
        "code": manager.phone.next_code(),
        "once": browser.hidden("once"),
    }
    told = [browser.client.post(STAFF_SIGN_IN, data=form, headers=SAME) for _ in "12"]
    assert [answer.status_code for answer in told] == [303, 303]
    assert told[0].headers["set-cookie"] == told[1].headers["set-cookie"]
    assert browser.is_signed_in


def test_who_only_knows_a_forms_word_gets_nobodys_session_r54(pages, manager):
    browser, thief = pages.browser(), pages.browser()
    browser.open(STAFF_SIGN_IN)
    form = {"login": "wang", "password": manager.password, "once": browser.hidden("once")}
    code = manager.phone.next_code()
    browser.client.post(STAFF_SIGN_IN, data=form | {"code": code}, headers=SAME)
    for changed in ({"code": "000000"}, {"code": code, "password": "x"}):
        answer = thief.client.post(STAFF_SIGN_IN, data=form | changed, headers=SAME)
        assert "set-cookie" not in answer.headers


def test_throttling_is_told_in_the_same_words_for_every_login(pages, manager):
    browser = pages.browser()
    for _ in range(4):
        pages.sign_in(browser, manager, password="no", code="000000")
    told = [
        pages.sign_in(browser, manager, login=login, code="000000") and browser.text
        for login in ("wang", "nobody")
    ]
    assert "Signing in has to wait a while." in told[0]
