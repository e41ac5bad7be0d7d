"""One's own account, all accounts, approvals and tokens, as a browser without scripts meets them (R53, R54)."""

from __future__ import annotations

import re

import pytest

from gate.core.roles import AccountId, Act, Staff
from tests.staffing import GUARD, MANAGER, OFFICER, Phone
from tests.web.staff.accounts.conftest import SAME

FRESH = "nine herons over the weir"


@pytest.fixture
def boss(pages, manager):
    browser = pages.signed_in(manager)
    browser.open("/staff/account")
    return browser


def proof(person):
    return {"password": person.password, "code": person.phone.next_code()}


def test_a_new_password_keeps_this_browser_and_ends_the_others(pages, boss, manager):
    other = pages.signed_in(manager)
    boss.send("/staff/account/password", **proof(manager), fresh_password=FRESH, again_password=FRESH)
    assert "The new password holds." in boss.client.get(boss.path + "&lang=en").text
    assert (boss.is_signed_in, other.is_signed_in) == (True, False)


def test_a_wrong_proof_stands_at_its_field_and_changes_nothing(boss, site, manager):
    wrong = proof(manager) | {"password": "not the password"}
    boss.send("/staff/account/password", **wrong, fresh_password=FRESH, again_password=FRESH)
    assert (boss.status, 'id="wrong-password-password"' in boss.text) == (422, True)
    boss.send("/staff/account/password", **proof(manager), fresh_password=FRESH, again_password="another")
    assert 'id="wrong-password-again"' in boss.text
    boss.send("/staff/account/password", **proof(manager), fresh_password="short", again_password="short")
    assert 'id="wrong-password-fresh"' in boss.text
    assert FRESH not in boss.text
    assert site.sign_in(manager) == manager.staff


def test_another_telephone_is_confirmed_before_it_counts(boss, site, manager):
    boss.send("/staff/account/app", **proof(manager))
    secret = re.search(r'<p class="code">([A-Z2-7 ]+)</p>', boss.text)[1].replace(" ", "")
    ticket = boss.hidden("ticket")
    boss.send("/staff/account/app/confirm", ticket=ticket, code="000000")
    assert 'id="wrong-code"' in boss.text
    boss.send("/staff/account/app/confirm", ticket=ticket, code=Phone(secret, site.clock).code())
    assert boss.is_signed_in
    assert site.sign_in(manager, code=Phone(secret, site.clock).next_code())


def test_new_recovery_codes_are_shown_once(boss, site, manager):
    boss.send("/staff/account/codes", **proof(manager))
    codes = re.findall(r'<li class="code">(.{14})</li>', boss.text)
    assert len(codes) == 10
    assert site.sign_in(manager, code=codes[0])


def test_a_passkey_is_removed_with_a_proof(boss, site, manager):
    added = site.store.staff.passkeys.add(
        manager.staff.account, "Telephone", b"c" * 16, b"k", 0, at=site.clock.now(), by=manager.staff
    )
    boss.open("/staff/account")
    assert "Telephone" in boss.text
    boss.send("/staff/account/passkeys/remove", passkey=added.id, password="no", code="1")
    assert f'id="wrong-remove-{added.id}-password"' in boss.text
    boss.send("/staff/account/passkeys/remove", passkey=added.id, **proof(manager))
    assert site.accounts.own.of(manager.staff).passkeys == ()


def test_one_other_browser_can_be_signed_out(pages, boss, manager):
    there, elsewhere = pages.signed_in(manager), pages.signed_in(manager)
    boss.open("/staff/account")
    first = re.findall(r'name="session" value="([0-9a-f]+)"', boss.text)[0]
    boss.send("/staff/account/sessions/end", session=first)
    assert sorted([there.is_signed_in, elsewhere.is_signed_in]) == [False, True]


def test_nobody_signs_another_account_out_from_their_own_page(pages, boss, site, manager):
    guard = pages.signed_in(site.join(manager, "zhang", GUARD))
    guard.open("/staff/account")
    guard.send("/staff/account/sessions/end", session="")
    assert boss.is_signed_in


