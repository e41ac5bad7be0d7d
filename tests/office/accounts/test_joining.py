"""The first account and every other one: no default account, forced set-up (R52), a second factor for all (R54)."""

from __future__ import annotations

import pytest

from gate.core.roles import Role
from gate.errors import RequestError
from gate.office.accounts.ready import make_ready
from tests.staffing import GUARD, INSTALLER, MANAGER, NOON, OFFICER, PASSWORD, Phone


def setup_code(site):
    return site.store.staff.codes.set_up_code(site.clock.now())[0]


def begin(site, code, *, login="wang", name="Wang Li", password=PASSWORD, roles=frozenset()):
    return site.run(site.accounts.joining.set_up(code, login, name, password, roles))


def refusal(call, *args, **values):
    with pytest.raises(RequestError) as refused:
        call(*args, **values)
    return refused.value.code


def test_a_new_gate_has_no_account_at_all(bare):
    """R52: no default account."""
    assert bare.accounts.book.all() == ()
    assert not bare.accounts.joining.is_set_up


def test_the_set_up_makes_a_manager_who_can_sign_in(bare):
    person = bare.set_up()
    assert bare.accounts.joining.is_set_up
    assert bare.sign_in(person).roles == {MANAGER}


def test_one_person_may_hold_several_offices(bare):
    assert bare.set_up(roles=frozenset({OFFICER, INSTALLER})).staff.roles == {MANAGER, OFFICER, INSTALLER}


def test_nothing_is_written_before_the_second_factor_works(bare):
    begin(bare, setup_code(bare))
    assert bare.accounts.book.all() == ()


def test_a_wrong_code_of_the_app_can_be_tried_again(bare):
    begun = begin(bare, setup_code(bare))
    joining = bare.accounts.joining
    assert refusal(joining.confirm, begun.ticket, "000000") == "totp-wrong"
    assert joining.confirm(begun.ticket, Phone(begun.secret, bare.clock).code()).recovery_codes


def test_the_code_that_confirmed_does_not_sign_in_as_well(bare):
    begun = begin(bare, setup_code(bare))
    code = Phone(begun.secret, bare.clock).code()
    bare.accounts.joining.confirm(begun.ticket, code)
    with pytest.raises(RequestError):
        bare.run(bare.accounts.sign_in.with_password("wang", PASSWORD, code))


def test_no_account_begins_without_the_set_up_code(bare):
    """R52: whoever reaches the page first is not the manager."""
    assert refusal(begin, bare, "AAAA-AAAA-AAAA-AAAA") == "setup-code-wrong"
    assert refusal(begin, bare, "") == "setup-code-wrong"


def test_a_set_up_code_is_good_once(bare):
    code = setup_code(bare)
    begun = begin(bare, code)
    bare.accounts.joining.confirm(begun.ticket, Phone(begun.secret, bare.clock).code())
    assert refusal(begin, bare, code, login="zhang") == "setup-code-wrong"


def test_two_who_began_with_one_code_do_not_both_end(bare):
    code = setup_code(bare)
    first, second = begin(bare, code), begin(bare, code, login="zhang")
    bare.accounts.joining.confirm(first.ticket, Phone(first.secret, bare.clock).code())
    late = Phone(second.secret, bare.clock).code()
    assert refusal(bare.accounts.joining.confirm, second.ticket, late) == "setup-code-wrong"
    assert [each.login for each in bare.accounts.book.all()] == ["wang"]


def test_a_set_up_code_is_over_after_an_hour(bare):
    code = setup_code(bare)
    bare.clock.pass_time(minutes=60)
    assert refusal(begin, bare, code) == "setup-code-wrong"


def test_a_newer_set_up_code_voids_the_one_before(bare):
    code = setup_code(bare)
    setup_code(bare)
    assert refusal(begin, bare, code) == "setup-code-wrong"


def test_a_set_up_code_may_be_typed_with_spaces_and_misread_letters(bare):
    code = setup_code(bare)
    typed = " ".join(code.lower()).replace("0", "o").replace("1", "l")
    assert begin(bare, typed).ticket


def test_a_longer_end_written_into_the_database_opens_nothing(bare, tmp_path):
    """R52: whoever writes to the database makes no code last."""
    code = setup_code(bare)
    bare.clock.pass_time(hours=2)
    bare.store.staff.write(lambda c: c.execute("UPDATE one_time_codes SET expires_at = expires_at + 86400"))
    assert refusal(begin, bare, code) == "setup-code-wrong"


