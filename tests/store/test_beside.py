"""Another thread that reads beside the one of the door: what is committed, by a connection of its own."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from gate.errors import VaultError
from gate.store.account.audit import Action, Actor, Wanted
from gate.store.intake import Newcomer


def in_another_thread(work):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def test_another_thread_reads_what_is_committed(store, noon):
    store.audit.write(Actor.DESK, Action.STARTED, at=noon)

    def count():
        with store.beside():
            return store.audit.count()

    assert in_another_thread(count) == store.audit.count()


def test_without_it_another_thread_cannot_read_at_all(store):
    with pytest.raises(sqlite3.ProgrammingError):
        in_another_thread(store.audit.count)


def test_another_thread_writes_nothing(store, noon):
    def write():
        with store.beside():
            store.audit.write(Actor.DESK, Action.STARTED, at=noon)

    before = store.audit.count()
    with pytest.raises(VaultError):
        in_another_thread(write)
    assert store.audit.count() == before


def test_the_door_writes_while_another_thread_reads(store, noon):
    reading, written = threading.Event(), threading.Event()

    def look():
        with store.beside():
            return store._database.snapshot(lambda c: [_count(c), reading.set(), written.wait(5), _count(c)])

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        assert reading.wait(5)
        store.audit.write(Actor.DESK, Action.STARTED, at=noon)
        written.set()
        before, _, _, after = looking.result()
    assert before == after
    assert store.audit.count() == before + 1


def test_the_connection_of_a_thread_ends_with_its_block(store):
    def twice():
        with store.beside():
            store.audit.count()
        with pytest.raises(sqlite3.ProgrammingError):
            store.audit.count()
        return True

    assert in_another_thread(twice)


def test_a_whole_log_is_verified_beside_while_it_grows_r55(store, noon):
    for _ in range(20):
        store.audit.write(Actor.DESK, Action.STARTED, at=noon)
    stop = threading.Event()

    def verify():
        found = []
        with store.beside():
            while not stop.is_set():
                found.append(store.audit.verify(noon))
        return found

    with ThreadPoolExecutor(1) as pool:
        verifying = pool.submit(verify)
        try:
            for number in range(60):
                store.audit.write(Actor.DESK, Action.STARTED, at=noon)
                if number % 5 == 0:
                    store.audit.keep_head()
        finally:
            stop.set()
        assert set(verifying.result()) == {None}


def test_pages_of_the_log_leave_no_line_out_r55(store, noon):
    for _ in range(25):
        store.audit.write(Actor.DESK, Action.STARTED, at=noon)
    seen, before = [], None
    while page := store.audit.page(Wanted(action="started"), before=before, most=10):
        seen += [entry.seq for entry in page]
        before = page[-1].seq
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 25


def test_the_door_writes_first_while_another_thread_makes_a_long_write_r03(store, noon):
    database, under_way, tries = store._database, threading.Event(), []

    def work(connection):
        tries.append(1)
        connection.execute("INSERT INTO meta VALUES ('long', x'00')")
        under_way.set()
        for _ in range(500 if len(tries) == 1 else 0):
            database.give_way()
            threading.Event().wait(0.01)

    before = store.audit.count()
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(database.write_beside, work)
        assert under_way.wait(5)
        store.audit.write(Actor.DESK, Action.STARTED, at=noon)  # database-busy, if the other did not give way
        writing.result()
    assert len(tries) == 2
    assert store.audit.count() == before + 1
    assert database.rows("SELECT count(*) FROM meta WHERE name = 'long'") == [(1,)]


def test_many_people_are_entered_beside_the_door_that_goes_on_writing_r52(store, noon):
    newcomers = [Newcomer(str(1000 + each), "Ada Chen", "", f"26:{each + 1}") for each in range(2000)]
    prepared = [store.intake.prepare(newcomers)]
    enter = partial(store.intake.enter, prepared, file_sha256="0" * 64, at=noon, by=Actor.DESK)
    before = store.audit.count()
    with ThreadPoolExecutor(1) as pool:
        entering = pool.submit(enter)
        for _ in range(5):
            store.audit.write(Actor.DESK, Action.STARTED, at=noon)
        entering.result()
    assert store.audit.count() == before + 6
    assert len(store.people.units()) == 2000
    assert store.audit.verify(noon) is None


def _count(connection):
    return connection.execute("SELECT count(*) FROM audit_log").fetchone()[0]
