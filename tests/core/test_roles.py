"""R53: deny by default."""

import itertools

import pytest

from gate.core.consent import Approver
from gate.core.roles import GRANTED, Act, Role, may

EXPECTED = {
    (Role.MANAGER, Act.APPROVE_ASSESSMENT),
    (Role.PRIVACY_OFFICER, Act.APPROVE_ASSESSMENT),
    (Role.MANAGER, Act.OPEN_MINOR),
    (Role.PRIVACY_OFFICER, Act.OPEN_MINOR),
}


@pytest.mark.parametrize(("role", "act"), list(itertools.product(Role, Act)))
def test_r53_a_role_may_what_the_table_grants_and_nothing_else(role, act):
    assert may(role, act) == ((role, act) in EXPECTED)


@pytest.mark.parametrize("word", ["", "owner", "Manager", "manager "])
def test_r53_a_word_that_names_no_role_may_nothing(word):
    assert not any(may(word, act) for act in Act)


def test_r27_r53_a_child_s_record_takes_the_approval_of_a_role_that_may():
    assert {approver.value for approver in Approver} == {role.value for role in GRANTED[Act.OPEN_MINOR]}
