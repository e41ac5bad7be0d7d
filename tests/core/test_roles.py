"""R53: deny by default."""

import itertools

import pytest

from gate.core.consent import Approver
from gate.core.roles import GRANTED, AccountId, Act, Program, Proof, Role, Staff, may

EXPECTED = {
    Role.GUARD: "see-gate release-door lock-down acknowledge block-card",
    Role.MANAGER: """see-gate release-door lock-down acknowledge block-card manage-people enrol set-hours edit-notice
        answer-requests see-counts see-retention change-retention change-rules manage-backups manage-accounts manage-tokens
        approve approve-assessment open-minor export-record""",
    Role.PRIVACY_OFFICER: """see-gate edit-notice publish-notice answer-requests see-counts see-audit export-evidence
        see-retention change-retention switch-live-events manage-tokens approve approve-assessment open-minor
        export-record""",
    Role.INSTALLER: "see-gate change-rules manage-backups",
}
PERSONAL = {Act.MANAGE_PEOPLE, Act.ENROL, Act.ANSWER_REQUESTS, Act.OPEN_MINOR, Act.EXPORT_RECORD}


@pytest.mark.parametrize(("role", "act"), list(itertools.product(Role, Act)))
def test_r53_a_role_may_what_the_table_grants_and_nothing_else(role, act):
    assert may(role, act) == (act in EXPECTED[role].split())


@pytest.mark.parametrize("word", ["", "owner", "Manager", "manager "])
def test_r53_a_word_that_names_no_role_may_nothing(word):
    assert not any(may(word, act) for act in Act)


def test_r27_r53_a_child_s_record_takes_the_approval_of_a_role_that_may():
    assert {approver.value for approver in Approver} == {role.value for role in GRANTED[Act.OPEN_MINOR]}


@pytest.mark.parametrize("role", [Role.GUARD, Role.INSTALLER])
def test_r53_guard_and_installer_open_nobody_s_data(role):
    assert not any(may(role, act) for act in PERSONAL)


def test_r53_who_holds_several_offices_may_what_each_may_and_no_more():
    both = Staff(AccountId("a" * 16), frozenset({Role.GUARD, Role.INSTALLER}))
    for act in Act:
        assert both.may(act) == (may(Role.GUARD, act) or may(Role.INSTALLER, act))


def test_r53_an_account_without_an_office_may_nothing():
    assert not any(Staff(AccountId("a" * 16), frozenset()).may(act) for act in Act)


def test_r53_a_program_may_what_its_one_office_may():
    program = Program("t" * 16, Role.GUARD)
    assert [act for act in Act if program.may(act)] == [act for act in Act if may(Role.GUARD, act)]


def test_r55_the_audit_log_is_told_an_id_and_no_name():
    assert Staff(AccountId("a" * 16), frozenset()).value == f"staff:{'a' * 16}"
    assert Program("t" * 16, Role.GUARD).value == f"token:{'t' * 16}"


def test_a_program_that_signs_is_named_apart_from_one_that_shows_a_token():
    assert Program("c" * 16, Role.GUARD, Proof.KEY).value == f"key:{'c' * 16}"


def test_r53_who_may_all_of_an_office_holds_it_or_more():
    """A token is made, and kept, by who may all that it may."""
    manager, guard = (Staff(AccountId("a" * 16), frozenset({role})) for role in (Role.MANAGER, Role.GUARD))
    assert [manager.may_all_of(role) for role in (Role.MANAGER, Role.GUARD, Role.PRIVACY_OFFICER)] == [
        True,
        True,
        False,
    ]
    assert not guard.may_all_of(Role.MANAGER)
