"""What takes two persons (R27, R53): never the same account twice, good once, within a day, for exactly what was asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.core.consent import Channel
from gate.core.rights import RequestKind
from gate.core.roles import AccountId, Act, Staff
from gate.errors import RequestError
from gate.web.staff.ports.approvals import ApprovalState
from tests.staffing import GUARD, MANAGER, OFFICER

SUBJECT = "person 0123456789abcdef"
ASKER = Staff(AccountId("a" * 16), frozenset({MANAGER}))
SECOND = Staff(AccountId("b" * 16), frozenset({OFFICER}))
ANYBODY = Staff(AccountId("c" * 16), frozenset({GUARD}))


def ask(site, *, by=ASKER, subject=SUBJECT, reason="A guardian wrote."):
    return site.approvals.ask(by, Act.OPEN_MINOR, subject, reason)


def refusal(call, *args):
    with pytest.raises(RequestError) as refused:
        call(*args)
    return refused.value.code


def test_what_a_second_person_allowed_can_be_done_once(bare):
    asked = ask(bare)
    bare.approvals.allow(asked, SECOND)
    bare.approvals.take(asked, ASKER, Act.OPEN_MINOR, SUBJECT)
    assert refusal(bare.approvals.take, asked, ASKER, Act.OPEN_MINOR, SUBJECT) == "approval-missing"


def test_nobody_allows_what_they_asked_for(bare):
    """R27: the second approval is another person's, whatever offices one account holds."""
    asked = ask(bare)
    both = Staff(ASKER.account, frozenset({MANAGER, OFFICER}))
    assert refusal(bare.approvals.allow, asked, both) == "approval-own"


def test_a_guard_is_no_second_person(bare):
    assert refusal(bare.approvals.allow, ask(bare), ANYBODY) == "approval-role"


def test_nothing_is_done_before_it_is_allowed(bare):
    assert refusal(bare.approvals.take, ask(bare), ASKER, Act.OPEN_MINOR, SUBJECT) == "approval-missing"


@pytest.mark.parametrize(
    ("by", "act", "subject"),
    [
        (SECOND, Act.OPEN_MINOR, SUBJECT),
        (ASKER, Act.EXPORT_EVIDENCE, SUBJECT),
        (ASKER, Act.OPEN_MINOR, "person fedcba9876543210"),
    ],
)
def test_an_approval_holds_for_who_asked_and_for_exactly_that(bare, by, act, subject):
    asked = ask(bare)
    bare.approvals.allow(asked, SECOND)
    assert refusal(bare.approvals.take, asked, by, act, subject) == "approval-missing"


def test_an_approval_holds_for_a_day(bare):
    asked = ask(bare)
    bare.approvals.allow(asked, SECOND)
    bare.clock.pass_time(hours=24)
    assert refusal(bare.approvals.take, asked, ASKER, Act.OPEN_MINOR, SUBJECT) == "approval-missing"
    assert bare.approvals.find(ASKER, Act.OPEN_MINOR, SUBJECT).state is ApprovalState.LAPSED


def test_a_question_waits_a_week(bare):
    asked = ask(bare)
    bare.clock.pass_time(days=7)
    assert refusal(bare.approvals.allow, asked, SECOND) == "approval-over"


def test_an_answer_is_final(bare):
    asked = ask(bare)
    bare.approvals.deny(asked, SECOND)
    assert refusal(bare.approvals.allow, asked, SECOND) == "approval-over"
    assert bare.approvals.find(ASKER, Act.OPEN_MINOR, SUBJECT).state is ApprovalState.DENIED


def test_who_asked_may_take_it_back(bare):
    asked = ask(bare)
    bare.approvals.deny(asked, ASKER)
    assert refusal(bare.approvals.allow, asked, SECOND) == "approval-over"


def test_a_guard_denies_nothing(bare):
    assert refusal(bare.approvals.deny, ask(bare), ANYBODY) == "approval-role"


def test_asking_twice_is_one_question(bare):
    assert ask(bare) == ask(bare, reason="Again.")


def test_after_an_answer_the_same_can_be_asked_anew(bare):
    first = ask(bare)
    bare.approvals.deny(first, SECOND)
    assert ask(bare) != first


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_the_second_person_is_told_why(bare, reason):
    with pytest.raises(RequestError, match="reason"):
        ask(bare, reason=reason)


def test_one_account_has_twenty_questions_at_most(bare):
    for number in range(20):
        ask(bare, subject=f"person {number}")
    with pytest.raises(RequestError, match="20"):
        ask(bare)
    assert ask(bare, by=Staff(AccountId("d" * 16), frozenset({MANAGER})))


def test_an_act_of_one_person_is_never_asked_for(bare):
    with pytest.raises(ValueError, match="two persons"):
        bare.approvals.ask(ASKER, Act.LOCK_DOWN, "gate", "why")


