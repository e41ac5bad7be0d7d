"""Cards and PINs open for their person and tell a stranger nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from gate.core.credentials import Verdict, pin_fault
from gate.core.types import Method, PersonId, Reason
from gate.errors import RequestError
from gate.store.keyring.hashing import USUAL
from gate.store.pins import dummy_verifier, generate_pin

PIN = "739154"
UNKNOWN = Verdict(Reason.UNKNOWN_CREDENTIAL)


@pytest.fixture
def try_pin(store, noon):
    def try_pin(unit="301", pin=PIN, at=noon):
        check = store.credentials.prepare_pin(unit, at)
        return store.credentials.finish_pin(check, ok=check.verify(pin), at=at)

    return try_pin


@pytest.fixture
def with_pin(store, resident, noon):
    store.credentials.issue_pin(resident, PIN, at=noon)
    return resident


def code_of(act, *args, **kwargs):
    with pytest.raises(RequestError) as refusal:
        act(*args, **kwargs)
    return refusal.value.code


def test_a_card_opens_for_its_person_and_another_does_not(store, resident, noon):
    store.credentials.issue_card(resident, "0451", at=noon)
    assert store.credentials.check_card("0451", noon) == Verdict(Reason.KNOWN_CREDENTIAL, resident)
    assert store.credentials.check_card("0452", noon) == UNKNOWN
    assert store.credentials.check_card("'; DROP TABLE credentials --", noon) == UNKNOWN


def test_a_card_for_later_opens_from_its_first_second_to_its_last(store, resident, noon):
    second, day = timedelta(seconds=1), timedelta(days=1)
    begin, end = noon + day, noon + 2 * day
    store.credentials.issue_card(resident, "0451", at=noon, valid_from=begin, valid_until=end)
    times = (noon, begin - second, begin, end - second, end)
    granted = [store.credentials.check_card("0451", at).granted for at in times]
    assert granted == [False, False, True, True, False]
    [issued] = store.credentials.of(resident)
    assert (issued.valid_from, issued.valid_until) == (begin, end)


@pytest.mark.parametrize("begin", [None, timedelta(0), timedelta(days=-1)])
def test_a_clock_set_back_to_1970_refuses_no_card_and_no_pin(store, resident, try_pin, noon, begin):
    valid_from = None if begin is None else noon + begin
    store.credentials.issue_card(resident, "0451", at=noon, valid_from=valid_from)
    store.credentials.issue_pin(resident, PIN, at=noon, valid_from=valid_from)
    start = datetime(1970, 1, 1, tzinfo=UTC)
    assert store.credentials.check_card("0451", start).granted
    assert try_pin(at=start).granted
    assert {issued.valid_from for issued in store.credentials.of(resident)} == {None}


def test_a_revoked_card_opens_no_more_and_may_be_given_to_another(store, resident, noon):
    card = store.credentials.issue_card(resident, "0451", at=noon)
    store.credentials.revoke(card, noon + timedelta(hours=1))
    store.credentials.revoke(card, noon + timedelta(hours=2))
    assert store.credentials.check_card("0451", noon) == UNKNOWN
    [issued] = store.credentials.of(resident)
    assert (issued.id, issued.method, issued.revoked_at) == (card, Method.CARD, noon + timedelta(hours=1))
    other = store.people.add("302", "Ann", "")
    store.credentials.issue_card(other, "0451", at=noon)
    assert store.credentials.check_card("0451", noon).person == other


def test_a_card_somebody_holds_is_not_issued_again(store, resident, noon):
    store.credentials.issue_card(resident, "0451", at=noon)
    assert code_of(store.credentials.issue_card, resident, "0451", at=noon) == "card-taken"


@pytest.mark.parametrize("number", ["", "045", "04 51", "0451\n", "x" * 129])
def test_an_unfit_card_number_is_refused(store, resident, noon, number):
    assert code_of(store.credentials.issue_card, resident, number, at=noon) == "card-unfit"


def test_nothing_is_issued_to_nobody(store, noon):
    nobody = PersonId("nobody")
    assert code_of(store.credentials.issue_card, nobody, "0451", at=noon) == "person-unknown"
    assert code_of(store.credentials.issue_pin, nobody, at=noon) == "person-unknown"


def test_a_right_pin_opens(with_pin, try_pin):
    assert try_pin() == Verdict(Reason.KNOWN_CREDENTIAL, with_pin)


def test_a_pin_is_verified_in_another_thread_without_the_database(store, with_pin, noon):
    check = store.credentials.prepare_pin("301", noon)
    with ThreadPoolExecutor(1) as pool:
        ok = pool.submit(check.verify, PIN).result()
    assert store.credentials.finish_pin(check, ok=ok, at=noon).granted


def test_a_generated_pin_is_strong_and_opens(store, resident, try_pin, noon):
    pin = store.credentials.issue_pin(resident, at=noon)
    assert pin_fault(pin) is None
    assert len(pin) == 6
    assert try_pin(pin=pin).granted


def test_generated_pins_differ():
    assert len({generate_pin() for _ in range(50)}) > 45


@pytest.mark.parametrize("pin", ["12345", "123456", "111111", "147258", "73915a", "7" * 13])
def test_a_weak_pin_is_refused_and_the_old_one_stays(store, with_pin, try_pin, noon, pin):
    assert code_of(store.credentials.issue_pin, with_pin, pin, at=noon) == "pin-weak"
    assert len(store.credentials.of(with_pin)) == 1


def test_a_new_pin_ends_the_old_one(store, with_pin, try_pin, noon):
    store.credentials.issue_pin(with_pin, "840261", at=noon)
    assert not try_pin(pin=PIN).granted
    assert try_pin(pin="840261").granted
    assert [issued.revoked_at for issued in store.credentials.of(with_pin)] == [noon, None]


def test_every_way_to_be_wrong_gives_the_same_verdict(store, with_pin, try_pin, noon):
    card_only = store.people.add("302", "Ann", "")
    store.credentials.issue_card(card_only, "0451", at=noon)
    revoked = store.people.add("303", "Bo", "")
    store.credentials.issue_pin(revoked, PIN, at=noon)
    store.credentials.revoke(store.credentials.of(revoked)[0].id, noon)
    expired = store.people.add("304", "Cy", "")
    store.credentials.issue_pin(expired, PIN, at=noon - timedelta(days=2), valid_until=noon)
    verdicts = {
        "wrong": try_pin(pin="840261"),
        "unknown unit": try_pin(unit="999"),
        "no unit at all": try_pin(unit=""),
        "no pin": try_pin(unit="302"),
        "revoked": try_pin(unit="303"),
        "expired": try_pin(unit="304"),
    }
    assert set(verdicts.values()) == {UNKNOWN}


def test_an_unknown_unit_costs_the_same_hash(open_store, noon):
    store = open_store(cost=USUAL)
    store.credentials.issue_pin(store.people.add("301", "Li Na", ""), at=noon)
    known, unknown = (store.credentials.prepare_pin(unit, noon).verifier for unit in ("301", "999"))
    shape = [(part if index < 4 else len(part)) for index, part in enumerate(known.split("$"))]
    assert shape == [(part if index < 4 else len(part)) for index, part in enumerate(unknown.split("$"))]
    assert shape[:4] == ["", "argon2id", "v=19", "m=65536,t=3,p=4"]


def test_a_dummy_verifier_is_well_formed_and_met_by_nobody(store, noon):
    assert dummy_verifier() != dummy_verifier()
    check = store.credentials.prepare_pin("999", noon)
    assert not check.verify(PIN)
    assert store.credentials.finish_pin(check, ok=True, at=noon) == UNKNOWN


def test_a_verifier_moved_to_another_person_opens_nothing(store, with_pin, try_pin, intruder, noon):
    other = store.people.add("302", "Ann", "")
    store.credentials.issue_pin(other, "840261", at=noon)
    with intruder() as connection:
        sql = "UPDATE credentials SET verifier = (SELECT verifier FROM credentials WHERE person_id = ?)"
        connection.execute(f"{sql} WHERE person_id = ?", (with_pin, other))
    assert try_pin(unit="302", pin=PIN) == UNKNOWN


def test_a_pin_revoked_during_its_check_does_not_open(store, with_pin, noon):
    check = store.credentials.prepare_pin("301", noon)
    ok = check.verify(PIN)
    store.credentials.revoke(store.credentials.of(with_pin)[0].id, noon)
    assert store.credentials.finish_pin(check, ok=ok, at=noon) == UNKNOWN


def test_neither_pin_nor_pepper_shows_in_a_log_line(store, with_pin, noon):
    check = store.credentials.prepare_pin("301", noon)
    assert repr(check) == "PinCheck(is_throttled=False)"
    assert with_pin not in repr(Verdict(Reason.KNOWN_CREDENTIAL, with_pin))


# A PIN typed after a card


@pytest.fixture
def try_pin_of(store, noon):
    def try_pin_of(person, pin=PIN, at=noon):
        check = store.credentials.prepare_pin_of(person, at)
        return store.credentials.finish_pin(check, ok=check.verify(pin), at=at)

    return try_pin_of


def test_who_is_known_by_a_card_types_the_pin_alone(store, with_pin, try_pin_of, noon):
    store.credentials.issue_card(with_pin, "0451", at=noon)
    person = store.credentials.check_card("0451", noon).person
    assert try_pin_of(person) == Verdict(Reason.KNOWN_CREDENTIAL, with_pin)
    assert try_pin_of(person, "840261") == UNKNOWN


def test_a_neighbours_pin_is_none_after_ones_own_card(store, with_pin, try_pin_of, noon):
    other = store.people.add("302", "Ann", "")
    store.credentials.issue_pin(other, "840261", at=noon)
    assert try_pin_of(with_pin, "840261") == UNKNOWN


def test_a_card_gives_nobody_tries_of_its_own(store, with_pin, try_pin, try_pin_of, noon):
    """PIN and card: unit and PIN, and card and PIN, draw from one account: a found card is no second oracle."""
    for _ in range(2):
        store.credentials.prepare_pin("301", noon)
    store.credentials.prepare_pin_of(with_pin, noon)
    assert try_pin_of(with_pin).reason is Reason.THROTTLED
    assert try_pin().reason is Reason.THROTTLED


def test_a_right_pin_after_a_card_forgives_the_unit(store, with_pin, try_pin, try_pin_of, noon):
    for _ in range(2):
        store.credentials.prepare_pin("301", noon)
    assert try_pin_of(with_pin).granted
    assert [try_pin(pin="840261").reason for _ in range(2)] == [Reason.UNKNOWN_CREDENTIAL] * 2


def test_a_holder_without_a_pin_or_removed_costs_the_same_hash_and_opens_nothing(open_store, noon):
    store = open_store(cost=USUAL)
    resident = store.people.add("301", "Li Na", "")
    for person in (resident, PersonId("f" * 32)):
        check = store.credentials.prepare_pin_of(person, noon)
        assert check.verifier.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
        assert store.credentials.finish_pin(check, ok=check.verify(PIN), at=noon) == UNKNOWN


def test_a_damaged_record_keeps_nobodys_pin_from_counting(store, with_pin, try_pin_of, intruder):
    with intruder() as connection:
        connection.execute("UPDATE people SET sealed = zeroblob(64)")
    assert try_pin_of(with_pin).granted


# Ending


def test_a_card_revived_in_the_database_meets_its_tombstone(store, resident, noon, intruder):
    card = store.credentials.issue_card(resident, "0451", at=noon)
    store.credentials.revoke(card, noon)
    with intruder() as connection:
        connection.execute("UPDATE credentials SET revoked_at = NULL")
    assert store.credentials.check_card("0451", noon) == UNKNOWN


def test_a_pin_revived_in_the_database_meets_its_tombstone(store, with_pin, try_pin, noon, intruder):
    store.credentials.revoke_all(with_pin, Method.PIN, noon)
    with intruder() as connection:
        connection.execute("UPDATE credentials SET revoked_at = NULL")
    assert try_pin() == UNKNOWN


def test_a_found_card_is_ended_by_its_number_alone_and_for_good(store, resident, noon):
    store.credentials.issue_card(resident, "0451", at=noon)
    store.credentials.issue_card(resident, "0452", at=noon)
    assert store.credentials.revoke_card("0451", noon) == resident
    assert store.credentials.check_card("0451", noon) == UNKNOWN
    assert store.credentials.check_card("0452", noon).granted
    assert store.credentials.revoke_card("0451", noon) is None


def test_a_validity_that_ends_before_it_begins_is_refused(store, resident, noon):
    begin, end = noon + timedelta(days=2), noon + timedelta(days=1)
    issue = store.credentials.issue_card
    assert code_of(issue, resident, "0451", at=noon, valid_from=begin, valid_until=end) == "validity-unfit"
    assert store.credentials.of(resident) == ()
