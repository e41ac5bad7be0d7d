"""Which orders came already: over restarts, clocks set back, restores and runs of them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.core.orders import KEPT, RATE_MOST, RATE_SPAN, OrderKind, Refusal, judged
from gate.core.roles import AccountId, Role, Staff
from gate.errors import VaultError
from gate.store import Store
from tests.consents import TERMS
from tests.signed_orders import OTHER_KEY, by, order_of

GUARD = Staff(AccountId("a" * 16), frozenset({Role.GUARD}))
START = datetime(2030, 1, 1, tzinfo=UTC)
EXAMPLES = []
LOCKDOWN, END, RELEASE = OrderKind.LOCKDOWN, OrderKind.END_LOCKDOWN, OrderKind.RELEASE


def take(store, order, at):
    return store.orders.take(order, at=at, by=by())


def rows(store):
    return store.orders._database.rows("SELECT nonce FROM order_nonces")


def lines(store):
    return [(e.actor, e.action, e.object) for e in store.audit.entries() if e.action.startswith("order-")]


def test_an_order_is_taken_once(store, noon):
    order = order_of(at=noon)
    assert take(store, order, noon) is None
    assert take(store, order, noon) is Refusal.REPLAYED


def test_an_order_played_again_after_a_restart_is_refused(store, open_store, noon):
    order = order_of(at=noon)
    take(store, order, noon)
    store.close()
    assert take(open_store(), order, noon + timedelta(seconds=1)) is Refusal.REPLAYED


def test_r55_who_signed_stands_in_the_audit_log_with_the_orders_nonce(store, noon):
    order = order_of(at=noon)
    take(store, order, noon)
    store.orders.refused(order, Refusal.REPLAYED, at=noon, by=by())
    assert lines(store) == [
        (f"key:{order.key}", "order-taken", order.nonce),
        (f"key:{order.key}", "order-refused", order.nonce),
    ]


def test_what_is_refused_writes_nothing(store, noon):
    order = order_of(at=noon)
    take(store, order, noon)
    before = len(store.audit.entries())
    for _ in range(5):
        take(store, order, noon)
    assert len(store.audit.entries()) == before


def test_an_order_that_cannot_be_written_down_is_not_taken(store, noon, intruder):
    with intruder() as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON order_nonces BEGIN SELECT RAISE(ABORT, 'x'); END"
        )
    with pytest.raises(VaultError):
        take(store, order_of(at=noon), noon)
    assert lines(store) == []


def test_a_key_is_heard_six_times_a_minute_for_each_kind(store, noon):
    for _ in range(RATE_MOST):
        assert take(store, order_of(RELEASE, at=noon), noon) is None
    assert take(store, order_of(RELEASE, at=noon), noon) is Refusal.TOO_MANY
    assert take(store, order_of(LOCKDOWN, at=noon), noon) is None
    assert take(store, order_of(RELEASE, at=noon, key=OTHER_KEY), noon) is None
    later = noon + RATE_SPAN
    assert take(store, order_of(RELEASE, at=later), later) is None


def test_short_lived_orders_are_bounded_like_long_ones(store, noon):
    """Else a key could sign orders for a second each, and be forgotten as fast."""
    taken = 0
    for second in range(60):
        at = noon + timedelta(seconds=second)
        taken += take(store, order_of(RELEASE, at=at, seconds=1), at) is None
    assert taken == RATE_MOST


def test_the_rate_outlives_a_restart(store, open_store, noon):
    for _ in range(RATE_MOST):
        take(store, order_of(at=noon), noon)
    store.close()
    assert take(open_store(), order_of(at=noon), noon) is Refusal.TOO_MANY


def test_what_can_hold_no_more_is_forgotten_with_the_next_order(store, noon):
    take(store, order_of(at=noon), noon)
    later = noon + KEPT + timedelta(seconds=1)
    take(store, order_of(at=later), later)
    assert len(rows(store)) == 1


def test_orders_as_fast_as_they_may_come_leave_a_bounded_table(store, noon):
    most = 0
    for minute in range(30):
        at = noon + timedelta(minutes=minute)
        for _ in range(RATE_MOST):
            take(store, order_of(at=at, seconds=60), at)
        most = max(most, len(rows(store)))
    assert most <= RATE_MOST * (KEPT // RATE_SPAN + 1)


def test_a_clock_set_back_brings_no_forgotten_order_to_life(store, noon):
    """Somebody accepts an earlier time (gate clock accept) after the order was forgotten."""
    order = order_of(at=noon)
    take(store, order, noon)
    later = noon + KEPT + timedelta(seconds=1)
    take(store, order_of(at=later), later)
    assert order.nonce not in str(rows(store))
    assert take(store, order, noon) is Refusal.REPLAYED


@pytest.mark.parametrize("kind", [RELEASE, LOCKDOWN, END])
@pytest.mark.parametrize("since", [LOCKDOWN, END])
def test_an_order_held_back_undoes_no_lockdown_and_no_end_that_came_since(store, noon, kind, since):
    held_back = order_of(kind, at=noon)
    at = noon + timedelta(seconds=5)
    take(store, order_of(since, at=at), at)
    assert take(store, held_back, at) is Refusal.OVERTAKEN


def test_a_release_since_makes_no_lockdown_late(store, noon):
    held_back = order_of(LOCKDOWN, at=noon)
    at = noon + timedelta(seconds=5)
    take(store, order_of(RELEASE, at=at), at)
    assert take(store, held_back, at) is None


def test_a_lockdown_that_outlived_its_end_is_still_too_late(store, noon):
    """The end is good for a minute only, the lockdown for ten: the end is remembered as long."""
    held_back = order_of(LOCKDOWN, at=noon, seconds=600)
    take(store, order_of(END, at=noon + timedelta(seconds=1), seconds=10), noon + timedelta(seconds=1))
    at = noon + timedelta(seconds=590)
    take(store, order_of(RELEASE, at=at), at)  # what could be forgotten is
    assert take(store, held_back, at) is Refusal.OVERTAKEN


def test_an_end_ordered_before_the_guard_locked_down_does_not_end_it(store, noon):
    held_back = order_of(END, at=noon)
    store.lockdown.begin(noon + timedelta(seconds=5), GUARD)
    assert take(store, held_back, noon + timedelta(seconds=6)) is Refusal.OVERTAKEN
    at = noon + timedelta(seconds=7)
    assert take(store, order_of(END, at=at), at) is None


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [0, 0, 1, -1, 20, -20, 700, -700]
        ),  # seconds by which the clock goes on, or is set back
        st.sampled_from([RELEASE, RELEASE, RELEASE, *OrderKind]),
        st.integers(30, 60),
        st.none() | st.integers(0, 1),  # a new order, or which of the earlier ones is played again
    ),
    min_size=4,
    max_size=14,
)


@pytest.fixture(scope="module")
def one_store(tmp_path_factory):
    """One store for all examples, each some days after the last: what earlier ones left stays in it."""
    folder = tmp_path_factory.mktemp("orders")
    where = {"data_dir": folder / "data", "keys_dir": folder / "keys", "credentials_dir": None}
    store = Store.open(**where, gate_id="north", terms=TERMS, model_sha256="a" * 64)
    yield store
    store.close()


@settings(max_examples=120, deadline=None)
@given(STEPS)
def test_no_order_is_taken_twice_however_the_clock_is_set(one_store, steps):
    at = START + timedelta(days=3 * len(EXAMPLES))
    EXAMPLES.append(1)
    known, taken = [], []
    for seconds, kind, lifetime, again in steps:
        at += timedelta(seconds=seconds)
        if again is None or not known:
            known.append(order_of(kind, at=at, seconds=lifetime))
        order = known[-1] if again is None else known[again % len(known)]
        held = judged(order, gate="north", allowed=frozenset(OrderKind), now=at, clock_trusted=True)
        if held is None and take(one_store, order, at) is None:
            taken.append(order.nonce)
    assert len(taken) == len(set(taken))
