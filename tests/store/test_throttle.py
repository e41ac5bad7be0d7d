"""Wrong PINs wait longer and longer, nobody is locked out, and nothing tells which units exist."""

from datetime import timedelta

import pytest

from gate.core.credentials import PinPlace
from gate.core.types import Reason
from gate.store import throttle

PIN = "739154"
DELAYS = [0, 0, 5, 15, 30, 60, 120, 240, 480, 900, 900, 900]  # after the first wrong PIN, the second, ...


@pytest.fixture
def with_pin(store, resident, noon):
    store.credentials.issue_pin(resident, PIN, at=noon)
    return resident


def fail(store, unit, at):
    """A wrong PIN without its hash: the verdict depends on nothing else."""
    check = store.credentials.prepare_pin(unit, at)
    return store.credentials.finish_pin(check, ok=False, at=at).reason


@pytest.mark.parametrize("unit", ["301", "999"])
def test_each_failure_waits_as_long_as_written_whether_the_unit_exists_or_not(store, with_pin, noon, unit):
    at = noon
    for delay in DELAYS:
        assert fail(store, unit, at) is Reason.UNKNOWN_CREDENTIAL
        for early in {0, delay // 2, delay - 1} if delay else ():
            assert fail(store, unit, at + timedelta(seconds=early)) is Reason.THROTTLED
        at += timedelta(seconds=delay)


def test_the_right_pin_waits_too_then_opens_and_clears(store, with_pin, noon):
    for _ in range(3):
        fail(store, "301", noon)
    check = store.credentials.prepare_pin("301", noon)
    assert not check.verify(PIN)
    assert store.credentials.finish_pin(check, ok=True, at=noon).reason is Reason.THROTTLED

    later = noon + timedelta(seconds=5)
    check = store.credentials.prepare_pin("301", later)
    assert store.credentials.finish_pin(check, ok=check.verify(PIN), at=later).granted
    assert [fail(store, "301", later) for _ in range(4)][2:] == [Reason.UNKNOWN_CREDENTIAL, Reason.THROTTLED]


@pytest.mark.fault("wrong-pins")
def test_r02_r03_ten_thousand_wrong_pins_leave_card_code_and_neighbours_alone(store, with_pin, noon):
    """One a second, nearly three hours long: the card opens all the while, the neighbour waits a minute at most."""
    store.credentials.issue_card(with_pin, "0451", at=noon)
    taken, longest, free_at = 0, 0, noon
    for second in range(10_000):
        at = noon + timedelta(seconds=second)
        taken += fail(store, "301", at) is Reason.UNKNOWN_CREDENTIAL
        if second % 500 == 0:
            assert store.credentials.check_card("0451", at).granted
            assert store.visits.check("GV1.", at, clock_trusted=True).reason is Reason.UNKNOWN_CREDENTIAL
        if waits_for_place(store, at):
            longest = max(longest, int((at - free_at).total_seconds()))
        else:
            free_at = at
    assert taken < 25
    assert longest <= 60
    at = noon + timedelta(seconds=10_000 + 900)
    check = store.credentials.prepare_pin("301", at)
    assert store.credentials.finish_pin(check, ok=check.verify(PIN), at=at).granted


def waits_for_place(store, at):
    """Look whether a neighbour's PIN would be told to wait, without a try that counts."""
    rows = store._database.rows("SELECT not_before FROM throttle WHERE unit_lookup = x'00'")
    return rows != [] and rows[0][0] > at.timestamp()


def test_a_flood_of_tries_writes_nothing_while_it_waits(store, with_pin, noon):
    """A stuck key or a patient stranger must not wear the flash out."""
    for _ in range(4):
        fail(store, "301", noon)
    before = store._database._connection.total_changes
    assert {fail(store, "301", noon) for _ in range(100)} == {Reason.THROTTLED}
    assert store._database._connection.total_changes == before


def test_r03_the_keypad_and_the_pages_count_apart(store, with_pin, noon):
    for unit in ["301"] * 3 + [str(unit) for unit in range(1000, 1009)]:
        check = store.credentials.prepare_pin(unit, noon, PinPlace.PAGE)
        store.credentials.finish_pin(check, ok=False, at=noon)
    assert store.credentials.prepare_pin("301", noon, PinPlace.PAGE).is_throttled
    assert fail(store, "301", noon) is Reason.UNKNOWN_CREDENTIAL


def test_r03_a_right_pin_on_a_page_forgives_nothing_at_the_keypad(store, with_pin, noon):
    for _ in range(3):
        fail(store, "301", noon)
    check = store.credentials.prepare_pin("301", noon, PinPlace.PAGE)
    assert store.credentials.finish_pin(check, ok=True, at=noon).granted
    assert fail(store, "301", noon) is Reason.THROTTLED


def spread(store, count, at, first=1000):
    """Wrong PINs, each for another unit, each as soon as the keypad allows; gives the waits and the time after."""
    waits = []
    for unit in range(first, first + count):
        wait = 0
        while fail(store, str(unit), at + timedelta(seconds=wait)) is Reason.THROTTLED:
            wait += 1
        waits.append(wait)
        at += timedelta(seconds=wait)
    return waits, at


def test_wrong_pins_over_all_units_make_the_keypad_wait_a_minute_at_most(store, noon):
    waits, _ = spread(store, 17, noon)
    assert waits == [0] * 10 + [5, 15, 30, 60, 60, 60, 60]


def test_a_keypad_that_waits_counts_nothing_and_leaves_the_card_alone(store, with_pin, noon):
    store.credentials.issue_card(with_pin, "0451", at=noon)
    spread(store, 10, noon)
    assert {fail(store, "301", noon) for _ in range(20)} == {Reason.THROTTLED}
    assert store.credentials.check_card("0451", noon).granted
    later = noon + timedelta(seconds=5)
    check = store.credentials.prepare_pin("301", later)
    assert store.credentials.finish_pin(check, ok=check.verify(PIN), at=later).granted


def test_a_right_pin_halves_what_the_keypad_counted_and_owes_no_wait(store, with_pin, noon):
    _, at = spread(store, 13, noon)
    at += timedelta(minutes=1)
    check = store.credentials.prepare_pin("301", at)  # the fourteenth, paid for before it is right
    assert store.credentials.finish_pin(check, ok=check.verify(PIN), at=at).granted
    waits, _ = spread(store, 5, at, first=2000)
    assert waits == [0, 0, 0, 5, 15]


def test_waiting_survives_a_restart(open_store, store, with_pin, noon):
    for _ in range(3):
        fail(store, "301", noon)
    store.close()
    assert fail(open_store(), "301", noon) is Reason.THROTTLED


def test_a_try_cut_off_by_a_crash_was_paid_for(open_store, store, with_pin, noon):
    for _ in range(3):
        store.credentials.prepare_pin("301", noon)
    store.close()
    assert fail(open_store(), "301", noon) is Reason.THROTTLED


def test_a_clock_set_back_by_a_year_makes_nobody_wait_longer_than_the_delay(store, with_pin, noon):
    for _ in range(3):
        fail(store, "301", noon)
    past = noon - timedelta(days=365)
    assert fail(store, "301", past) is Reason.THROTTLED
    assert fail(store, "301", past + timedelta(seconds=4)) is Reason.THROTTLED
    assert fail(store, "301", past + timedelta(seconds=5)) is Reason.UNKNOWN_CREDENTIAL


def test_units_that_do_not_exist_fill_no_disk_and_push_out_the_oldest(store, intruder, noon):
    fail(store, "1", noon)
    with intruder() as connection:
        rows = [(n.to_bytes(32), 1, int(noon.timestamp()) + n) for n in range(1, throttle.ROWS_MOST)]
        connection.executemany("INSERT INTO throttle VALUES (?, ?, ?)", rows)
    fail(store, "2", noon + timedelta(hours=9))
    with intruder() as connection:
        assert connection.execute("SELECT count(*) FROM throttle").fetchone() == (throttle.ROWS_MOST + 1,)
        oldest = connection.execute("SELECT not_before FROM throttle ORDER BY 1").fetchone()[0]
        assert connection.execute("SELECT failures FROM throttle WHERE unit_lookup = x'00'").fetchone() == (
            2,
        )
    assert oldest == noon.timestamp() + 1


def test_the_throttle_names_no_unit(store, intruder, noon):
    fail(store, "301", noon)
    with intruder() as connection:
        keys = connection.execute("SELECT unit_lookup FROM throttle ORDER BY length(unit_lookup)").fetchall()
    [[keypad], [key]] = keys
    assert (keypad, len(key)) == (b"\0", 32)
    assert b"301" not in key
