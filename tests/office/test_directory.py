"""Thousands of residents: looked up and entered while the loop that serves the door goes on (R03)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

import pytest

from gate.core.roles import AccountId, Role, Staff
from gate.core.roster import ROWS_MOST
from gate.office.directory import SLICE, UNUSED_S, Directory
from gate.office.importing import ImportOffice
from tests.store.conftest import NOON

MANAGER = Staff(AccountId("a" * 16), frozenset({Role.MANAGER}))


@dataclass
class Time:
    seconds: float = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return NOON


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def directory(store, time):
    return Directory(store, time)


def enter(store, count):
    def work(_connection):
        for number in range(count):
            store.people.add(str(1000 + number), f"Resident {number}", "")

    store._database.write(work)


async def turns_during(work):
    """Do *work*; give how many turns the loop gave to others meanwhile, and what came of it."""
    turns, over = 0, False

    async def others():
        nonlocal turns
        while not over:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    result = await work
    over = True
    await beside
    return turns, result


def test_the_loop_goes_on_while_the_index_is_made(store, directory):
    enter(store, 20 * SLICE)
    turns, found = asyncio.run(turns_during(directory.search("", 1)))
    assert found.total == 20 * SLICE
    assert turns >= 20


def test_an_index_that_is_held_opens_no_record_again(store, directory, monkeypatch):
    async def twice():
        await directory.search("", 1)
        monkeypatch.setattr(store.people, "_person", None)  # opening any record would fail
        return await directory.search("resident 7", 1)

    enter(store, 10)
    assert asyncio.run(twice()).total == 1


def test_one_change_opens_one_record_again(store, directory, time):
    opened = []

    async def changed():
        await directory.search("", 1)
        before, store_opens = store.people.readable, opened.append
        directory._store = _Watched(store, before, store_opens)
        store.permits.set("night", "mon 22:00-06:00", NOON)
        store.permits.give_to(person, "night", NOON)
        return await directory.everybody()

    enter(store, 10)
    person = store.people.list()[3].id
    everybody = asyncio.run(changed())
    assert opened == [person]
    assert [each.hours for each in everybody].count("night") == 1


class _Watched:
    """The store, with every record that is opened counted."""

    def __init__(self, store, readable, told):
        self.people = _WatchedPeople(store.people, readable, told)


class _WatchedPeople:
    def __init__(self, people, readable, told):
        self._people, self._readable, self._told = people, readable, told

    def readable(self, person):
        self._told(person)
        return self._readable(person)

    @property
    def mark(self):
        return self._people.mark

    def __getattr__(self, name):
        return getattr(self._people, name)


def test_who_writes_beside_while_the_index_is_made_is_in_it(store, open_store, directory):
    beside = open_store()

    async def meanwhile():
        async def writes():
            beside.people.add("9", "Bo Lin", "")
            store.people.add("8", "Cy Wu", "")
            store.residents.move_out("1000", NOON)

        searching = asyncio.create_task(directory.search("", 1))
        await asyncio.sleep(0)
        await writes()
        return await searching

    enter(store, 4 * SLICE)
    found = asyncio.run(meanwhile())
    assert [each.name for each in found.lines[:2]] == ["Cy Wu", "Bo Lin"]
    assert found.total == 4 * SLICE + 1


def test_two_who_search_at_once_read_the_records_once(store, directory):
    async def both():
        return await asyncio.gather(directory.search("", 1), directory.search("1003", 1))

    enter(store, 10)
    first, second = asyncio.run(both())
    assert (first.total, second.total) == (10, 1)


def test_the_index_goes_when_nobody_searched_for_five_minutes(store, directory, time):
    async def forgotten():
        await directory.search("", 1)
        time.seconds += UNUSED_S
        directory._drop_unused()
        return directory.is_held

    enter(store, 1)
    assert asyncio.run(forgotten()) is False


def test_the_loop_goes_on_while_thousands_are_looked_at_and_sealed(store, directory, time):
    imports = ImportOffice(store, time, directory)
    rows = "".join(f"{1000 + number},Resident {number},,{number},\n" for number in range(20 * SLICE))

    async def whole():
        looked, preview = await turns_during(
            imports.look(MANAGER, f"unit,name,contact,card,hours\n{rows}".encode())
        )
        entered, result = await turns_during(imports.enter(MANAGER, preview.id))
        return looked, entered, result

    looked, entered, result = asyncio.run(whole())
    assert (result.people, result.cards) == (20 * SLICE, 20 * SLICE)
    assert looked >= 20
    assert entered >= 20


def test_as_many_rows_as_there_may_be_are_entered(store, directory, time):
    imports = ImportOffice(store, time, directory)
    rows = "".join(f"{1000 + number},Resident {number}\n" for number in range(ROWS_MOST))

    async def whole():
        preview = await imports.look(MANAGER, f"unit,name\n{rows}".encode())
        return await imports.enter(MANAGER, preview.id)

    assert asyncio.run(whole()).people == ROWS_MOST
    assert len(store.people.units()) == ROWS_MOST
