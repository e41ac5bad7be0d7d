"""``gate account``, as somebody at the device's own terminal meets it (R52, R54)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import partial

import pytest

from gate.app import open_store
from gate.core.roles import Role
from gate.settings import read_settings
from gate.store.staff.accounts import Account, Secrets, new_account

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def opened(config):
    stores = []

    def opened():
        stores.append(open_store(read_settings(config)))
        return stores[-1]

    yield opened
    for store in stores:
        store.close()


@pytest.fixture
def account(gate):
    return partial(gate, "account")


@pytest.fixture
def staffed(opened):
    """Enter the manager wang, and the guard zhang, without a slow hash."""
    store = opened()
    for login, role in (("wang", Role.MANAGER), ("zhang", Role.GUARD)):
        entered = Account(
            new_account(), login, f"{login.title()} Li", frozenset({role}), NOW, secrets=Secrets("v", "S")
        )
        store.staff.write(lambda c, entered=entered: store.staff.accounts.insert(c, entered, entered.staff))
    return store


def test_a_set_up_code_is_printed_and_opens_the_set_up(account, opened):
    printed = account("setup-code")
    code = re.search(r"([0-9A-Z]{4}-){3}[0-9A-Z]{4}", printed.stdout)[0]
    store = opened()
    assert store.staff.codes.is_set_up_code(code, store.clock.trusted(datetime.now(UTC)).at)
    assert "/setup" in printed.stderr


def test_a_fresh_gate_lists_no_account(account):
    """R52: no default account."""
    assert "There is no account." in account("list").stdout


def test_the_list_tells_logins_and_offices_and_no_name(account, staffed):
    listed = account("list").stdout
    assert "wang  manager  in use" in listed
    assert "Li" not in listed


def test_an_account_is_ended_after_its_login_was_typed_again(account, staffed, opened):
    assert account("disable", "zhang", said="wang\n").exit_code != 0
    assert account("disable", "zhang", said="zhang\n").exit_code == 0
    assert "zhang  guard  ended" in account("list").stdout


def test_the_last_manager_is_not_ended(account, staffed):
    refused = account("disable", "wang", said="wang\n")
    assert refused.exception.code == "last-manager"
    assert "wang  manager  in use" in account("list").stdout


def test_a_reset_prints_an_invitation_that_holds(account, staffed, opened):
    printed = account("reset-second-factor", "zhang", said="zhang\n")
    code = re.search(r"([0-9A-Z]{4}-){3}[0-9A-Z]{4}", printed.stdout)[0]
    store = opened()
    now = store.clock.trusted(datetime.now(UTC)).at
    assert store.staff.codes.invited(code, now) == store.staff.accounts.by_login("zhang").id
    assert "invited, not taken up" in account("list").stdout


def test_a_reset_beside_a_running_gate_ends_the_sign_ins(account, staffed):
    """R54: the gate asks the database at every request."""
    who = staffed.staff.accounts.by_login("zhang").staff
    account("reset-second-factor", "zhang", said="zhang\n")
    assert not staffed.staff.accounts.still_holds(who)


@pytest.mark.parametrize("command", ["disable", "reset-second-factor"])
def test_an_unknown_login_is_told(account, command):
    assert account(command, "nobody", said="nobody\n").exception.code == "account-unknown"


def test_the_log_says_that_it_was_done_at_the_device(account, staffed, opened):
    account("disable", "zhang", said="zhang\n")
    last = opened().audit.entries(newest=1)[0]
    assert (last.actor, last.action) == ("installer", "account-disabled")
