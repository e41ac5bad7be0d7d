"""A duress PIN opens as the PIN does, in one hash, and only the verdict tells them apart."""

import sys
from contextlib import contextmanager
from datetime import timedelta

import pytest

from gate.core.credentials import PinMatch, Verdict, are_alike, pin_fault
from gate.core.types import Method, Reason
from gate.store.pins import generate_pin

UNKNOWN = Verdict(Reason.UNKNOWN_CREDENTIAL)
HASHES = {"derive", "verify", "derive_phc_encoded", "verify_phc_encoded"}


@pytest.fixture
def store(open_store):
    return open_store(duress=True)


@pytest.fixture
def pins(store, resident, noon):
    return store.residents.new_pins("301", noon)


@pytest.fixture
def type_pin(store, noon):
    def type_pin(pin, unit="301", at=noon, site=None):
        credentials = (site or store).credentials
        check = credentials.prepare_pin(unit, at)
        return credentials.finish_pin(check, ok=check.verify(pin), at=at)

    return type_pin


@contextmanager
def counted():
    """Count the argon2id hashes that run in the block, as the interpreter reports them: nothing of ours is replaced."""
    hashes = []

    def watch(_frame, event, called):
        if event == "c_call" and type(getattr(called, "__self__", None)).__name__ == "Argon2id":
            hashes.append(called.__name__)

    sys.setprofile(watch)
    try:
        yield hashes
    finally:
        sys.setprofile(None)


def test_the_duress_pin_opens_for_its_person_and_says_so_to_the_gate_alone(pins, type_pin, resident):
    verdict = type_pin(pins.duress_pin)
    assert verdict == Verdict(Reason.KNOWN_CREDENTIAL, resident, duress=True)
    assert repr(verdict) == repr(type_pin(pins.pin))


def test_the_pin_itself_raises_no_alarm(pins, type_pin, resident):
    assert type_pin(pins.pin) == Verdict(Reason.KNOWN_CREDENTIAL, resident)


def test_both_sign_in_as_the_same_credential(pins, type_pin):
    """A page opened under threat is the page opened freely (R54)."""
    assert type_pin(pins.pin).pin == type_pin(pins.duress_pin).pin


def test_a_wrong_pin_is_neither(pins, type_pin):
    wrong = next(pin for pin in ("739154", "840261", "502847") if pin not in {pins.pin, pins.duress_pin})
    assert type_pin(wrong) == UNKNOWN


def test_one_hash_whatever_is_typed_and_whoever_lives_there(store, pins, noon):
    """Timing: the PIN, the duress PIN, a wrong one, somebody without duress, a unit nobody has."""
    other = store.people.add("302", "Bo", "")
    plain = store.credentials.issue_pin(other, at=noon)
    tries = [("301", pins.pin), ("301", pins.duress_pin), ("301", "840261"), ("302", plain), ("999", "1")]
    checks = [(store.credentials.prepare_pin(unit, noon), pin) for unit, pin in tries]
    counts = []
    for check, pin in checks:
        with counted() as hashes:
            check.verify(pin)
        counts.append(hashes)
    assert counts == [["derive"]] * len(tries)


def test_a_row_looks_the_same_with_a_duress_pin_and_without(store, pins, noon):
    other = store.people.add("302", "Bo", "")
    store.credentials.issue_pin(other, at=noon)
    rows = store._database.rows("SELECT typeof(duress), length(duress) FROM credentials")
    assert rows == [("blob", 32)] * 2


def test_the_two_pins_are_good_ones_and_no_slip_makes_one_the_other(store, resident):
    drawn = [generate_pin(unlike="739154") for _ in range(10_000)]
    assert not any(are_alike(pin, "739154") for pin in drawn)
    fresh, duress_pin = store.credentials.make_pins(resident)
    assert (pin_fault(fresh.pin), pin_fault(duress_pin)) == (None, None)
    assert not are_alike(fresh.pin, duress_pin)


def test_a_new_pin_ends_the_old_duress_pin(store, pins, type_pin, noon):
    store.residents.new_pin("301", noon)
    assert type_pin(pins.duress_pin) == UNKNOWN


def test_a_revoked_pin_takes_its_duress_pin_along(store, pins, type_pin, noon):
    store.residents.revoke("301", [Method.PIN], noon)
    assert type_pin(pins.duress_pin) == UNKNOWN


def test_an_ended_duress_pin_opens_nothing_and_the_pin_stays(store, pins, type_pin):
    store.residents.end_duress("301")
    assert type_pin(pins.duress_pin) == UNKNOWN
    assert type_pin(pins.pin).granted


def test_a_duress_pin_ended_during_its_check_does_not_open(store, pins, noon):
    check = store.credentials.prepare_pin("301", noon)
    match = check.verify(pins.duress_pin)
    store.residents.end_duress("301")
    assert match is PinMatch.DURESS
    assert store.credentials.finish_pin(check, ok=match, at=noon) == UNKNOWN


def test_where_the_site_takes_none_a_duress_pin_is_a_wrong_pin(open_store, pins, type_pin):
    site = open_store()
    assert type_pin(pins.duress_pin, site=site) == UNKNOWN
    assert type_pin(pins.pin, site=site).granted


def test_a_duress_pin_forgives_the_throttle_like_the_right_one(store, pins, type_pin, noon):
    """Or the next try would tell who stands beside the person that something was odd."""
    for _ in range(3):
        check = store.credentials.prepare_pin("301", noon)
        store.credentials.finish_pin(check, ok=PinMatch.NONE, at=noon)
    later = noon + timedelta(seconds=5)
    assert type_pin(pins.duress_pin, at=later).duress
    assert type_pin("840261", at=later) == UNKNOWN


def test_a_duress_pin_waits_like_any_other(store, pins, type_pin, noon):
    for _ in range(3):
        check = store.credentials.prepare_pin("301", noon)
        store.credentials.finish_pin(check, ok=PinMatch.NONE, at=noon)
    assert type_pin(pins.duress_pin) == Verdict(Reason.THROTTLED)


def test_a_pin_from_before_opens_and_has_no_duress_pin(store, resident, type_pin, intruder, noon):
    """A PHC string of the first release, as argon2 itself spells it, and no second digest beside it."""
    store.credentials.issue_pin(resident, "739154", at=noon)
    with intruder() as connection:
        connection.execute("UPDATE credentials SET duress = NULL")
    assert type_pin("739154") == Verdict(Reason.KNOWN_CREDENTIAL, resident)
    assert type_pin("840261") == UNKNOWN


def test_r55_the_log_does_not_tell_who_has_a_duress_pin(store, resident, noon):
    store.residents.new_pin("301", noon)
    store.residents.new_pins("301", noon)
    plain, with_duress = store.audit.entries()[-2:]
    assert (plain.action, plain.detail) == (with_duress.action, with_duress.detail)


def test_neither_pin_shows_in_a_log_line(store, pins, noon):
    assert repr(pins) == "FreshPins()"
    assert repr(store.credentials.prepare_pin("301", noon)) == "PinCheck(is_throttled=False)"
