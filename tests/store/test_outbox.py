"""R46: what waits for the broker is sealed, bounded and numbered without a gap, and never changes once handed out."""

import sqlite3
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.core.alarms import Alarm
from gate.core.events import Alarmed, Counted, Denied, Passage, Span, Stream
from gate.core.types import Method
from gate.errors import VaultError
from gate.store import outbox as rules
from gate.store.database import Database
from gate.store.db import shipped_migrations
from gate.store.outbox import LONGEST_DELAY, Outbox
from gate.store.vault import Vault

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def outbox(tmp_path):
    """An outbox over a database of its own, without the rest of a store."""
    return opened(tmp_path)


def opened(folder, bound=None):
    bounds = {} if bound is None else {"bounds": dict.fromkeys(Stream, bound)}
    return Outbox(Database(folder / "box" / "gate.sqlite3"), Vault(bytes(32)), **bounds)


def count(outbox, body, due):
    outbox._database.write(lambda connection: outbox.count(connection, body, due))


def hour(start, people=None):
    return Counted(Span.HOUR, start, start + HOUR, people, None, 5, 1.0)


def numbers(queued):
    return [(each.stream, each.sequence) for each in queued]


BODIES = [
    lambda noon: hour(noon, 5),
    lambda noon: Counted(Span.HOUR, noon, noon + HOUR, 12, {Method.CARD: 7, Method.PIN: 5}, 5, 1.0),
    lambda noon: Denied(noon, noon + 24 * HOUR, 10, 5, 0.5),
    lambda noon: Denied(noon, noon + 24 * HOUR, None, 5),
    lambda noon: Alarmed(Alarm.FORCED, began=False, at=noon, times=3),
    lambda noon: Passage(noon, Method.FACE, granted=True),
    lambda noon: Passage(noon, None, granted=False),
]


def put(outbox, body, at):
    match body:
        case Alarmed():
            outbox.alarm(body)
        case Passage():
            outbox.passage(body)
        case _:
            count(outbox, body, at)


@pytest.mark.parametrize("place", range(len(BODIES)))
def test_every_message_comes_out_as_it_went_in(outbox, noon, place):
    body = BODIES[place](noon)
    put(outbox, body, noon)
    (queued,) = outbox.pending(noon)
    assert queued.body == body
    assert queued.epoch == outbox.epoch


def test_what_waits_is_sealed_on_disk(outbox, noon):
    outbox.alarm(Alarmed(Alarm.TAMPER, began=True, at=noon))
    [(sealed,)] = outbox._database.rows("SELECT sealed FROM outbox")
    assert b"tamper" not in sealed


def test_nothing_is_handed_out_before_it_is_due(outbox, noon):
    count(outbox, hour(noon), noon + SECOND)
    assert outbox.pending(noon) == ()
    assert len(outbox.pending(noon + SECOND)) == 1


def test_a_message_waits_for_the_one_before_it(outbox, noon):
    """So numbers follow the order in which messages came to be."""
    count(outbox, hour(noon), noon + 60 * SECOND)
    count(outbox, hour(noon + HOUR, 9), noon)
    assert outbox.pending(noon) == ()
    assert [each.body.people for each in outbox.pending(noon + 60 * SECOND)] == [None, 9]


def test_a_time_that_only_a_clock_set_back_explains_is_due(outbox, noon):
    count(outbox, hour(noon), noon + LONGEST_DELAY + SECOND)
    assert len(outbox.pending(noon)) == 1


def test_alarms_come_first_and_each_stream_has_numbers_of_its_own_from_one(outbox, noon):
    for body in (BODIES[0](noon), BODIES[2](noon), BODIES[5](noon), BODIES[4](noon)):
        put(outbox, body, noon)
    assert numbers(outbox.pending(noon)) == [
        (Stream.ALARMS, 1),
        (Stream.COUNTS, 1),
        (Stream.COUNTS, 2),
        (Stream.PASSAGES, 1),
    ]