def test_a_manager_changes_offices_and_signs_out(pages, boss, site, manager):
    other = site.join(manager, "zhang", GUARD)
    there = pages.signed_in(other)
    path = f"/staff/accounts/{other.staff.account}"
    boss.open(path)
    boss.send(f"{path}/sessions/end")
    assert not there.is_signed_in
    boss.open(path)
    boss.send(f"{path}/change", name="Zhang Min", seen=boss.hidden("seen"), installer="yes")
    view = site.accounts.book.get(other.staff.account)
    assert (view.name, view.roles) == ("Zhang Min", {"installer"})


def test_two_managers_at_one_account_lose_nothing(pages, boss, site, manager):
    """What was typed stays; what the other wrote stands beside it."""
    other = site.join(manager, "zhang", GUARD)
    path = f"/staff/accounts/{other.staff.account}"
    boss.open(path)
    seen = boss.hidden("seen")
    site.accounts.book.change(
        manager.staff, other.staff.account, name="Zhang Wei", roles=frozenset({GUARD}), seen=seen
    )
    boss.send(f"{path}/change", name="Zhang Min", seen=seen, guard="yes")
    assert boss.status == 422
    assert "Zhang Wei" in boss.text
    assert 'value="Zhang Min"' in boss.text
    boss.send(f"{path}/change", name="Zhang Min", seen=boss.hidden("seen"), guard="yes")
    assert site.accounts.book.get(other.staff.account).name == "Zhang Min"


def test_an_invitation_sent_twice_is_made_once(boss, site):
    """A double press: the second answer is where the first one led."""
    boss.open("/staff/accounts")
    data = {
        "token": boss.hidden("token"),
        "once": boss.hidden("once"),
        "login": "zhang",
        "name": "Zhang",
        "guard": "yes",
    }
    led = [
        boss.client.post("/staff/accounts/invite", data=data, headers=SAME).headers["location"]
        for _ in range(2)
    ]
    assert led[0] == led[1]
    assert len(site.accounts.book.all()) == 2


def test_the_last_manager_is_told_why_not(boss, manager):
    path = f"/staff/accounts/{manager.staff.account}"
    boss.open(path)
    boss.send(f"{path}/disable")
    assert (boss.status, "Nobody else could sign in as a manager then." in boss.text) == (422, True)
    assert boss.is_signed_in


def test_an_account_is_ended_and_invited_anew(pages, boss, site, manager):
    other = site.join(manager, "zhang", GUARD)
    there = pages.signed_in(other)
    path = f"/staff/accounts/{other.staff.account}"
    boss.open(path)
    boss.send(f"{path}/disable")
    assert not there.is_signed_in
    boss.open(path)
    boss.send(f"{path}/invite")
    code = re.search(r'<p class="value">([0-9A-Z-]{19})</p>', boss.text)[1]
    assert site.store.staff.codes.invited(code, site.clock.now()) == other.staff.account


@pytest.mark.parametrize(
    "path",
    [
        "/staff/accounts/none",
        "/staff/accounts/invited/none",
        "/staff/tokens/made/none",
        "/staff/account/codes/none",
        "/staff/account/passkeys/none",
        "/staff/account/app?ticket=none",
    ],
)
def test_what_is_not_there_any_more_is_told_on_a_page(boss, path):
    assert boss.open(path).status_code == 422


def test_a_second_person_allows_what_another_asked_for(pages, boss, site, manager):
    """R27: nobody finds a button to allow their own."""
    officer = site.join(manager, "chen", OFFICER)
    asked = site.approvals.ask(officer.staff, Act.OPEN_MINOR, "person 0123456789abcdef", "A guardian wrote.")
    own = pages.signed_in(officer)
    own.open("/staff/approvals")
    assert ("Take it back" in own.text, "Allow it, once" in own.text) == (True, False)
    own.send("/staff/approvals/allow", approval=asked)
    assert "Nobody allows what they asked for themselves." in own.text
    boss.open("/staff/approvals")
    assert "A guardian wrote." in boss.text
    boss.send("/staff/approvals/allow", approval=asked)
    site.approvals.take(asked, officer.staff, Act.OPEN_MINOR, "person 0123456789abcdef")


