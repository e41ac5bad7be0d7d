"""A backup brings the staff back, but no way in that was closed since (R51, R52)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gate.core.roles import AccountId, Act, Role, Staff
from gate.store.staff.accounts import Account, Secrets, new_account
from tests.store.devices import HOUR, NOON, Device

BY = Staff(AccountId("b" * 16), frozenset({Role.MANAGER}))
SECOND = Staff(AccountId("c" * 16), frozenset({Role.PRIVACY_OFFICER}))
LATER = NOON + 24 * HOUR


@pytest.fixture
def device(tmp_path):
    """Give a gate with the managers wang and zhang."""
    device = Device(tmp_path / "one")
    with device.store() as store:
        for login in ("wang", "zhang"):
            entered = Account(
                new_account(),
                login,
                login.title(),
                frozenset({Role.MANAGER}),
                NOON,
                secrets=Secrets("v", "S"),
            )
            store.staff.write(lambda c, entered=entered: store.staff.accounts.insert(c, entered, BY))
    return device


@pytest.fixture
def stick(tmp_path):
    folder = tmp_path / "stick"
    folder.mkdir(mode=0o700)
    return folder


def account_of(device, login):
    with device.store() as store:
        return store.staff.accounts.by_login(login)


def test_who_changed_nothing_since_still_signs_in(device, stick):
    device.back_up(stick)
    device.restore(stick)
    assert account_of(device, "wang").is_active


def test_an_office_lost_since_does_not_come_back_as_a_way_in(device, stick):
    device.back_up(stick)
    with device.store() as store:
        zhang = store.staff.accounts.by_login("zhang")
        guard = frozenset({Role.GUARD})
        store.staff.accounts.change(
            zhang.id, lambda before: replace(before, roles=guard), at=NOON + HOUR, by=BY
        )
    device.restore(stick)
    assert not account_of(device, "zhang").is_active
    assert account_of(device, "wang").is_active


def test_what_was_open_in_the_backup_is_closed_after_it(device, stick):
    """Codes that were out may have been used since, and so may an approval."""
    with device.store() as store:
        code, _ = store.staff.codes.set_up_code(LATER)
        asked = store.staff.approvals.ask(Act.OPEN_MINOR, "person 1", "why", at=LATER, by=BY)
        store.staff.approvals.allow(asked.id, at=LATER, by=SECOND)
    device.back_up(stick, at=LATER)
    device.restore(stick, at=LATER + timedelta(minutes=1))
    with device.store() as store:
        assert not store.staff.codes.is_set_up_code(code, LATER)
        assert store.staff.approvals.since(NOON) == ()


def test_a_token_revoked_since_stays_revoked_and_another_goes_on(device, stick):
    with device.store() as store:
        maker = store.staff.accounts.by_login("wang").staff
        (lost, lost_text), (_, kept_text) = (
            store.staff.tokens.make(name, Role.GUARD, timedelta(days=90), at=NOON, by=maker)
            for name in ("a", "b")
        )
    device.back_up(stick)
    with device.store() as store:
        store.staff.tokens.revoke(lost.id, at=NOON + HOUR, by=BY)
    device.restore(stick)
    with device.store() as store:
        assert store.staff.tokens.holder(lost_text, LATER) is None
        assert store.staff.tokens.holder(kept_text, LATER) is not None