def test_at_most_so_many_of_each_stream_are_handed_out_and_not_acknowledged(outbox, noon):
    for second in range(5):
        outbox.alarm(Alarmed(Alarm.FORCED, began=True, at=noon + second * SECOND))
        count(outbox, hour(noon + second * HOUR), noon)
    late = noon + HOUR
    first = outbox.pending(late, limit=2)
    assert numbers(first) == [(stream, n) for stream in (Stream.ALARMS, Stream.COUNTS) for n in (1, 2)]
    assert outbox.pending(late, limit=2) == first
    outbox.mark_sent(first[0].message_id, at=late)
    assert numbers(outbox.pending(late, limit=2))[:2] == [(Stream.ALARMS, 2), (Stream.ALARMS, 3)]
    handed_out = "SELECT count(*) FROM outbox WHERE sequence IS NOT NULL AND sent_at IS NULL"
    assert outbox._database.rows(handed_out) == [(4,)]


def test_what_was_handed_out_comes_again_the_same_after_a_restart(outbox, noon, tmp_path):
    put(outbox, BODIES[1](noon), noon)
    put(outbox, BODIES[4](noon), noon)
    assert opened(tmp_path).pending(noon) == outbox.pending(noon)


def test_what_was_acknowledged_does_not_come_again_and_what_is_unknown_is_no_error(outbox, noon):
    put(outbox, BODIES[0](noon), noon)
    (queued,) = outbox.pending(noon)
    for message_id in (queued.message_id, queued.message_id, "unknown"):
        outbox.mark_sent(message_id, at=noon)
    assert outbox.pending(noon) == ()


def test_what_was_never_handed_out_cannot_be_acknowledged(outbox, noon):
    put(outbox, BODIES[0](noon), noon)
    [(message_id,)] = outbox._database.rows("SELECT message_id FROM outbox")
    outbox.mark_sent(message_id, at=noon)
    assert len(outbox.pending(noon)) == 1


def test_counts_stay_for_the_charts_and_alarms_and_live_events_go(outbox, noon):
    for place in (0, 4, 5):
        put(outbox, BODIES[place](noon), noon)
    for queued in outbox.pending(noon):
        outbox.mark_sent(queued.message_id, at=noon)
    assert outbox._database.rows("SELECT stream FROM outbox") == [("counts",)]


def test_a_message_handed_out_cannot_be_changed_even_by_hand(outbox, noon):
    put(outbox, BODIES[0](noon), noon)
    outbox.pending(noon)
    for column in ("due", "sequence", "sealed", "message_id"):
        with pytest.raises(sqlite3.IntegrityError, match="never changes"):
            outbox._database._main.execute(f"UPDATE outbox SET {column} = {column}")


def test_an_altered_message_is_told_once_and_holds_up_nothing_behind_it(outbox, noon):
    for place in (4, 4, 0):
        put(outbox, BODIES[place](noon), noon)
    outbox._database._main.execute("UPDATE outbox SET sealed = zeroblob(80) WHERE id = 1")
    with pytest.raises(VaultError) as altered:
        outbox.pending(noon)
    assert altered.value.code == "record-altered"
    assert numbers(outbox.pending(noon)) == [(Stream.ALARMS, 2), (Stream.COUNTS, 1)]


def test_a_message_put_in_another_streams_row_does_not_open(outbox, noon):
    put(outbox, BODIES[4](noon), noon)
    outbox._database._main.execute("UPDATE outbox SET stream = 'passages'")
    with pytest.raises(VaultError):
        outbox.pending(noon)


