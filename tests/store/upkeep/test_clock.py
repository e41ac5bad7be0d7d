"""The gate's own time is never earlier than the latest it has seen, over restarts too (R75)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from gate.store.account.audit import Action
from gate.store.upkeep.clock import WRITTEN_EVERY, TrustedClock
from tests.passages import passage

YEAR = timedelta(days=365)
HOUR = timedelta(hours=1)


@dataclass
class Hands:
    """A wall clock and a monotonic one that a test moves."""

    wall: datetime
    seconds: float = 50.0

    def now(self):
        return self.wall

    def monotonic(self):
        return self.seconds

    def passes(self, span):
        self.wall += span
        self.seconds += span.total_seconds()


@pytest.fixture
def hands(noon):
    return Hands(noon)


@pytest.fixture
def clock(store, hands):
    return TrustedClock(hands, store.clock)


def test_on_a_first_start_the_wall_clock_is_believed(clock, noon):
    assert (clock.now(), clock.trusted) == (noon, True)


def test_r75_a_clock_set_back_a_year_neither_stops_nor_turns_the_gates_time(clock, hands, noon):
    clock.now()
    hands.wall -= YEAR
    hands.passes(HOUR)
    assert (clock.now(), clock.trusted) == (noon + HOUR, False)


def test_r75_a_clock_set_back_before_a_restart_is_noticed_at_the_start(store, clock, hands, noon):
    clock.keep()
    hands.wall -= YEAR
    again = TrustedClock(hands, store.clock)
    assert (again.now(), again.trusted) == (noon, False)


def test_a_clock_that_is_put_right_is_believed_again(clock, hands, noon):
    clock.now()
    hands.wall -= YEAR
    hands.passes(HOUR)
    assert not clock.trusted
    hands.wall += YEAR
    assert (clock.now(), clock.trusted) == (noon + HOUR, True)


def test_the_mark_is_written_at_most_once_a_minute(store, clock, hands, noon):
    clock.keep()
    hands.passes(WRITTEN_EVERY - timedelta(seconds=1))
    clock.keep()
    assert store.clock.read() == (noon, 0)
    hands.passes(timedelta(seconds=1))
    clock.keep()
    assert store.clock.read() == (noon + WRITTEN_EVERY, 0)


def test_the_mark_never_moves_back_by_itself(store, noon):
    store.clock.raise_to(noon)
    store.clock.raise_to(noon - YEAR)
    assert store.clock.read() == (noon, 0)


def test_a_clock_that_was_ahead_by_mistake_is_accepted_by_somebody_who_looked(store, clock, hands, noon):
    hands.wall += 12 * HOUR
    clock.keep()
    hands.wall -= 12 * HOUR
    assert not clock.trusted
    store.clock.accept(noon)
    clock.keep()
    assert (clock.now(), clock.trusted) == (noon, True)
    assert TrustedClock(hands, store.clock).trusted
    assert [entry.action for entry in store.audit.entries()][-1] == Action.CLOCK_ACCEPTED


def test_a_mark_that_was_not_accepted_anew_is_not_taken_back(store, clock, hands, noon, intruder):
    clock.keep()
    with intruder() as connection:
        connection.execute("UPDATE meta SET value = 0 WHERE name = 'clock'")
    hands.wall -= YEAR
    clock.keep()
    assert clock.now() == noon


def test_a_command_beside_the_gate_judges_by_the_mark(store, noon):
    assert store.clock.trusted(noon).clock_trusted
    store.clock.raise_to(noon)
    assert not store.clock.trusted(noon - YEAR).clock_trusted
    assert store.clock.trusted(noon - YEAR).at == noon


def test_r75_a_clock_set_back_revives_no_consent_and_postpones_no_deletion(
    store, clock, hands, resident, enrol, decide, noon
):
    enrol(resident, retention=timedelta(days=1))
    passage(store, decide(), at=clock.now())
    hands.passes(timedelta(hours=23))
    clock.now()
    hands.wall -= YEAR
    hands.passes(HOUR)
    assert store.templates.gallery(clock.now()).templates == ()
    assert store.retention.keep(clock.now()) == 1
    hands.passes(timedelta(days=29))
    assert sum(store.retention.run(clock.now()).deleted.values()) == 2


def test_a_clock_set_back_makes_no_ended_card_valid_and_refuses_none_that_holds(
    store, clock, hands, resident, noon
):
    store.credentials.issue_card(resident, "26:1", at=noon)
    store.credentials.issue_card(resident, "26:2", at=noon, valid_until=noon + HOUR)
    hands.passes(2 * HOUR)
    clock.now()
    hands.wall -= YEAR
    assert store.credentials.check_card("26:1", clock.now()).granted
    assert not store.credentials.check_card("26:2", clock.now()).granted


def test_a_clock_set_back_makes_no_wait_for_a_pin_longer(store, clock, hands, resident, noon):
    pin = store.credentials.issue_pin(resident, at=noon)
    for _ in range(4):
        store.credentials.prepare_pin("301", clock.now())
    assert store.credentials.prepare_pin("301", clock.now()).is_throttled
    hands.wall -= YEAR
    hands.passes(timedelta(seconds=6))
    check = store.credentials.prepare_pin("301", clock.now())
    assert store.credentials.finish_pin(check, ok=check.verify(pin), at=clock.now()).granted


# A clock that leaps far ahead, rightly or not.


def runs(clock, hands, span, *, step=HOUR):
    """Let the gate run under the clock as it is."""
    clock.keep()
    for _ in range(span // step):
        hands.passes(step)
        clock.keep()


def test_r75_one_reading_far_ahead_is_not_believed_and_moves_no_mark(store, clock, hands, noon):
    clock.keep()
    hands.wall += 10 * YEAR
    clock.keep()
    assert (clock.trusted, clock.settled) == (False, False)
    assert store.clock.read() == (noon, 0)


def test_a_day_ahead_is_no_leap(clock, hands):
    clock.keep()
    hands.wall += 24 * HOUR
    clock.keep()
    assert (clock.trusted, clock.settled) == (True, True)


def test_r75_a_device_that_was_off_for_months_deletes_after_a_day_of_running(store, clock, hands):
    clock.keep()
    hands.wall += YEAR
    started = TrustedClock(hands, store.clock)
    assert not started.settled
    runs(started, hands, 23 * HOUR)
    assert not started.settled
    runs(started, hands, HOUR)
    assert (started.settled, started.trusted) == (True, True)
    assert store.clock.read()[0] == hands.wall


def test_r75_the_wait_after_a_leap_is_not_begun_anew_by_a_restart(store, clock, hands):
    clock.keep()
    hands.wall += YEAR
    for _ in range(3):
        runs(TrustedClock(hands, store.clock), hands, 8 * HOUR)
    assert TrustedClock(hands, store.clock).settled


@pytest.mark.parametrize("seconds", [0.05, 3600.0])
def test_r75_a_leap_that_is_over_is_forgotten_and_nothing_was_deleted_by_it(
    store, clock, hands, noon, resident, enrol, seconds
):
    """However short: read by somebody and over before the gate looked, or seen to begin and to end."""
    enrol(resident, retention=timedelta(days=30))
    clock.keep()
    hands.wall += YEAR
    assert clock.now() == noon + YEAR
    if seconds > 1:
        clock.keep()
        assert clock.confirmed is None
    hands.passes(timedelta(seconds=seconds))
    hands.wall -= YEAR
    assert clock.confirmed in {None, hands.wall}
    clock.keep()
    assert (clock.now(), clock.trusted, clock.confirmed) == (hands.wall, True, hands.wall)
    assert store.clock.read()[0] < noon + YEAR
    assert store.retention.keep(clock.confirmed) == 0


def test_r75_no_reading_of_the_wall_clock_is_deleted_by(clock, hands, noon):
    clock.keep()
    hands.wall += YEAR
    assert (clock.now(), clock.confirmed) == (noon + YEAR, noon)


def test_a_leap_is_accepted_by_somebody_who_looked(store, clock, hands):
    clock.keep()
    hands.wall += YEAR
    clock.keep()
    store.clock.accept(hands.wall)
    clock.keep()
    assert (clock.settled, clock.trusted) == (True, True)


def test_r02_a_damaged_mark_keeps_no_gate_from_starting_and_is_trusted_by_nobody(
    store, clock, hands, intruder, noon
):
    clock.keep()
    with intruder() as connection:
        connection.execute("UPDATE meta SET value = 1152921504606846976 WHERE name = 'clock'")
    started = TrustedClock(hands, store.clock)
    started.keep()
    assert (started.now(), started.trusted, started.settled) == (noon, False, False)
    store.clock.accept(noon)
    started.keep()
    assert (started.trusted, started.settled) == (True, True)
