"""Signing in with password and second factor (R52, R54)."""

from __future__ import annotations

import pytest

from gate.errors import RequestError
from tests.staffing import GUARD, MANAGER, Site


def refusal(site, login, password, code):
    with pytest.raises(RequestError) as refused:
        site.run(site.accounts.sign_in.with_password(login, password, code))
    return refused.value


def test_password_and_code_sign_in(site, manager):
    assert site.sign_in(manager) == manager.staff


def test_the_second_factor_is_never_left_out(site, manager):
    """R54: a second factor for managers."""
    assert refusal(site, "wang", manager.password, "").code == "staff-sign-in-wrong"


def test_a_login_is_taken_however_it_is_capitalised(site, manager):
    code = manager.phone.next_code()
    assert site.run(site.accounts.sign_in.with_password(" Wang ", manager.password, code)) == manager.staff


def test_a_password_is_taken_however_a_keyboard_composed_it(bare):
    composed = "caf\u00e9 am Kanal vier"
    person = bare.set_up(password=composed)
    assert bare.sign_in(person, password="cafe\u0301 am Kanal vier") == person.staff


@pytest.mark.parametrize("wrong", ["login", "password", "code", "all"])
def test_every_refusal_is_in_the_same_words(site, manager, wrong):
    """R54: nothing tells whether there is such a login, nor which of the three was wrong."""
    told = refusal(
        site,
        "nobody" if wrong in {"login", "all"} else "wang",
        "not the password" if wrong in {"password", "all"} else manager.password,
        "000000" if wrong in {"code", "all"} else manager.phone.next_code(),
    )
    first = refusal(site, "zhang", "something else", "123456")
    assert (told.code, told.what, told.remedy) == (first.code, first.what, first.remedy)


def test_an_unknown_login_costs_the_same_hash(site, manager):
    """R54: unknown and known logins are not told apart by the work that is done."""
    at, room = site.clock.now(), site.store.staff.sign_in
    known = room.prepare("wang", at=at, nobodys_totp="A" * 32)
    unknown = room.prepare("nobody", at=at, nobodys_totp="A" * 32)
    cost = [tried.check.verifier.split("$")[1:4] for tried in (known, unknown)]
    assert cost[0] == cost[1]


@pytest.mark.parametrize("login", ["wang", "nobody", "not a login at all!"])
def test_every_try_hashes_once(site, manager, login):
    before = site.hashing.hashes
    refusal(site, login, "not the password", "000000")
    assert site.hashing.hashes == before + 1


def test_a_code_of_the_app_is_good_once(site, manager):
    """R54: a code that somebody overlooked cannot be typed again."""
    code = manager.phone.next_code()
    site.sign_in(manager, code=code)
    assert refusal(site, "wang", manager.password, code).code == "staff-sign-in-wrong"


def test_an_older_code_is_refused_after_a_newer_one(site, manager):
    earlier = manager.phone.next_code()
    site.clock.pass_time(seconds=30)
    site.sign_in(manager, code=manager.phone.code())
    assert refusal(site, "wang", manager.password, earlier).code == "staff-sign-in-wrong"


def test_a_code_used_before_a_restart_stays_used(open_store, site, manager):
    code = manager.phone.next_code()
    site.sign_in(manager, code=code)
    again = Site(open_store(), clock=site.clock)
    assert refusal(again, "wang", manager.password, code).code == "staff-sign-in-wrong"


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_telephone_may_be_half_a_minute_off(site, manager, steps, taken):
    site.clock.pass_time(minutes=5)
    code = manager.phone.code(steps_later=steps)
    if taken:
        assert site.sign_in(manager, code=code) == manager.staff
    else:
        assert refusal(site, "wang", manager.password, code).code == "staff-sign-in-wrong"


def test_a_recovery_code_stands_in_for_the_telephone_once(site, manager):
    """R54: used once, and written down."""
    code = manager.recovery_codes[0]
    site.sign_in(manager, code=code.lower())
    assert refusal(site, "wang", manager.password, code).code == "staff-sign-in-wrong"
    assert site.actions().count("recovery-code-used") == 1


def test_a_recovery_code_is_not_spent_on_a_wrong_password(site, manager):
    code = manager.recovery_codes[0]
    refusal(site, "wang", "not the password", code)
    assert site.sign_in(manager, code=code) == manager.staff


def test_nobody_signs_in_with_anothers_recovery_code(site, manager):
    other = site.join(manager, "zhang", GUARD)
    assert refusal(site, "wang", manager.password, other.recovery_codes[0]).code == "staff-sign-in-wrong"


def test_wrong_tries_wait_longer_and_longer_also_over_a_restart(open_store, site, manager):
    """R54: the wait lies in the database."""
    for _ in range(4):
        refusal(site, "wang", "not the password", "000000")
    again = Site(open_store(), clock=site.clock)
    assert refusal(again, "wang", manager.password, manager.phone.code()).code == "staff-throttled"


def test_a_login_that_does_not_exist_waits_as_well(site, manager):
    for _ in range(4):
        refusal(site, "nobody", "not the password", "000000")
    assert refusal(site, "nobody", "not the password", "000000").code == "staff-throttled"


def test_nobody_is_locked_out_for_good(site, manager):
    for _ in range(6):
        refusal(site, "wang", "not the password", "000000")
        site.clock.pass_time(minutes=16)
    assert site.sign_in(manager) == manager.staff


def test_a_throttled_sign_in_costs_no_hash(site, manager):
    for _ in range(4):
        refusal(site, "wang", "not the password", "000000")
    before = site.hashing.hashes
    refusal(site, "wang", manager.password, manager.phone.code())
    assert site.hashing.hashes == before


def test_the_staffs_wrong_tries_slow_no_pin(site, manager):
    """R03: the door's tries are its own."""
    for _ in range(20):
        refusal(site, "wang", "not the password", "000000")
    assert not site.store.credentials.prepare_pin("301", at=site.clock.now()).is_throttled


def test_a_refused_sign_in_is_counted_and_not_written_down(site, manager):
    before = site.actions()
    refusal(site, "wang", "not the password", "000000")
    assert site.actions() == before


def test_a_sign_in_is_written_down_with_the_account_and_no_name(site, manager):
    """R55: a random id stands for who it was."""
    site.sign_in(manager)
    last = site.store.audit.entries(newest=1)[0]
    assert (last.actor, last.action) == (f"staff:{manager.staff.account}", "signed-in")
    assert "wang" not in f"{last.actor}{last.object}{last.detail}".lower()


def test_an_account_reset_during_the_hash_signs_nobody_in(site, manager):
    site.join(manager, "second", MANAGER)

    async def reset_meanwhile(work):
        fits = work()
        site.accounts.book.invite_anew(manager.staff, manager.staff.account)
        return fits

    site.hashing = reset_meanwhile
    site.open_office()
    assert refusal(site, "wang", manager.password, manager.phone.next_code()).code == "staff-sign-in-wrong"


def test_a_stranger_makes_a_known_login_wait_a_minute_at_most(site, manager):
    """R54: a day of wrong tries, and a minute after the last the holder signs in."""
    for _ in range(24 * 4):
        site.clock.pass_time(minutes=15)
        assert not site.store.staff.sign_in.prepare(
            "wang", at=site.clock.now(), nobodys_totp="A"
        ).is_throttled
    site.clock.pass_time(seconds=60)
    assert site.sign_in(manager, code=manager.phone.code()) == manager.staff
