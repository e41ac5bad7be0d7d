"""What time and a restored backup do to the staff's records (R51, R75)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gate.core.retention import Item
from gate.core.roles import AccountId, Act, Role, Staff
from gate.store.account.audit import Action, Actor
from gate.store.staff.accounts import Account, Secrets, new_account
from gate.store.upkeep import tombstones

BY = Staff(AccountId("b" * 16), frozenset({Role.MANAGER}))


@pytest.fixture
def room(store):
    return store.staff


@pytest.fixture
def account(room, noon):
    entered = Account(
        new_account(),
        "wang",
        "Wang Li",
        frozenset({Role.MANAGER}),
        noon,
        secrets=Secrets("a verifier", "ABCD"),
    )
    room.write(lambda c: room.accounts.insert(c, entered, BY))
    return room.accounts.get(entered.id)


def another_manager(room, noon):
    other = Account(
        new_account(),
        "zhang",
        "Zhang",
        frozenset({Role.MANAGER}),
        noon,
        secrets=Secrets("a verifier", "ABCD"),
    )
    room.write(lambda c: room.accounts.insert(c, other, BY))


def counts(store):
    tables = (
        "accounts",
        "account_secrets",
        "passkeys",
        "recovery_codes",
        "tokens",
        "approvals",
        "one_time_codes",
    )
    return {table: store._database.rows(f"SELECT count(*) FROM {table}")[0][0] for table in tables}


def buried_then_applied(store):
    """Erase again what was erased, as a restore does."""
    return store._database.write(tombstones.apply)


def test_an_account_is_deleted_three_years_after_its_end(store, room, account, noon):
    """R75."""
    another_manager(room, noon)
    room.accounts.end(account.id, at=noon, by=BY, action=Action.ACCOUNT_DISABLED, disabled_at=noon)
    assert Item.ACCOUNT not in store.retention.run(noon + timedelta(days=1094)).deleted
    assert store.retention.run(noon + timedelta(days=1096)).deleted[Item.ACCOUNT] == 1
    assert room.accounts.find(account.id) is None


def test_an_account_in_use_is_never_deleted_by_time(store, room, account, noon):
    store.retention.run(noon + timedelta(days=9999))
    assert room.accounts.find(account.id) is not None


def test_tokens_and_codes_that_are_over_go(store, room, noon):
    room.tokens.make("heating", Role.GUARD, timedelta(days=1), at=noon, by=BY)
    room.codes.set_up_code(noon)
    deleted = store.retention.run(noon + timedelta(days=40)).deleted
    assert (deleted[Item.TOKEN], deleted[Item.ONE_TIME_CODE]) == (1, 1)


def test_approvals_stay_as_long_as_the_audit_log(store, room, noon):
    room.approvals.ask(Act.OPEN_MINOR, "person 1", "why", at=noon, by=BY)
    assert Item.APPROVAL not in store.retention.run(noon + timedelta(days=1000)).deleted
    assert store.retention.run(noon + timedelta(days=1096)).deleted[Item.APPROVAL] == 1


def test_a_secret_changed_since_a_backup_does_not_come_back_with_it(store, room, account, noon):
    """R51: the older row, put back, is erased again, and with it every way in that hangs on it."""
    old = store._database.rows("SELECT * FROM account_secrets")[0]
    room.write(lambda c: room.codes.new_recovery_codes(c, account.id, noon))
    room.write(lambda c: room.accounts.put_secrets(c, account.id, account.secrets, noon))

    def put_back(connection):
        connection.execute("DELETE FROM account_secrets")
        connection.execute("INSERT INTO account_secrets VALUES (?, ?, ?, ?)", old)

    room.write(put_back)
    buried_then_applied(store)
    assert (counts(store)["account_secrets"], counts(store)["recovery_codes"]) == (0, 0)
    assert not room.accounts.still_holds(account.staff)
    assert room.accounts.get(account.id).secrets is None


def test_an_untouched_account_outlives_a_restore(store, room, account):
    buried_then_applied(store)
    assert room.accounts.still_holds(account.staff)


def test_a_used_recovery_code_does_not_come_back_with_a_backup(store, room, account, noon):
    codes = room.write(lambda c: room.codes.new_recovery_codes(c, account.id, noon))
    rows = store._database.rows("SELECT * FROM recovery_codes")
    assert room.write(lambda c: room.codes.spend_recovery(c, account.id, codes[0], noon))
    room.write(lambda c: c.executemany("INSERT OR IGNORE INTO recovery_codes VALUES (?, ?)", rows))
    buried_then_applied(store)
    assert not room.write(lambda c: room.codes.spend_recovery(c, account.id, codes[0], noon))
    assert room.write(lambda c: room.codes.spend_recovery(c, account.id, codes[1], noon))


def test_a_revoked_token_does_not_come_back_with_a_backup(store, room, account, noon):
    token, text = room.tokens.make("heating", Role.GUARD, timedelta(days=30), at=noon, by=account.staff)
    row = store._database.rows("SELECT * FROM tokens")[0]
    room.tokens.revoke(token.id, at=noon, by=BY)

    def put_back(connection):
        connection.execute("DELETE FROM tokens")
        connection.execute("INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    room.write(put_back)
    assert room.tokens.holder(text, noon) is not None  # so it stood in the backup
    buried_then_applied(store)
    assert room.tokens.holder(text, noon) is None


def test_a_removed_passkey_does_not_come_back_with_a_backup(store, room, account, noon):
    passkey = room.passkeys.add(account.id, "Telephone", b"c" * 16, b"key", 0, at=noon, by=account.staff)
    row = store._database.rows("SELECT * FROM passkeys")[0]
    room.write(lambda c: room.passkeys.remove(c, account.id, passkey.id, at=noon, by=account.staff))
    room.write(lambda c: c.execute("INSERT INTO passkeys VALUES (?, ?, ?, ?, ?, ?)", row))
    buried_then_applied(store)
    assert room.passkeys.of(account.id) == ()


def test_no_line_of_the_log_and_no_name_of_a_key_is_shared(store):
    """R55, R35."""
    assert len({action.value for action in Action}) == len(Action)
    assert Actor.INSTALLER.value not in BY.value


def test_a_name_in_a_repr_is_a_name_in_a_traceback(account, room, noon):
    token, text = room.tokens.make("heating", Role.GUARD, timedelta(days=1), at=noon, by=BY)
    asked = room.approvals.ask(Act.OPEN_MINOR, "person 1", "A guardian wrote.", at=noon, by=BY)
    told = f"{account!r}{token!r}{asked!r}{account.secrets!r}"
    for secret in ("Wang", "wang", "a verifier", "ABCD", "heating", "person 1", "guardian", text):
        assert secret not in told
