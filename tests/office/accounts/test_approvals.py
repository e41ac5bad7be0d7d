"""What takes two persons (R27, R53): never the same account twice, good once, within a day, for exactly what was asked."""

from __future__ import annotations

import pytest

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
