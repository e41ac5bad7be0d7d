"""On a full disk cards and PINs go on, nothing is half written, and the gate knows."""

import os
from contextlib import contextmanager

import pytest

from gate.errors import VaultError
from gate.store import Kept
from gate.store.ballast import BALLAST_BYTES
from gate.store.database import Database
from tests import disks
from tests.consents import AT_DESK, give
from tests.disks import fill
from tests.passages import passage
from tests.tallies import sums


@pytest.fixture
def small_disk(tmp_path):
    with disks.small_disk(tmp_path / "disk") as folder:
        yield folder


def decisions(database):
    return database.rows("SELECT count(*) FROM decisions")[0][0]


def test_a_fresh_store_keeps_room_back(store, tmp_path):
    ballast = tmp_path / "data" / "ballast"
    assert ballast.stat().st_size == BALLAST_BYTES
    assert ballast.stat().st_blocks * 512 >= BALLAST_BYTES
    assert ballast.stat().st_mode & 0o777 == 0o600
    assert store.space_low is False


def test_decisions_go_on_through_a_full_disk_until_space_is_back(open_store, small_disk, decide, noon):
    store = open_store(data_dir=small_disk)
    person = store.people.add("301", "Li Na", "")
    store.credentials.issue_card(person, "0451", at=noon)
    filler = fill(small_disk)
    store.reclaim()

    for number in range(500):
        assert store.credentials.check_card("0451", noon).granted
        assert passage(store, decide(f"a{number}"), at=noon, who=person) is Kept.COMMITTED
    pin = store.credentials.issue_pin(person, at=noon)
    check = store.credentials.prepare_pin("301", noon)
    assert store.credentials.finish_pin(check, ok=check.verify(pin), at=noon).granted
    assert store.space_low is True
    store.reclaim()
    assert store.space_low is True

    filler.unlink()
    store.reclaim()
    assert store.space_low is False
    assert store._database.rows("PRAGMA integrity_check") == [("ok",)]
    assert decisions(store._database) == 500


def test_room_for_the_ballast_alone_is_not_taken(open_store, small_disk, decide, noon):
    store = open_store(data_dir=small_disk)
    filler = fill(small_disk)
    passage(store, decide(), at=noon)
    disk = os.statvfs(small_disk)
    os.truncate(filler, filler.stat().st_size - (BALLAST_BYTES * 3 // 2 - disk.f_bavail * disk.f_frsize))
    store.reclaim()
    assert store.space_low is True


def test_when_the_ballast_is_spent_a_write_fails_whole(open_store, small_disk, decide, noon):
    store = open_store(data_dir=small_disk)
    person = store.people.add("301", "Li Na", "")
    fill(small_disk)
    assert passage(store, decide("0"), at=noon, who=person) is Kept.COMMITTED
    fill(small_disk)

    def record_on():
        for number in range(1, 10_000):
            passage(store, decide(str(number)), at=noon, who=person)

    with pytest.raises(VaultError) as refusal:
        record_on()
    assert refusal.value.code == "disk-full"
    assert sums(store) == (decisions(store._database), 0)
    assert store._database.rows("PRAGMA integrity_check") == [("ok",)]


def test_a_withdrawal_on_a_full_disk_still_destroys_the_template(open_store, small_disk, noon):
    store = open_store(data_dir=small_disk)
    person = store.people.add("301", "Li Na", "")
    give(store, person, at=noon)
    [[sealed]] = store._database.rows("SELECT sealed FROM templates")
    fill(small_disk)
    assert store.consents.withdraw(person, at=noon, by=AT_DESK) is not None
    assert not any(sealed in path.read_bytes() for path in small_disk.iterdir())


def test_a_restart_on_a_full_disk_spends_the_ballast(open_store, small_disk, decide, noon):
    first = open_store(data_dir=small_disk)
    person = first.people.add("301", "Li Na", "")
    first.close()
    fill(small_disk)
    store = open_store(data_dir=small_disk)
    assert store.space_low is True
    assert passage(store, decide(), at=noon, who=person) is Kept.COMMITTED


def test_a_restart_on_a_full_disk_without_ballast_says_what_to_do(open_store, small_disk):
    open_store(data_dir=small_disk).close()
    (small_disk / "ballast").unlink()
    fill(small_disk)
    with pytest.raises(VaultError, match="Free some space") as refusal:
        open_store(data_dir=small_disk)
    assert refusal.value.code == "disk-full"


# The same for everybody: SQLite's own limit stands for the disk. The ballast is spent and does not help.


@contextmanager
def no_more_pages(database):
    [[pages]] = database.rows("PRAGMA page_count")
    database.rows(f"PRAGMA max_page_count = {pages}")
    yield
    database.rows("PRAGMA max_page_count = 1000000")


def test_a_refused_write_leaves_nothing_and_spends_the_ballast_once(tmp_path):
    database = Database(tmp_path / "d" / "db")
    runs = []

    def work(connection):
        runs.append(1)
        connection.execute("INSERT INTO meta VALUES ('small', 1)")
        connection.execute("INSERT INTO meta VALUES ('large', zeroblob(100000))")

    with no_more_pages(database):
        for expected in (2, 3):
            with pytest.raises(VaultError, match="full") as refusal:
                database.write(work)
            assert refusal.value.code == "disk-full"
            assert len(runs) == expected
            assert database.space_low is True
            assert database.rows("SELECT * FROM meta") == []
    database.reclaim()
    assert database.space_low is False
    database.write(work)
    assert len(database.rows("SELECT * FROM meta")) == 2
    database.close()


def test_another_trouble_leaves_the_ballast_in_place(tmp_path):
    database = Database(tmp_path / "d" / "db")
    with pytest.raises(VaultError) as refusal:
        database.write(lambda connection: connection.execute("INSERT INTO meta VALUES (NULL, 1)"))
    assert refusal.value.code == "record-refused"
    assert database.space_low is False
    database.close()