def test_every_step_is_written_down_without_subject_or_reason(bare):
    """R55."""
    asked = ask(bare)
    bare.approvals.allow(asked, SECOND)
    bare.approvals.take(asked, ASKER, Act.OPEN_MINOR, SUBJECT)
    lines = [each for each in bare.store.audit.entries() if each.action.startswith("approval")]
    assert [(each.action, each.actor) for each in lines] == [
        ("approval-asked", ASKER.value),
        ("approval-allowed", SECOND.value),
        ("approval-used", ASKER.value),
    ]
    assert {each.detail for each in lines} == {'{"act":"open-minor"}'}


def test_an_answer_written_into_the_database_is_none(bare):
    """R50."""
    first, second = ask(bare), ask(bare, subject="person 1")
    bare.approvals.allow(first, SECOND)
    sql = "UPDATE approvals SET (wrapped_key, sealed) = (SELECT wrapped_key, sealed FROM approvals WHERE id = ?) WHERE id = ?"
    bare.store.staff.write(lambda c: c.execute(sql, (first, second)))
    with pytest.raises(Exception, match="altered or moved"):
        bare.approvals.take(second, ASKER, Act.OPEN_MINOR, "person 1")


def asked_and_allowed(site, by, second):
    """Have *second* allow what *by* asks for; give the refusal, None where it is allowed."""
    asked = ask(site, by=by.staff)
    try:
        site.approvals.allow(asked, second.staff)
    except RequestError as refused:
        return refused.code
    return None


@pytest.fixture
def other(site, manager):
    """Give a manager in whose account the first had no hand: by a set-up code of the device."""
    return site.set_up("chen")


def give_offices(site, by, account, *roles):
    view = site.accounts.book.get(account)
    site.accounts.book.change(by.staff, account, name=view.name, roles=frozenset(roles), seen=view.seen)


def test_two_managers_apart_are_two_persons(site, manager, other):
    assert asked_and_allowed(site, manager, other) is None


def test_an_account_that_the_asker_entered_allows_nothing_of_theirs(site, manager):
    """R53: who takes the invitation up themselves is not two persons for that."""
    assert asked_and_allowed(site, manager, site.join(manager, "puppet", MANAGER)) == "approval-near"


def test_an_account_that_the_asker_reset_allows_nothing_of_theirs(site, manager, other):
    """R53: the code of a reset is shown to who pressed, who then may be both."""
    taken = site.take_up(site.accounts.book.invite_anew(manager.staff, other.staff.account))
    assert asked_and_allowed(site, manager, taken) == "approval-near"


def test_an_account_to_which_the_asker_gave_an_office_allows_nothing_of_theirs(site, manager, other):
    guard = site.join(other, "zhang", GUARD)
    give_offices(site, manager, guard.staff.account, GUARD, OFFICER)
    assert asked_and_allowed(site, manager, replace(guard, staff=site.sign_in(guard))) == "approval-near"
    assert asked_and_allowed(site, other, replace(guard, staff=site.sign_in(guard))) == "approval-near"


def test_a_name_or_an_office_taken_makes_nobody_near(site, manager, other):
    give_offices(site, other, manager.staff.account, MANAGER, OFFICER)
    give_offices(site, other, manager.staff.account, MANAGER)
    site.clock.pass_time(days=31)
    view = site.accounts.book.get(other.staff.account)
    site.accounts.book.change(
        manager.staff, other.staff.account, name="Chen Bo", roles=view.roles, seen=view.seen
    )
    assert asked_and_allowed(site, manager, other) is None


@pytest.mark.parametrize(("days", "said"), [(29, "approval-near"), (30, None)])
def test_after_thirty_days_an_account_is_taken_for_anothers(site, manager, days, said):
    joined = site.join(manager, "bo", MANAGER)
    site.clock.pass_time(days=days)
    assert asked_and_allowed(site, manager, joined) == said


def test_who_entered_an_account_answers_what_it_asks(site, manager):
    """So that a site of two goes on; ADR 0020 says what that does not give."""
    assert asked_and_allowed(site, site.join(manager, "bo", MANAGER), manager) is None


def test_a_third_account_answers_for_one_that_is_near(site, manager, other):
    site.join(manager, "bo", MANAGER)
    assert asked_and_allowed(site, manager, other) is None


def test_a_list_tells_the_unit_of_the_person_and_of_nobody_else(bare):
    person = bare.store.people.add("1204", "Bo Chen", "")
    ask(bare, subject=f"person {person}")
    ask(bare, subject="person 0123")
    ask(bare, subject="request 0123")
    bare.approvals.ask(ASKER, Act.EXPORT_EVIDENCE, "evidence archive", "why")
    assert [each.unit for each in bare.approvals.all()] == [None, None, None, "1204"]


def test_a_list_tells_the_unit_of_whose_request_it_is(bare):
    person = bare.store.people.add("1204", "Bo Chen", "")
    request = bare.store.requests.open(
        RequestKind.ACCESS, person, "All of it.", channel=Channel.DESK, at=bare.clock.now(), actor=ASKER
    )
    ask(bare, subject=f"request {request}")
    assert bare.approvals.all()[0].unit == "1204"
