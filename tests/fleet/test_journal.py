"""The consumer's journal: once, whatever comes twice, and what never came (R46, issue 6)."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.errors import RequestError, VaultError
from gate.fleet.journal import Arrival, Gap, Journal, LatestState, Place, alone

EPOCHS = itertools.count()
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def counts(sequence, *, gate="north", message_id=None, epoch="aa", stream="counts"):
    place = Place(stream, epoch, sequence)
    return Arrival(gate, "access-counts", message_id or f"{gate}{epoch}{stream}{sequence}", '{"k":10}', place)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.sqlite3"


@pytest.fixture
def journal(path):
    opened = Journal(path)
    yield opened
    opened.close()


def test_a_copy_has_no_second_effect_and_is_counted(journal):
    first = journal.take([counts(1), counts(1)], NOW)
    second = journal.take([counts(1), counts(2)], NOW)
    assert ([line.number for line in first], [line.number for line in second]) == ([1], [2])
    assert (journal.filed(), journal.happened()) == (2, {"again": 2})


def test_another_gates_message_id_makes_no_message_vanish(journal):
    """R45: a gate that learns an id must not silence another."""
    lines = journal.take([counts(1, message_id="same"), counts(1, gate="south", message_id="same")], NOW)
    assert len(lines) == 2


def test_a_message_that_was_forgotten_does_not_come_back(journal):
    journal.take([counts(1), counts(2)], NOW)
    assert journal.forget(NOW + timedelta(days=1)) == 2
    assert (journal.take([counts(2)], NOW), journal.filed()) == ([], 0)


def test_what_is_younger_is_not_forgotten(journal):
    journal.take([counts(1)], NOW)
    assert journal.forget(NOW) == 0


def test_numbers_are_not_given_twice_even_after_all_is_forgotten(journal):
    journal.take([counts(1), counts(2)], NOW)
    journal.forget(NOW + timedelta(days=1))
    assert [line.number for line in journal.take([counts(3)], NOW)] == [3]


def test_a_reader_that_keeps_its_last_number_gets_each_line_once(journal):
    taken = journal.take([counts(n) for n in (1, 2, 3)], NOW)
    assert journal.lines(limit=2) == taken[:2]
    assert journal.lines(after=2) == taken[2:]


def test_a_gap_is_told_and_closes_when_the_late_one_comes(journal):
    journal.take([counts(1), counts(2), counts(5)], NOW)
    assert journal.gaps() == [Gap("north", "counts", "aa", 3, 4)]
    journal.take([counts(4), counts(3)], NOW)
    assert journal.gaps() == []


def test_a_gap_before_all_that_came_says_so(journal):
    journal.take([counts(3)], NOW)
    (gap,) = journal.gaps()
    assert (gap.first, gap.last, gap.at_head) == (1, 2, True)


def test_epochs_streams_and_gates_have_gaps_of_their_own(journal):
    journal.take(
        [
            counts(1),
            counts(3),
            counts(1, epoch="bb"),
            counts(2, stream="alarms"),
            counts(1, stream="alarms"),
            counts(1, gate="south"),
        ],
        NOW,
    )
    assert journal.gaps() == [Gap("north", "counts", "aa", 2, 2)]


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 30), min_size=1, max_size=40))
def test_gaps_are_exactly_what_is_missing_below_the_highest(journal, sequences):
    filed, epoch = journal.filed(), f"e{next(EPOCHS)}"
    journal.take([counts(sequence, epoch=epoch) for sequence in sequences], NOW)
    gaps = [gap for gap in journal.gaps() if gap.epoch == epoch]
    assert {n for gap in gaps for n in range(gap.first, gap.last + 1)} == set(range(1, max(sequences))) - set(
        sequences
    )
    assert journal.filed() - filed == len(set(sequences))


def test_of_a_state_only_the_latest_is_kept(journal):
    for body in ("1", "2"):
        assert journal.take([Arrival("north", "health", f"id{body}", body, is_state=True)], NOW) == []
    assert journal.states() == [LatestState("north", "health", "2026-11-22T09:30:00Z", "2")]
    assert journal.filed() == 0


def test_a_message_without_a_sequence_is_filed_once_by_its_id(journal):
    answer = Arrival("north", "command-answer", "a1", "{}")
    assert [line.arrival for line in journal.take([answer, answer], NOW)] == [answer]
    assert journal.gaps() == []


def test_a_batch_that_fails_is_not_filed_in_part(journal, path):
    """The acknowledgement of a whole batch hangs on it."""
    other = sqlite3.connect(path)
    other.execute(
        "CREATE TRIGGER full BEFORE INSERT ON covered WHEN NEW.first = 2 BEGIN SELECT RAISE(FAIL, 'no'); END"
    )
    other.commit()
    other.close()
    with pytest.raises(VaultError):
        journal.take([counts(1, epoch="bb"), counts(2)], NOW)
    assert (journal.filed(), journal.gaps()) == (0, [])
    assert [line.number for line in journal.take([counts(1)], NOW)] != []


def at_once(consume, many=3):
    """Let *many* consumers begin in one moment, each on a thread of its own; raise what one of them met."""
    start = threading.Barrier(many, timeout=60)

    def begin(_):
        start.wait()
        return consume()

    with ThreadPoolExecutor(many) as pool:
        return list(pool.map(begin, range(many)))


def test_consumers_of_one_machine_share_it_and_file_each_message_once(path):
    def consume():
        with contextlib.closing(Journal(path)) as mine:
            return [
                line
                for first in range(1, 100, 10)
                for line in mine.take([counts(n) for n in range(first, first + 10)], NOW)
            ]

    lines = list(itertools.chain.from_iterable(at_once(consume)))
    assert sorted(line.arrival.place.sequence for line in lines) == list(range(1, 101))
    assert sorted(line.number for line in lines) == list(range(1, 101))


def test_consumers_that_start_together_begin_one_journal(tmp_path):
    """Of two connections that turn a new file's log on at once, SQLite refuses one, however long it may wait."""
    for number in range(30):
        begun = tmp_path / f"begun-{number}.db"
        at_once(lambda begun=begun: Journal(begun).close())
        with contextlib.closing(Journal(begun)) as journal:
            assert journal.filed() == 0


def test_a_journal_of_a_newer_gate_is_left_alone(path):
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(VaultError, match="newer"):
        Journal(path)


def test_a_file_that_is_no_journal_is_told(path):
    path.write_bytes(b"no database" * 100)
    with pytest.raises(VaultError):
        Journal(path)


def test_nobody_else_may_read_it(journal, path):
    assert path.stat().st_mode & 0o077 == 0


def test_a_consumers_name_is_held_once_beside_a_journal(path):
    with alone(path, "consume-estate/c1"):
        with alone(path, "consume-estate/c2"):
            pass
        with pytest.raises(RequestError, match="runs already"), alone(path, "consume-estate/c1"):
            pass
    with alone(path, "consume-estate/c1"):
        pass


def test_a_stream_without_a_gap_takes_one_row_however_long_it_runs(journal, path):
    for sequence in (2, 1, 4, 3, 5):
        journal.take([counts(sequence)], NOW)
    with contextlib.closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT first, last FROM covered").fetchall() == [(1, 5)]
