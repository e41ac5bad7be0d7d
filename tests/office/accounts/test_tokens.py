"""Tokens of programs (R53): one office each, for a year at most, ended at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.core.roles import Act, Role
from gate.errors import RequestError
from tests.staffing import GUARD, INSTALLER, MANAGER, OFFICER


def refusal(call, *args):
    with pytest.raises(RequestError) as refused:
        call(*args)
    return refused.value.code


def test_a_token_may_what_its_office_may_and_no_more(site, manager):
    holder = site.tokens.holder(site.tokens.make(manager.staff, "heating", GUARD, 30).text)
    assert (holder.may(Act.LOCK_DOWN), holder.may(Act.MANAGE_PEOPLE)) == (True, False)


def test_a_token_is_shown_once(site, manager):
    made = site.tokens.make(manager.staff, "heating", GUARD, 30)
    assert made.text not in repr(site.tokens.all())
    assert made.text not in repr(made)


@pytest.mark.parametrize("days", [0, 366, -1])
def test_a_token_holds_for_a_year_at_most(site, manager, days):
    assert refusal(site.tokens.make, manager.staff, "heating", GUARD, days) == "token-days"


def test_a_token_runs_out(site, manager):
    made = site.tokens.make(manager.staff, "heating", GUARD, 1)
    site.clock.pass_time(days=1)
    assert site.tokens.holder(made.text) is None


def test_a_revoked_token_opens_nothing_from_then_on(site, manager):
    made = site.tokens.make(manager.staff, "heating", GUARD, 30)
    site.tokens.revoke(manager.staff, made.token.id)
    assert site.tokens.holder(made.text) is None
    assert refusal(site.tokens.revoke, manager.staff, made.token.id) == "token-unknown"


@pytest.mark.parametrize("text", ["", "gate_", "gate_" + "A" * 43, "gate_é", "x" * 10_000, "Bearer gate_x"])
def test_whatever_is_no_token_opens_nothing(site, manager, text):
    assert site.tokens.holder(text) is None


def test_nobody_makes_a_token_that_may_more_than_they(site, manager):
    """R53: a manager who is no privacy officer reads no audit log by a detour."""
    assert refusal(site.tokens.make, manager.staff, "log", OFFICER, 30) == "token-role"
    assert site.tokens.roles_for(manager.staff) == (GUARD, MANAGER, INSTALLER)


def test_the_privacy_officer_makes_the_token_that_reads_the_audit_log_and_no_other(site, manager):
    """R53, R55: nobody else could, for nobody else reads it."""
    officer = site.join(manager, "li", OFFICER)
    assert officer.staff.may(Act.MANAGE_TOKENS)
    assert site.tokens.roles_for(officer.staff) == (OFFICER,)
    holder = site.tokens.holder(site.tokens.make(officer.staff, "archive", OFFICER, 30).text)
    assert holder.may(Act.SEE_AUDIT)


def test_who_is_both_may_make_both(bare):
    both = bare.set_up(roles=frozenset({OFFICER}))
    assert bare.tokens.roles_for(both.staff) == tuple(Role)


def test_a_later_end_written_into_the_database_opens_nothing(site, manager):
    made = site.tokens.make(manager.staff, "heating", GUARD, 1)
    site.clock.pass_time(days=2)
    site.store.staff.write(lambda c: c.execute("UPDATE tokens SET expires_at = expires_at + 864000"))
    assert site.tokens.holder(made.text) is None


def test_fifty_tokens_are_enough(site, manager):
    for _ in range(50):
        site.tokens.make(manager.staff, "heating", GUARD, 30)
    assert refusal(site.tokens.make, manager.staff, "heating", GUARD, 30) == "token-many"


def test_the_log_tells_of_the_token_and_not_its_name(site, manager):
    """R55."""
    made = site.tokens.make(manager.staff, "heating", GUARD, 30)
    line = site.store.audit.entries(newest=1)[0]
    assert (line.action, line.object, line.detail) == ("token-made", made.token.id, '{"role":"guard"}')


@pytest.fixture
def maker(site, manager):
    """Give a second manager, who makes tokens."""
    return site.join(manager, "bo", MANAGER)


def to_offices(site, by, account, *roles):
    view = site.accounts.book.get(account)
    site.accounts.book.change(by.staff, account, name=view.name, roles=frozenset(roles), seen=view.seen)


def test_a_token_ends_with_the_office_it_was_made_from(site, manager, maker):
    """R53: of a manager who is a guard from now on, what a guard may make stays, and nothing else, for good."""
    above, below = (site.tokens.make(maker.staff, "heating", role, 30) for role in (MANAGER, GUARD))
    to_offices(site, manager, maker.staff.account, GUARD)
    assert (site.tokens.holder(above.text), site.tokens.holder(below.text).role) == (None, GUARD)
    to_offices(site, manager, maker.staff.account, MANAGER)
    assert site.tokens.holder(above.text) is None


def test_a_reset_ends_the_tokens_whoever_had_the_secrets_may_have_made(site, manager, maker):
    made = site.tokens.make(maker.staff, "heating", GUARD, 30)
    invitation = site.accounts.book.invite_anew(manager.staff, maker.staff.account)
    assert site.tokens.holder(made.text) is None
    site.take_up(invitation)
    assert site.tokens.holder(made.text) is None


def test_a_token_asks_its_makers_account_each_time(site, manager, maker):
    """R53: also where the office went by another way than the book, which revokes."""
    made = site.tokens.make(maker.staff, "heating", MANAGER, 30)
    store, account = site.store.staff, maker.staff.account
    fewer = frozenset({GUARD})
    store.accounts.change(
        account, lambda each: replace(each, roles=fewer), at=site.clock.now(), by=manager.staff
    )
    assert site.tokens.all()[0].revoked_at is None
    assert site.tokens.holder(made.text) is None


def test_a_token_whose_makers_account_signs_nobody_in_opens_nothing(site, manager, maker):
    """R51: as after a restored backup, which brings accounts back without their secrets."""
    made = site.tokens.make(maker.staff, "heating", GUARD, 30)
    room, account = site.store.staff, maker.staff.account
    room.write(lambda c: room.accounts.take_secrets(c, account, site.clock.now()))
    assert site.tokens.holder(made.text) is None
