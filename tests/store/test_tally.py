"""R44: who came is counted on disk as a number and in memory as people; neither kill, rollback nor clock adds anybody."""

import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.core.anonymity import Counting
from gate.core.events import Counted, Denied, Span
from gate.core.types import Method, PersonId
from gate.store.database import Database
from gate.store.outbox import Outbox
from gate.store.tally import AT_LEAST, SPREAD_S, Tally, _binding
from gate.store.vault import Sealed, Vault

HOUR = timedelta(hours=1)
DAY = 24 * HOUR
MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)
PLAIN = Counting(Fraction(0))
K = 10


class Books:
    """A tally and its outbox over a database of their own, of a site with few residents."""

    def __init__(self, folder, seed=3):
        self.folder, self.draw = folder, random.Random(seed).randrange
        self.open()

    def open(self):
        self.database = Database(self.folder / "books" / "gate.sqlite3")
        self.outbox = Outbox(self.database, Vault(bytes(32)))
        self.tally = Tally(self.database, Vault(bytes(range(32))), self.outbox, PLAIN, draw=self.draw)

    def kill(self):
        self.database.close()
        self.open()

    def passes(self, *names, at, method=Method.CARD):
        for name in names:
            person = PersonId(str(name))
            noted = self.database.write(
                lambda connection, who=person: self.tally.passed(connection, method, who, at)
            )
            self.tally.remember(noted)

    def is_refused(self, at):
        self.tally.remember(self.database.write(lambda connection: self.tally.denied(connection, at)))

    def close(self, now):
        """Close all there is to close, as housekeeping does in several rounds."""
        before = None
        while before != (before := self.depth()):
            self.tally.close(now)

    def depth(self):
        return sum(self.outbox.depth().values())

    def told(self, until=MIDNIGHT + 99 * DAY):
        return self.outbox.published(MIDNIGHT - 99 * DAY, until)

    def shown(self):
        return [
            (each.span, each.window_start, each.people)
            for each in self.told()
            if getattr(each, "people", None)
        ]


@pytest.fixture
def books(tmp_path):
    books = Books(tmp_path)
    books.close(MIDNIGHT)
    return books


def test_an_hour_is_told_once_it_is_over_with_everybody_once(books):
    books.passes(*range(12), *range(12), at=MIDNIGHT)
    books.close(MIDNIGHT + HOUR - timedelta(seconds=1))
    assert books.told() == ()
    books.close(MIDNIGHT + HOUR)
    assert books.shown() == [(Span.HOUR, MIDNIGHT, 12)]
    books.close(MIDNIGHT + HOUR)
    assert books.depth() == 1


def test_an_hour_in_which_nobody_came_is_told_like_any_other(books):
    books.close(MIDNIGHT + HOUR)
    (told,) = books.told()
    assert told == Counted(Span.HOUR, MIDNIGHT, MIDNIGHT + HOUR, None, None, K, 0.0)


def test_a_passage_before_the_tick_that_closes_the_hour_before_counts_in_its_own_hour(books):
    books.passes(*range(12), at=MIDNIGHT + HOUR)
    books.close(MIDNIGHT + 2 * HOUR)
    assert books.shown() == [(Span.HOUR, MIDNIGHT + HOUR, 12)]


def test_decisions_before_the_first_look_at_the_clock_are_counted(tmp_path):
    books = Books(tmp_path)
    books.passes(*range(12), at=MIDNIGHT)
    books.close(MIDNIGHT + HOUR)
    assert books.shown() == [(Span.HOUR, MIDNIGHT, 12)]


def test_refusals_are_told_with_the_day(books):
    for place in range(24):
        books.is_refused(MIDNIGHT + place * HOUR)
    books.close(MIDNIGHT + DAY)
    assert [each for each in books.told() if isinstance(each, Denied)] == [
        Denied(MIDNIGHT, MIDNIGHT + DAY, 20, K, 0.0)
    ]


def test_a_small_site_has_ten_in_a_cell_and_a_large_one_five(books):
    insert = "INSERT INTO people (id, unit_lookup, wrapped_key, sealed) VALUES (?, ?, x'', x'')"
    books.close(MIDNIGHT + HOUR)
    books.database.write(lambda c: c.executemany(insert, [(str(n), str(n).encode()) for n in range(200)]))
    books.close(MIDNIGHT + 2 * HOUR)
    assert [each.k for each in books.told()] == [10, 5]