@pytest.mark.parametrize("text", ["{}", "[]", '{"kind": "attendance"}', '{"kind": "alarmed", "alarm": "x"}'])
def test_a_message_of_a_kind_that_is_not_known_is_refused(outbox, noon, text):
    put(outbox, BODIES[4](noon), noon)
    [(message_id,)] = outbox._database.rows("SELECT message_id FROM outbox")
    sealed = outbox._vault.seal(text.encode(), rules._binding(Stream.ALARMS, message_id))
    sql = "UPDATE outbox SET wrapped_key = ?, sealed = ?"
    outbox._database._main.execute(sql, (sealed.wrapped_key, sealed.content))
    with pytest.raises(VaultError) as unknown:
        outbox.pending(noon)
    assert unknown.value.code == "record-altered"


def test_depth_and_the_oldest_due_time_tell_what_waits(outbox, noon):
    assert outbox.oldest_due(Stream.COUNTS) is None
    for place in (0, 2, 4):
        put(outbox, BODIES[place](noon), noon)
    assert outbox.depth() == {Stream.COUNTS: 2, Stream.ALARMS: 1, Stream.PASSAGES: 0}
    assert outbox.oldest_due(Stream.COUNTS) == noon


def test_what_was_told_of_a_time_is_there_whether_it_was_sent_or_not(outbox, noon):
    assert outbox.first() is None
    for place in range(4):
        count(outbox, hour(noon + place * HOUR, 5 + place), noon + (place + 1) * HOUR + 100 * SECOND)
    outbox.mark_sent(outbox.pending(noon + 2 * HOUR)[0].message_id, at=noon)
    told = outbox.published(noon, noon + 3 * HOUR)
    assert [each.people for each in told] == [5, 6, 7]
    assert [each.people for each in outbox.published(noon + HOUR, noon + 9 * HOUR)] == [6, 7, 8]
    assert outbox.first() == noon
    outbox._database._main.execute("UPDATE outbox SET sealed = zeroblob(80) WHERE id = 2")
    assert [each.people for each in outbox.published(noon, noon + 3 * HOUR)] == [5, 7]


# Where the queue is full


@pytest.fixture
def small(tmp_path):
    """An outbox with bounds that a test can reach."""
    return opened(tmp_path, bound=4)


def test_where_counts_run_over_the_two_oldest_become_one_and_no_number_is_missing(small, noon):
    for place in range(7):
        count(small, hour(noon + place * HOUR, 10), noon)
    queued = small.pending(noon)
    assert [each.body.people for each in queued] == [40, 10, 10, 10]
    assert [each.sequence for each in queued] == [1, 2, 3, 4]
    assert (queued[0].body.span, queued[0].body.window_start) == (Span.MERGED, noon)
    assert queued[0].body.window_end == noon + 4 * HOUR


def test_what_was_handed_out_is_never_merged(small, noon):
    """The broker may have it: under another id its numbers would arrive twice."""
    for place in range(2):
        count(small, hour(noon + place * HOUR, 10), noon)
    out = small.pending(noon)
    for place in range(2, 9):
        count(small, hour(noon + place * HOUR, 10), noon)
    queued = small.pending(noon)
    assert queued[:2] == out
    assert [each.body.people for each in queued] == [10, 10, 60, 10]


def test_where_alarms_run_over_none_is_lost(small, noon):
    kinds = [Alarm.FORCED, Alarm.TAMPER, Alarm.FORCED, Alarm.FIRE, Alarm.FORCED, Alarm.TAMPER]
    for second, kind in enumerate(kinds):
        small.alarm(Alarmed(kind, began=True, at=noon + second * SECOND))
    sent = [each.body for each in small.pending(noon + HOUR)]
    assert {kind: sum(each.times for each in sent if each.alarm is kind) for kind in kinds} == {
        Alarm.FORCED: 3,
        Alarm.TAMPER: 2,
        Alarm.FIRE: 1,
    }


def test_where_no_two_alarms_are_of_a_kind_all_are_kept(small, noon):
    for second, kind in enumerate(list(Alarm)[:6]):
        small.alarm(Alarmed(kind, began=True, at=noon + second * SECOND))
    assert small.depth()[Stream.ALARMS] == 6