def test_an_answer_that_comes_too_late_is_told(boss, site):
    asker = Staff(AccountId("b" * 16), frozenset({MANAGER}))
    asked = site.approvals.ask(asker, Act.OPEN_MINOR, "person 1", "Why not.")
    site.approvals.deny(asked, asker)
    boss.open("/staff/approvals")
    boss.send("/staff/approvals/allow", approval=asked)
    assert (boss.status, "answered or taken back already" in boss.text) == (422, True)


def test_a_token_is_made_shown_once_and_revoked(boss, site):
    boss.open("/staff/tokens")
    boss.send("/staff/tokens/make", name="Heating", role="guard", days="30")
    text = re.search(r'<p class="value long">(gate_[^<]+)</p>', boss.text)[1]
    assert site.tokens.holder(text).role == GUARD
    boss.open(boss.path)
    assert text not in boss.text
    boss.open("/staff/tokens")
    boss.send("/staff/tokens/revoke", id=boss.hidden("id"))
    assert site.tokens.holder(text) is None


@pytest.mark.parametrize(
    ("field", "value", "at"),
    [
        ("name", "", "name"),
        ("days", "0", "days"),
        ("days", "1e3", "days"),
        ("days", "٣٠", "days"),
        ("role", "privacy-officer", "role"),
        ("role", "king", "role"),
    ],
)
def test_an_unfit_token_is_refused_at_its_field(boss, site, field, value, at):
    boss.open("/staff/tokens")
    boss.send("/staff/tokens/make", **({"name": "Heating", "role": "guard", "days": "30"} | {field: value}))
    assert (boss.status, f'id="wrong-{at}"' in boss.text) == (422, True)
    assert site.tokens.all() == ()


def test_every_page_speaks_both_languages(boss):
    """R14: no sentence of one language on a page of the other."""
    for path in ("/staff/account", "/staff/accounts", "/staff/approvals", "/staff/tokens"):
        chinese = boss.client.get(f"{path}?lang=zh-CN").text
        assert re.search(r"[\u4e00-\u9fff]", re.sub(r"<nav.*?</nav>", "", chinese, flags=re.DOTALL))
        assert "None yet." not in chinese


def test_who_manages_accounts_finds_no_tick_at_their_own_offices(boss, site, manager):
    """R53: another manager changes them; one's own name is changed here."""
    path = f"/staff/accounts/{manager.staff.account}"
    boss.open(path)
    assert 'type="checkbox"' not in boss.text
    boss.send(f"{path}/change", name="Wang Wei", seen=boss.hidden("seen"), manager="yes")
    assert site.accounts.book.get(manager.staff.account).name == "Wang Wei"
    boss.open(path)
    boss.send(
        f"{path}/change",
        name="Wang Wei",
        seen=boss.hidden("seen"),
        manager="yes",
        **{"privacy-officer": "yes"},
    )
    assert (boss.status, "Nobody changes their own offices." in boss.text) == (422, True)


def test_an_account_that_the_asker_entered_is_told_why_it_may_not_allow(pages, site, manager):
    """R53: with what to do instead."""
    asked = site.approvals.ask(manager.staff, Act.OPEN_MINOR, "person 1", "A guardian wrote.")
    young = pages.signed_in(site.join(manager, "chen", OFFICER))
    young.open("/staff/approvals")
    young.send("/staff/approvals/allow", approval=asked)
    assert young.status == 422
    assert "within the last 30 days" in young.text
    assert "ask for it yourself and let them answer" in young.text


def test_the_second_person_reads_what_they_allow(pages, boss, site, manager):
    """R27, R53: the unit whose record it is, and from what to what a span changes."""
    asker = Staff(AccountId("b" * 16), frozenset({MANAGER}))
    person = site.store.people.add("1204", "Bo Chen", "")
    site.approvals.ask(asker, Act.OPEN_MINOR, f"person {person}", "unit 12, a parent moved")
    site.approvals.ask(asker, Act.CHANGE_RETENTION, "rules face.retention_days=30>90", "The committee.")
    site.approvals.ask(asker, Act.EXPORT_EVIDENCE, "evidence archive", "The auditor.")
    boss.open("/staff/approvals")
    assert "Unit 1204" in boss.text
    assert "Bo Chen" not in boss.text
    assert person not in boss.text
    assert "Days a face template is kept at most: from 30 to 90" in boss.text
    assert "evidence archive" not in boss.text
