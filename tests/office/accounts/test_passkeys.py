"""Passkeys (R54): with user verification, for this site, once each; nothing a stranger sends is more than refused."""

from __future__ import annotations

import json

import pytest

from gate.errors import RequestError
from gate.web.staff.ports.accounts import Proof
from tests.passkeys import Authenticator, b64
from tests.staffing import GUARD


def options_for(site, person):
    proof = Proof(person.password, person.phone.next_code())
    return site.run(site.accounts.own.passkey_options(person.staff, proof))


def add(site, person, key=None):
    key = key or Authenticator()
    site.accounts.own.add_passkey(person.staff, "Telephone", key.make(options_for(site, person)))
    return key


@pytest.fixture
def key(site, manager):
    return add(site, manager)


def refused(call, *args):
    with pytest.raises(RequestError) as told:
        call(*args)
    return told.value.code


def test_a_passkey_signs_its_owner_in_without_a_login(site, manager, key):
    sign_in = site.accounts.sign_in
    assert sign_in.with_passkey(key.sign(sign_in.passkey_options())) == manager.staff


def test_a_passkey_is_taken_while_passwords_wait(site, manager, key):
    """R54: whoever fills the sign-in with wrong passwords keeps nobody with a passkey out."""
    for _ in range(4):
        with pytest.raises(RequestError):
            site.run(site.accounts.sign_in.with_password("wang", "no", "0"))
    sign_in = site.accounts.sign_in
    assert sign_in.with_passkey(key.sign(sign_in.passkey_options())) == manager.staff


def test_an_answer_is_good_once(site, manager):
    key = add(site, manager, Authenticator(counts=False))
    sign_in = site.accounts.sign_in
    answer = key.sign(sign_in.passkey_options())
    sign_in.with_passkey(answer)
    assert refused(sign_in.with_passkey, answer) == "passkey-refused"


def test_an_answer_counts_for_five_minutes(site, manager, key):
    sign_in = site.accounts.sign_in
    options = sign_in.passkey_options()
    site.clock.pass_time(minutes=6)
    assert refused(sign_in.with_passkey, key.sign(options)) == "passkey-refused"


def test_a_challenge_of_before_a_restart_is_none_of_ours(site, manager, key):
    options = site.accounts.sign_in.passkey_options()
    site.open_office()
    assert refused(site.accounts.sign_in.with_passkey, key.sign(options)) == "passkey-refused"


def test_without_finger_or_pin_a_passkey_is_refused(site, manager, key):
    """R54: user verification makes it two factors."""
    key.verifies = False
    sign_in = site.accounts.sign_in
    assert refused(sign_in.with_passkey, key.sign(sign_in.passkey_options())) == "passkey-refused"


@pytest.mark.parametrize(
    "changed",
    [
        {"origin": "https://gate.example.com"},
        {"origin": "http://gate.example.org"},
        {"origin": "https://gate.example.org.evil.example"},
        {"type": "webauthn.create"},
        {"challenge": b64(bytes(40))},
        {"crossOrigin": True},
    ],
)
def test_an_answer_for_another_page_is_refused(site, manager, key, changed):
    sign_in = site.accounts.sign_in
    assert refused(sign_in.with_passkey, key.sign(sign_in.passkey_options(), **changed)) == "passkey-refused"


def test_a_counter_that_goes_back_is_a_copied_passkey(site, manager, key):
    sign_in = site.accounts.sign_in
    key.count = 10
    sign_in.with_passkey(key.sign(sign_in.passkey_options()))
    key.count = 4
    assert refused(sign_in.with_passkey, key.sign(sign_in.passkey_options())) == "passkey-refused"


def test_another_account_named_in_the_answer_is_refused(site, manager, key):
    sign_in = site.accounts.sign_in
    answer = key.sign(sign_in.passkey_options(), handle=bytes(8))
    assert refused(sign_in.with_passkey, answer) == "passkey-refused"


