"""Hours are handed out once they are over, say the same each time, and lose no decision (R44, R46)."""

import sqlite3
from datetime import timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.core.retention import Item
from gate.store import Kept
from tests.passages import passage

HOUR = timedelta(hours=1)


def seen(queued):
    return [(each.counts.window_start.hour, each.counts.granted, each.counts.refused) for each in queued]


def test_an_hour_without_a_passage_is_published_as_zero(store, noon):
    store.outbox.open_window(noon + timedelta(minutes=7))
    store.outbox.open_window(noon + timedelta(minutes=8))
    assert seen(store.outbox.pending(noon + HOUR)) == [(12, 0, 0)]


def test_an_hour_is_handed_out_when_it_is_over_and_no_second_sooner(store, decide, noon):
    passage(store, decide(), at=noon)
    assert store.outbox.pending(noon + HOUR - timedelta(seconds=1)) == ()
    assert seen(store.outbox.pending(noon + HOUR)) == [(12, 1, 0)]


def test_a_window_belongs_to_its_utc_hour_whatever_the_zone(store, decide, noon):
    passage(store, decide(), at=noon.astimezone(timezone(timedelta(hours=5, minutes=30))))
    [queued] = store.outbox.pending(noon + HOUR)
    assert queued.counts.window_start == noon


def test_pending_is_oldest_first_and_no_more_than_asked(store, noon):
    for hours in (2, 0, 1):
        store.outbox.open_window(noon + hours * HOUR)
    assert seen(store.outbox.pending(noon + 9 * HOUR, limit=2)) == [(12, 0, 0), (13, 0, 0)]


def test_what_is_acknowledged_is_not_handed_out_again(open_store, store, noon):
    store.outbox.open_window(noon)
    [queued] = store.outbox.pending(noon + HOUR)
    store.outbox.mark_sent(queued.message_id, at=noon + HOUR)
    store.outbox.mark_sent(queued.message_id, at=noon + 2 * HOUR)
    store.outbox.mark_sent("unknown", at=noon + 2 * HOUR)
    assert open_store().outbox.pending(noon + 9 * HOUR) == ()


def test_what_is_not_acknowledged_comes_again_the_same_after_a_restart(open_store, store, decide, noon):
    passage(store, decide(), at=noon)
    before = store.outbox.pending(noon + HOUR)
    store.close()
    assert open_store().outbox.pending(noon + 9 * HOUR) == before


def test_message_ids_are_random_per_window(store, noon):
    for hours in range(3):
        store.outbox.open_window(noon + hours * HOUR)
    assert len({each.message_id for each in store.outbox.pending(noon + 9 * HOUR)}) == 3


@pytest.mark.parametrize("acknowledged", [True, False])
def test_a_clock_set_back_into_a_window_handed_out_counts_in_the_next(store, decide, noon, acknowledged):
    passage(store, decide("a1"), at=noon)
    [sent] = store.outbox.pending(noon + HOUR)
    if acknowledged:
        store.outbox.mark_sent(sent.message_id, at=noon + HOUR)
    passage(store, decide("a2", granted=False), at=noon + timedelta(minutes=50))
    first = [] if acknowledged else [(12, 1, 0)]
    assert seen(store.outbox.pending(noon + 2 * HOUR)) == [*first, (13, 0, 1)]


def test_a_clock_set_back_by_hours_counts_in_the_first_open_window(store, decide, noon):
    for hours in range(4):
        store.outbox.open_window(noon + hours * HOUR)
    store.outbox.pending(noon + 3 * HOUR)
    passage(store, decide(), at=noon)
    assert seen(store.outbox.pending(noon + 4 * HOUR))[-1] == (15, 1, 0)


def test_a_clock_set_back_before_everything_opens_its_own_hour(store, decide, noon):
    store.outbox.open_window(noon)
    store.outbox.pending(noon + HOUR)
    passage(store, decide(), at=noon - 5 * HOUR)
    assert seen(store.outbox.pending(noon + HOUR))[0] == (7, 1, 0)


def test_a_clock_set_back_opens_a_window_handed_out_once_more_without_harm(store, noon):
    store.outbox.open_window(noon)
    before = store.outbox.pending(noon + HOUR)
    store.outbox.open_window(noon)
    assert store.outbox.pending(noon + HOUR) == before


def test_the_schema_refuses_to_change_a_window_handed_out(store, intruder, noon):
    store.outbox.open_window(noon)
    store.outbox.pending(noon + HOUR)
    with intruder() as connection, pytest.raises(sqlite3.IntegrityError, match="never changes"):
        connection.execute("UPDATE outbox SET granted = granted + 1")


def test_r46_the_queue_is_bounded_by_its_age(store, noon):
    for hours in range(3):
        store.outbox.open_window(noon + hours * HOUR)
    assert store.retention.run(noon + HOUR + timedelta(days=90)).deleted == {Item.COUNT: 2}
    assert seen(store.outbox.pending(noon + 9 * HOUR)) == [(14, 0, 0)]


steps = st.lists(
    st.tuples(st.sampled_from(["record", "open", "pending", "sent"]), st.integers(-9, 9)), max_size=25
)


@given(steps)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_however_the_clock_jumps_each_decision_is_published_once_and_never_changes(
    open_store, tmp_path, decide, noon, steps
):
    from secrets import token_hex

    store = open_store(data_dir=tmp_path / token_hex(8))
    recorded, published = 0, {}
    for act, hours in [*steps, ("pending", 999)]:
        at = noon + hours * HOUR
        if act == "record":
            recorded += passage(store, decide(token_hex(8)), at=at) is Kept.COMMITTED
        elif act == "open":
            store.outbox.open_window(at)
        else:
            for each in store.outbox.pending(at):
                assert published.setdefault(each.message_id, each.counts) == each.counts
                if act == "sent":
                    store.outbox.mark_sent(each.message_id, at=at)
    store.close()
    assert sum(counts.granted for counts in published.values()) == recorded
    assert len({counts.window_start for counts in published.values()}) == len(published)