def test_a_locked_out_manager_comes_back_by_a_set_up_code(site, manager):
    other = site.set_up("zhang")
    assert MANAGER in other.staff.roles


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("login", "w", "login-unfit"),
        ("login", "wang li", "login-unfit"),
        ("login", "-wang", "login-unfit"),
        ("login", "w" * 33, "login-unfit"),
        ("name", "", "name-unfit"),
        ("name", "L" * 81, "name-unfit"),
        ("name", "Li\x00", "name-unfit"),
        ("password", "short", "password-too-short"),
        ("password", "x" * 129, "password-too-long"),
        ("password", "passwordpassword1", "password-common"),
        ("password", "wang und vier Birken", "password-names"),
    ],
)
def test_what_is_unfit_is_told_and_the_code_stays_good(bare, field, value, code):
    made = setup_code(bare)
    assert refusal(begin, bare, made, **{field: value}) == code
    assert begin(bare, made).ticket


def test_a_login_in_use_is_taken(site, manager):
    assert refusal(begin, site, setup_code(site)) == "login-taken"


def test_an_enrolment_waits_a_quarter_of_an_hour(bare):
    begun = begin(bare, setup_code(bare))
    bare.clock.pass_time(minutes=15)
    assert refusal(bare.accounts.joining.waiting, begun.ticket) == "enrolment-over"


def test_the_secret_is_shown_again_while_it_waits(bare):
    begun = begin(bare, setup_code(bare))
    assert bare.accounts.joining.waiting(begun.ticket) == begun


def test_the_qr_code_names_gate_and_login(bare):
    begun = begin(bare, setup_code(bare))
    assert begun.uri.startswith("otpauth://totp/Gate%20north:wang?secret=")


def test_an_invited_guard_takes_the_account_up(site, manager):
    guard = site.join(manager, "zhang", GUARD)
    assert site.sign_in(guard).roles == {Role.GUARD}


def test_an_invitation_is_good_once(site, manager):
    invitation = site.accounts.book.invite(manager.staff, "zhang", "Zhang", frozenset({GUARD}))
    site.take_up(invitation)
    with pytest.raises(RequestError, match="invitation"):
        site.run(site.accounts.joining.join(invitation.code, PASSWORD))


def test_an_invitation_is_over_after_a_week(site, manager):
    invitation = site.accounts.book.invite(manager.staff, "zhang", "Zhang", frozenset({GUARD}))
    site.clock.pass_time(days=7)
    with pytest.raises(RequestError, match="invitation"):
        site.run(site.accounts.joining.join(invitation.code, PASSWORD))


def test_an_invitation_is_no_set_up_code_and_the_other_way_round(site, manager):
    invitation = site.accounts.book.invite(manager.staff, "zhang", "Zhang", frozenset({GUARD}))
    assert refusal(begin, site, invitation.code, login="other") == "setup-code-wrong"
    with pytest.raises(RequestError, match="invitation"):
        site.run(site.accounts.joining.join(setup_code(site), PASSWORD))


def test_nobody_signs_in_to_an_account_that_is_only_invited(site, manager):
    site.accounts.book.invite(manager.staff, "zhang", "Zhang", frozenset({GUARD}))
    with pytest.raises(RequestError, match="do not belong together"):
        site.run(site.accounts.sign_in.with_password("zhang", PASSWORD, "000000"))


def test_neither_codes_nor_passwords_stand_in_the_database(site, manager, tmp_path):
    """R50: what the database holds of a code is a keyed HMAC."""
    code = setup_code(site)
    site.store.close()
    data = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir())
    for secret in (code, manager.password, manager.phone.secret, "wang", *manager.recovery_codes):
        assert secret.encode() not in data


def test_a_set_up_is_written_down(bare):
    bare.set_up()
    assert {"setup-code-made", "account-created", "signed-in"} <= set(bare.actions())
    assert bare.accounts.book.all()[0].created_at == NOON


def test_an_account_made_ready_for_a_demonstration_signs_in(bare):
    ready = make_ready(bare.store, "demo", "Demo", frozenset({MANAGER}), bare.clock.now())
    code = Phone(ready.totp, bare.clock).code()
    signed = bare.run(bare.accounts.sign_in.with_password("demo", ready.password, code))
    assert signed.roles == {MANAGER}
    assert ready.password not in repr(ready)
