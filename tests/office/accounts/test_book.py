"""Managing accounts (R53): at least one manager can always sign in; what is ended is ended at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.core.roles import AccountId, Staff
from gate.errors import RequestError
from gate.web.staff.ports.accounts import AccountState
from tests.staffing import GUARD, INSTALLER, MANAGER, OFFICER


@pytest.fixture
def guard(site, manager):
    return site.join(manager, "zhang", GUARD)


def refusal(call, *args, **values):
    with pytest.raises(RequestError) as refused:
        call(*args, **values)
    return refused.value.code


def change(site, by, account, **changed):
    view = site.accounts.book.get(account)
    values = {"name": view.name, "roles": view.roles, "seen": view.seen} | changed
    return site.accounts.book.change(by.staff, account, **values)


def test_the_book_lists_accounts_by_login(site, manager, guard):
    assert [(each.login, each.state) for each in site.accounts.book.all()] == [
        ("wang", AccountState.ACTIVE),
        ("zhang", AccountState.ACTIVE),
    ]


def test_an_invited_account_is_told_as_one(site, manager):
    site.accounts.book.invite(manager.staff, "zhang", "Zhang", frozenset({GUARD}))
    view = site.accounts.book.all()[1]
    assert (view.state, view.invited_until is None) == (AccountState.INVITED, False)


def test_a_login_is_given_once(site, manager, guard):
    invite = site.accounts.book.invite
    assert refusal(invite, manager.staff, "Zhang", "Another", frozenset({GUARD})) == "login-taken"


def test_an_account_without_an_office_is_refused(site, manager):
    assert refusal(site.accounts.book.invite, manager.staff, "li", "Li", frozenset()) == "roles-none"


def test_a_disabled_account_signs_nobody_in(site, manager, guard):
    site.accounts.book.disable(manager.staff, guard.staff.account)
    with pytest.raises(RequestError, match="do not belong together"):
        site.sign_in(guard)


def test_disabling_ends_the_sign_ins_of_the_account_at_once(site, manager, guard):
    """R54: a sign-in is asked about at every request."""
    assert site.accounts.still_holds(guard.staff)
    site.accounts.book.disable(manager.staff, guard.staff.account)
    assert not site.accounts.still_holds(guard.staff)


def test_disabling_ends_the_tokens_that_the_account_made(site, manager):
    other = site.join(manager, "zhang", MANAGER)
    made = site.tokens.make(other.staff, "heating", GUARD, 30)
    site.accounts.book.disable(manager.staff, other.staff.account)
    assert site.tokens.holder(made.text) is None


def test_other_accounts_tokens_stay(site, manager, guard):
    made = site.tokens.make(manager.staff, "heating", GUARD, 30)
    site.accounts.book.disable(manager.staff, guard.staff.account)
    assert site.tokens.holder(made.text) is not None


def test_changed_offices_end_the_sign_ins_of_the_account(site, manager, guard):
    """R53: what was taken away is not kept by staying signed in."""
    change(site, manager, guard.staff.account, roles=frozenset({GUARD, INSTALLER}))
    assert not site.accounts.still_holds(guard.staff)
    assert site.sign_in(guard).roles == {GUARD, INSTALLER}


def test_a_changed_name_ends_no_sign_in(site, manager, guard):
    change(site, manager, guard.staff.account, name="Zhang Min")
    assert site.accounts.still_holds(guard.staff)
    assert site.accounts.name_of(guard.staff) == "Zhang Min"


def test_two_managers_do_not_overwrite_each_other(site, manager, guard):
    account = guard.staff.account
    seen = site.accounts.book.get(account).seen
    change(site, manager, account, name="Zhang Min")
    assert refusal(change, site, manager, account, name="Zhang Wei", seen=seen) == "account-changed"
    assert site.accounts.book.get(account).name == "Zhang Min"


@pytest.mark.parametrize("deed", ["disable", "demote", "reset"])
def test_a_manager_who_can_sign_in_always_remains(site, manager, deed):
    """R54: with a working second factor."""
    account = manager.staff.account
    another = replace(manager, staff=Staff(AccountId("b" * 16), frozenset({MANAGER})))  # ended meanwhile
    site.accounts.book.invite(
        manager.staff, "zhang", "Zhang", frozenset({MANAGER})
    )  # not taken up: counts for nothing
    deeds = {
        "disable": lambda: site.accounts.book.disable(manager.staff, account),
        "demote": lambda: change(site, another, account, roles=frozenset({OFFICER})),
        "reset": lambda: site.accounts.book.invite_anew(manager.staff, account),
    }
    assert refusal(deeds[deed]) == "last-manager"
    assert site.accounts.still_holds(manager.staff)
    assert site.sign_in(manager) == manager.staff


def test_with_a_second_manager_the_first_may_go(site, manager):
    other = site.join(manager, "zhang", MANAGER)
    site.accounts.book.disable(other.staff, manager.staff.account)
    assert site.accounts.joining.is_set_up


def test_a_reset_takes_password_second_factor_and_codes_back(site, manager, guard):
    site.accounts.book.invite_anew(manager.staff, guard.staff.account)
    for code in (guard.phone.next_code(), guard.recovery_codes[0]):
        with pytest.raises(RequestError, match="do not belong together"):
            site.sign_in(guard, code=code)
    assert not site.accounts.still_holds(guard.staff)


def test_a_reset_account_is_taken_up_anew_and_stays_the_same_account(site, manager, guard):
    again = site.take_up(site.accounts.book.invite_anew(manager.staff, guard.staff.account))
    assert again.staff == guard.staff
    assert not site.accounts.still_holds(guard.staff)
    assert site.accounts.still_holds(again.staff)


def test_an_ended_account_can_be_invited_anew(site, manager, guard):
    site.accounts.book.disable(manager.staff, guard.staff.account)
    site.take_up(site.accounts.book.invite_anew(manager.staff, guard.staff.account))
    assert site.accounts.book.get(guard.staff.account).state is AccountState.ACTIVE


def test_disabling_twice_is_one_line_of_the_log(site, manager, guard):
    for _ in range(2):
        site.accounts.book.disable(manager.staff, guard.staff.account)
    assert site.actions().count("account-disabled") == 1


def test_the_log_tells_who_changed_whose_offices_and_to_what(site, manager, guard):
    """R55."""
    change(site, manager, guard.staff.account, roles=frozenset({GUARD, INSTALLER}))
    line = next(each for each in site.store.audit.entries() if each.action == "account-changed")
    assert (line.actor, line.object) == (f"staff:{manager.staff.account}", guard.staff.account)
    assert line.detail == '{"roles":"guard,installer"}'


def test_an_account_row_moved_to_another_account_opens_nothing(site, manager, guard):
    """R50: swapped rows fail."""
    mine, theirs = guard.staff.account, manager.staff.account

    def swap(connection):
        connection.execute(
            "UPDATE accounts SET (wrapped_key, sealed) = (SELECT wrapped_key, sealed FROM accounts WHERE id = ?) WHERE id = ?",
            (theirs, mine),
        )

    site.store.staff.write(swap)
    with pytest.raises(Exception, match="altered or moved"):
        site.accounts.still_holds(guard.staff)


def test_an_ended_account_cannot_be_revived_in_the_database(site, manager, guard):
    site.accounts.book.disable(manager.staff, guard.staff.account)
    site.store.staff.write(lambda c: c.execute("UPDATE accounts SET disabled_at = NULL"))
    with pytest.raises(Exception, match="altered or moved"):
        site.sign_in(guard)


def test_nobody_changes_their_own_offices(site, manager):
    """R53: a manager who ticks privacy officer for themselves would read the audit log and export evidence."""
    account = manager.staff.account
    assert refusal(change, site, manager, account, roles=frozenset({MANAGER, OFFICER})) == "roles-own"
    assert site.accounts.book.get(account).roles == {MANAGER}


def test_everybody_changes_their_own_name(site, manager):
    assert change(site, manager, manager.staff.account, name="Wang Wei").name == "Wang Wei"