def test_an_unknown_passkey_is_refused_in_the_same_words(site, manager, key):
    sign_in = site.accounts.sign_in
    stranger = Authenticator(handle=bytes.fromhex(manager.staff.account))
    assert refused(sign_in.with_passkey, stranger.sign(sign_in.passkey_options())) == "passkey-refused"


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"id": 1}',
        "\x00",
        '{"id":"AA","rawId":"AA","response":{},"type":"public-key"}',
        "[" * 4000,
    ],
)
def test_whatever_a_stranger_sends_is_refused(site, manager, answer):
    assert refused(site.accounts.sign_in.with_passkey, answer) == "passkey-refused"


def test_a_passkey_of_a_disabled_account_signs_nobody_in(site, manager):
    guard = site.join(manager, "zhang", GUARD)
    key = add(site, guard)
    site.accounts.book.disable(manager.staff, guard.staff.account)
    sign_in = site.accounts.sign_in
    assert refused(sign_in.with_passkey, key.sign(sign_in.passkey_options())) == "passkey-refused"


def test_a_removed_passkey_signs_nobody_in_and_ends_other_sign_ins(site, manager, key):
    own = site.accounts.own
    passkey = own.of(manager.staff).passkeys[0]
    proof = Proof(manager.password, manager.phone.next_code())
    here = site.run(own.remove_passkey(manager.staff, proof, passkey.id))
    sign_in = site.accounts.sign_in
    assert refused(sign_in.with_passkey, key.sign(sign_in.passkey_options())) == "passkey-refused"
    assert (sign_in.still_holds(here), sign_in.still_holds(manager.staff)) == (True, False)


def test_nobody_removes_anothers_passkey(site, manager, key):
    guard = site.join(manager, "zhang", GUARD)
    passkey = site.accounts.own.of(manager.staff).passkeys[0]
    proof = Proof(guard.password, guard.phone.next_code())
    with pytest.raises(RequestError, match="no such passkey"):
        site.run(site.accounts.own.remove_passkey(guard.staff, proof, passkey.id))


def test_a_passkey_is_made_for_who_asked(site, manager):
    guard = site.join(manager, "zhang", GUARD)
    answer = Authenticator().make(options_for(site, manager))
    assert refused(site.accounts.own.add_passkey, guard.staff, "Mine", answer) == "passkey-refused"


def test_a_passkey_is_made_in_five_minutes_or_not(site, manager):
    options = options_for(site, manager)
    site.clock.pass_time(minutes=6)
    answer = Authenticator().make(options)
    assert refused(site.accounts.own.add_passkey, manager.staff, "Mine", answer) == "passkey-refused"


def test_a_passkey_is_offered_for_the_sites_name_and_not_twice(site, manager, key):
    asked = json.loads(options_for(site, manager))
    assert asked["rp"]["id"] == "gate.example.org"
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert [each["id"] for each in asked["excludeCredentials"]] == [b64(key.credential)]


def test_ten_passkeys_are_enough(site, manager):
    room = site.store.staff.passkeys
    for number in range(10):
        room.add(
            manager.staff.account,
            "one",
            bytes([number]) * 16,
            b"key",
            0,
            at=site.clock.now(),
            by=manager.staff,
        )
    answer = Authenticator().make(options_for(site, manager))
    assert refused(site.accounts.own.add_passkey, manager.staff, "Mine", answer) == "passkey-many"


def test_a_passkey_row_moved_to_another_account_opens_nothing(site, manager, key):
    """R50: nobody's passkey opens another's account, whatever is written into the database."""
    guard = site.join(manager, "zhang", GUARD)
    site.store.staff.write(lambda c: c.execute("UPDATE passkeys SET account_id = ?", (guard.staff.account,)))
    sign_in = site.accounts.sign_in
    with pytest.raises(Exception, match="altered or moved"):
        sign_in.with_passkey(key.sign(sign_in.passkey_options()))