# On disk and in memory


def test_r36_nothing_on_disk_tells_who_came(books):
    """Of 12 people: their number, sealed; no digest, and nothing that grows with them."""
    books.passes("resident-1203", at=MIDNIGHT)
    one = books.database.rows("SELECT length(sealed) FROM tally WHERE part != 'carried'")
    books.passes(*range(8), at=MIDNIGHT)
    many = books.database.rows("SELECT length(sealed) FROM tally WHERE part != 'carried'")
    assert one == many
    [(part, *sealed)] = books.database.rows(
        "SELECT part, wrapped_key, sealed FROM tally WHERE part != 'carried'"
    )
    opened = Vault(bytes(range(32))).open(Sealed(*sealed), _binding(part))
    assert json.loads(opened) == {"people": 9, "beside": 0, "refused": 0}


def test_the_key_of_a_day_is_gone_with_the_day_and_digests_of_two_days_do_not_compare(books):
    digest = books.tally._digest(PersonId("a"), MIDNIGHT)
    assert books.tally._digest(PersonId("a"), MIDNIGHT + 23 * HOUR) == digest
    assert books.tally._digest(PersonId("a"), MIDNIGHT + DAY) != digest
    books.close(MIDNIGHT + DAY)
    assert list(books.tally._keys) == [(MIDNIGHT + DAY).date()]


def test_exact_numbers_are_on_disk_no_longer_than_their_day_is_open(books):
    books.passes(*range(3), at=MIDNIGHT)
    books.close(MIDNIGHT + DAY)
    assert books.database.rows("SELECT part FROM tally") == [("carried",)]
    assert (books.tally._state.carried.day.least, books.tally._state.carried.block.least) == (0, 0)


def test_numbers_that_were_altered_count_for_nothing_and_keep_no_door(books):
    books.passes(*range(12), at=MIDNIGHT)
    books.database._main.execute("UPDATE tally SET sealed = zeroblob(60)")
    books.kill()
    books.passes("a", at=MIDNIGHT)
    books.close(MIDNIGHT + HOUR)
    assert books.shown() == []


# Nobody is claimed who did not come


def test_the_same_people_after_a_kill_are_no_more_people(books):
    books.passes(*range(6), at=MIDNIGHT)
    books.kill()
    books.passes(*range(6), at=MIDNIGHT)
    books.close(MIDNIGHT + HOUR)
    assert books.shown() == []


def test_what_was_counted_before_a_kill_is_not_lost(books):
    books.passes(*range(12), at=MIDNIGHT)
    books.kill()
    books.close(MIDNIGHT + HOUR)
    assert books.shown() == [(Span.HOUR, MIDNIGHT, 12)]


def test_a_passage_that_was_rolled_back_is_nobodys(books):
    def refused(connection):
        books.tally.passed(connection, Method.CARD, PersonId("late"), MIDNIGHT)
        raise RuntimeError

    books.passes(*range(9), at=MIDNIGHT)
    with pytest.raises(RuntimeError):
        books.database.write(refused)
    books.close(MIDNIGHT + HOUR)
    assert books.shown() == []


def test_guests_are_the_residents_who_invited_them_and_in_the_day_alone(books):
    books.passes(*range(12), at=MIDNIGHT, method=Method.CODE)
    books.kill()
    books.close(MIDNIGHT + DAY)
    assert books.shown() == [(Span.DAY, MIDNIGHT, 12)]


# The clock


def test_a_passage_in_an_hour_that_was_told_already_counts_in_the_first_that_was_not(books):
    books.close(MIDNIGHT + 5 * HOUR)
    books.passes(*range(12), at=MIDNIGHT + HOUR)
    books.close(MIDNIGHT + 6 * HOUR)
    assert books.shown() == [(Span.HOUR, MIDNIGHT + 5 * HOUR, 12)]


def test_a_clock_set_back_by_years_begins_to_count_anew_and_loses_nobody(books):
    far = MIDNIGHT + 1000 * DAY
    books.close(far)
    books.passes(*range(12), at=far)
    books.passes(*range(5), at=far + HOUR)
    books.tally.close(MIDNIGHT + HOUR)
    books.passes(*range(12), at=MIDNIGHT + HOUR)
    books.close(MIDNIGHT + 2 * HOUR)
    assert (Span.HOUR, MIDNIGHT + HOUR, 12) in books.shown()


