"""One's own account (R54): what changes a secret asks for both factors again and ends every other sign-in."""

from __future__ import annotations

import pytest

from gate.errors import RequestError
from gate.web.staff.ports.accounts import Proof
from tests.staffing import GUARD, Phone

FRESH = "nine herons over the weir"


def proof(person, *, password=None, code=None):
    return Proof(password or person.password, person.phone.next_code() if code is None else code)


def refusal(site, work):
    with pytest.raises(RequestError) as refused:
        site.run(work)
    return refused.value.code


def test_a_new_password_takes_the_place_of_the_old(site, manager):
    own = site.accounts.own
    site.run(own.change_password(manager.staff, proof(manager), FRESH))
    assert site.sign_in(manager, password=FRESH)
    with pytest.raises(RequestError, match="do not belong together"):
        site.sign_in(manager)


def test_a_new_password_ends_every_other_sign_in(site, manager):
    elsewhere = site.sign_in(manager)
    here = site.run(site.accounts.own.change_password(manager.staff, proof(manager), FRESH))
    assert site.accounts.still_holds(here)
    assert not site.accounts.still_holds(elsewhere)


@pytest.mark.parametrize(
    "deed",
    ["change_password", "new_second_factor", "new_recovery_codes", "passkey_options", "remove_passkey"],
)
def test_nothing_changes_without_both_factors(site, manager, deed):
    """R54: a browser left open changes no secret."""
    more = {"change_password": (FRESH,), "remove_passkey": ("0" * 16,)}.get(deed, ())
    act = getattr(site.accounts.own, deed)
    wrong = proof(manager, password="not the password")
    assert refusal(site, act(manager.staff, wrong, *more)) == "staff-sign-in-wrong"
    without = proof(manager, code="")
    assert refusal(site, act(manager.staff, without, *more)) == "staff-sign-in-wrong"


def test_guessing_at_an_open_browser_waits_as_at_the_sign_in(site, manager):
    own = site.accounts.own
    for _ in range(4):
        refusal(site, own.new_recovery_codes(manager.staff, proof(manager, password="no", code="0")))
    at_once = proof(manager, code=manager.phone.code())
    assert refusal(site, own.new_recovery_codes(manager.staff, at_once)) == "staff-throttled"


def test_an_unfit_password_is_refused_and_the_old_one_holds(site, manager):
    work = site.accounts.own.change_password(manager.staff, proof(manager), "too short")
    assert refusal(site, work) == "password-too-short"
    assert site.sign_in(manager) == manager.staff


def test_a_new_app_counts_once_it_has_shown_that_it_works(site, manager):
    own = site.accounts.own
    begun = site.run(own.new_second_factor(manager.staff, proof(manager)))
    assert site.sign_in(manager) == manager.staff  # the old one still holds
    own.confirm_second_factor(manager.staff, begun.ticket, Phone(begun.secret, site.clock).code())
    with pytest.raises(RequestError, match="do not belong together"):
        site.sign_in(manager)
    site.sign_in(manager, code=Phone(begun.secret, site.clock).next_code())


def test_nobody_confirms_what_another_began(site, manager):
    guard = site.join(manager, "zhang", GUARD)
    begun = site.run(site.accounts.own.new_second_factor(manager.staff, proof(manager)))
    code = Phone(begun.secret, site.clock).code()
    with pytest.raises(RequestError):
        site.accounts.own.confirm_second_factor(guard.staff, begun.ticket, code)


def test_new_recovery_codes_void_the_old(site, manager):
    ready = site.run(site.accounts.own.new_recovery_codes(manager.staff, proof(manager)))
    with pytest.raises(RequestError, match="do not belong together"):
        site.sign_in(manager, code=manager.recovery_codes[0])
    assert site.sign_in(manager, code=ready.recovery_codes[0]) == manager.staff


def test_ten_codes_are_drawn_and_the_rest_is_counted(site, manager):
    site.sign_in(manager, code=manager.recovery_codes[3])
    assert len(manager.recovery_codes) == 10
    assert site.accounts.own.of(manager.staff).recovery_codes == 9


def test_what_changes_is_written_down_without_what_it_changed_to(site, manager):
    """R55: the act, and no secret."""
    site.run(site.accounts.own.change_password(manager.staff, proof(manager), FRESH))
    line = site.store.audit.entries(newest=1)[0]
    assert (line.action, line.detail) == ("password-changed", "{}")


def test_wrong_tries_at_the_sign_in_stop_nobody_who_is_in(site, manager):
    """R54: who knows a login, or fills the sign-in for all, keeps no manager from a new passkey or password."""
    for login in ("wang",) * 4 + tuple(f"login{number}" for number in range(12)):
        tried = site.store.staff.sign_in.prepare(login, at=site.clock.now(), nobodys_totp="A")
    assert tried.is_throttled
    at_once = proof(manager, code=manager.phone.code(steps_later=1))
    assert site.run(site.accounts.own.passkey_options(manager.staff, at_once))


def test_wrong_proofs_slow_no_sign_in(site, manager):
    for _ in range(4):
        refusal(
            site, site.accounts.own.new_recovery_codes(manager.staff, proof(manager, password="no", code="0"))
        )
    assert site.sign_in(manager, code=manager.phone.code(steps_later=1)) == manager.staff