def test_every_kind_of_alarm_is_looked_at_where_the_queue_is_full():
    assert 2 * len(Alarm) < rules._LOOKS_AT


def test_an_altered_message_makes_room_for_an_alarm(small, noon):
    for second in range(4):
        small.alarm(Alarmed(Alarm.FIRE, began=True, at=noon + second * SECOND))
    small._database._main.execute("UPDATE outbox SET sealed = zeroblob(80) WHERE id = 1")
    small.alarm(Alarmed(Alarm.FORCED, began=True, at=noon))
    assert [each.body.alarm for each in small.pending(noon + HOUR)] == [Alarm.FIRE] * 3 + [Alarm.FORCED]


def test_where_live_events_run_over_the_oldest_goes(small, noon):
    for minute in range(6):
        small.passage(Passage(noon + minute * 60 * SECOND, None, granted=True))
    assert len(small.pending(noon + HOUR)) == 4


class Site:
    """An outbox, a receiver that keeps each message id once, and what was put in."""

    def __init__(self, folder, at):
        self.folder, self.at = folder, at
        self.outbox = opened(folder, bound=6)
        self.put_in = {"people": 0, "refused": 0, "times": 0}
        self.heard = {}

    def count(self, size):
        count(self.outbox, hour(self.at, 5 + size), self.at)
        self.put_in["people"] += 5 + size

    def deny(self, size):
        count(self.outbox, Denied(self.at, self.at + 24 * HOUR, 5 * size, 5), self.at)
        self.put_in["refused"] += 5 * size

    def alarm(self, size):
        self.outbox.alarm(Alarmed(list(Alarm)[size], began=True, at=self.at))
        self.put_in["times"] += 1

    def hear(self, size):
        """Have messages arrive whose acknowledgement is lost."""
        for each in self.outbox.pending(self.at, limit=size + 1):
            assert self.heard.setdefault(each.message_id, each) == each

    def acknowledge(self, size):
        self.hear(size)
        for each in self.outbox.pending(self.at, limit=size + 1):
            self.outbox.mark_sent(each.message_id, at=self.at)

    def restart(self, _size):
        self.outbox._database.close()
        self.outbox = opened(self.folder, bound=6)


ACTS = [Site.count, Site.deny, Site.alarm, Site.hear, Site.acknowledge, Site.restart]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 3)), max_size=40))
def test_whatever_happens_numbers_have_no_gap_and_sums_stay(tmp_path_factory, noon, steps):
    """A receiver that keeps each message id once sees every number of every stream once, in order, and all people."""
    site = Site(tmp_path_factory.mktemp("box"), noon)
    for act, size in [*steps, *[(Site.acknowledge, 3)] * 5]:
        site.at += SECOND
        act(site, size)
    assert set(site.outbox.depth().values()) == {0}
    site.outbox._database.close()
    for stream in Stream:
        came = [each.sequence for each in site.heard.values() if each.stream is stream]
        assert came == list(range(1, len(came) + 1))
    bodies = [each.body for each in site.heard.values()]
    assert {name: sum(getattr(body, name, 0) or 0 for body in bodies) for name in site.put_in} == site.put_in


def test_r46_a_store_from_before_messages_were_sealed_opens_and_its_bare_sums_are_gone(tmp_path):
    """What was kept were sums of hours, whoever stood behind them: they may not be told and are not kept."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    connection = sqlite3.connect(folder / "gate.sqlite3")
    for number, script in enumerate(shipped_migrations()[:8], 1):
        connection.executescript(script)
        connection.execute(f"PRAGMA user_version = {number}")
    connection.execute("INSERT INTO outbox VALUES (1795348800, 'a', 7, 2, 1, NULL)")
    connection.commit()
    connection.close()
    database = Database(folder / "gate.sqlite3")
    assert database.rows("SELECT count(*) FROM outbox") == [(0,)]
    assert database.rows("SELECT name FROM sqlite_master WHERE name = 'frozen_window_keeps_counts'") == []
    database.close()