def test_people_of_two_days_that_a_clock_brought_together_are_not_counted_twice(books):
    """Digests of two days differ for the same person."""
    far = MIDNIGHT + 9 * DAY
    books.passes(*range(6), at=MIDNIGHT)
    books.close(far)
    books.passes(*range(6), at=far)
    books.tally.close(MIDNIGHT + 2 * DAY)
    books.passes(*range(6), at=MIDNIGHT + 2 * DAY)
    books.close(MIDNIGHT + 3 * DAY)
    assert books.shown() == []


def test_hours_missed_while_the_gate_was_off_are_each_told_and_long_ones_together(books):
    books.passes(*range(12), at=MIDNIGHT)
    books.kill()
    books.close(MIDNIGHT + 30 * DAY)
    spans = Counter(each.span for each in books.told() if isinstance(each, Counted))
    assert spans == {Span.HOUR: 24 + 168, Span.BLOCK: 6 + 42, Span.DAY: 1 + 7, Span.MERGED: 1}
    assert books.shown() == [(Span.HOUR, MIDNIGHT, 12)]
    assert sum(isinstance(each, Denied) for each in books.told()) == 1 + 1 + 7


def test_a_gate_that_was_off_for_a_week_closes_no_more_than_a_day_at_once(books):
    books.tally.close(MIDNIGHT + 6 * DAY)
    assert sum(each.span is Span.HOUR for each in books.told() if isinstance(each, Counted)) == 24


# What a listener could read


def test_the_number_and_the_times_of_messages_follow_from_the_clock_and_the_lot_alone(tmp_path):
    """R44: one gate where nobody comes, one where hundreds do: the same messages, due at the same seconds."""
    seen = []
    for folder, crowd in (("quiet", 0), ("busy", 20)):
        books = Books(tmp_path / folder, seed=5)
        for place in range(26):
            now = MIDNIGHT + place * HOUR
            books.passes(*range(crowd), at=now + timedelta(minutes=place))
            books.close(now + timedelta(seconds=place % 20))
        rows = books.database.rows("SELECT stream, due FROM outbox ORDER BY id")
        seen.append([(stream, due) for stream, due in rows])
    assert seen[0] == seen[1]


def test_a_window_is_sent_some_random_time_after_its_end(tmp_path):
    books = Books(tmp_path, seed=7)
    books.close(MIDNIGHT)
    books.close(MIDNIGHT + 3 * DAY)
    dues = {due for (due,) in books.database.rows("SELECT due FROM outbox")}
    after = [(due - MIDNIGHT.timestamp()) % 3600 for due in dues]
    assert len(dues) == 72
    assert AT_LEAST.total_seconds() <= min(after) < max(after) <= AT_LEAST.total_seconds() + SPREAD_S
    assert max(after) - min(after) > SPREAD_S / 2


ACTS = st.one_of(
    st.tuples(st.just("pass"), st.integers(0, 19)),
    st.tuples(st.just("guest"), st.integers(0, 19)),
    st.tuples(st.just("wait"), st.integers(1, 90)),
    st.tuples(st.just("back"), st.integers(1, 3000)),
    st.tuples(st.just("kill"), st.just(0)),
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(ACTS, max_size=40))
def test_whatever_happens_no_cell_has_fewer_than_k_people_or_more_than_came(tmp_path_factory, acts):
    """Kills, closings and clocks that jump: each passage in one cell at most, and no number above who came in all."""
    books, now, came = Books(tmp_path_factory.mktemp("books")), MIDNIGHT, []
    books.close(now)
    for act, number in acts:
        if act in {"pass", "guest"}:
            people = range(number, number + 6)
            books.passes(*people, at=now, method=Method.CARD if act == "pass" else Method.CODE)
            came += people
        elif act == "wait":
            now += timedelta(minutes=number)
        elif act == "back":
            now -= timedelta(minutes=number)
        else:
            books.kill()
        books.close(now)
    books.close(now + 4 * DAY)
    cells = [each.people for each in books.told() if isinstance(each, Counted) and each.people is not None]
    assert all(K <= each <= len(set(came)) for each in cells)
    assert sum(cells) <= len(came)
    books.database.close()
