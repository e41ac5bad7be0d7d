"""The running gate backs itself up: on time, after each renewal of the epoch, and never on the door's time (R51)."""

import asyncio
import os
import secrets
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from gate.backups import BackupKeeper
from gate.store.backup.backups import LIST_NAME, backups_in
from gate.store.keyring.escrow import ESCROW_NAME, Escrow
from gate.store.upkeep import tombstones
from tests.stores import lay_started, open_in

HOUR = timedelta(hours=1)


class Clock:
    def __init__(self):
        self.at = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    def now(self):
        return self.at

    def monotonic(self):
        return 0.0


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def stick(tmp_path):
    folder = tmp_path / "stick"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def store(tmp_path):
    lay_started(tmp_path, with_notice=False)
    store = open_in(tmp_path)
    yield store
    store.close()


@pytest.fixture
def keeper(store, stick, clock):
    return BackupKeeper(store, stick, every=24 * HOUR, clock=clock)


def look(keeper, times=1):
    async def looking():
        for _ in range(times):
            await keeper.look()

    asyncio.run(looking())


def rotate(store, at):
    assert store.rotation.rotate_now(lambda _old, _new, templates: list(templates), at)


def test_the_first_look_makes_a_backup_and_the_next_one_none(keeper, stick):
    look(keeper, 3)
    assert len(backups_in(stick)) == 1


def test_the_next_one_comes_when_the_hours_are_over(keeper, stick, clock):
    look(keeper)
    clock.at += 24 * HOUR - timedelta(seconds=1)
    look(keeper)
    assert len(backups_in(stick)) == 1
    clock.at += timedelta(seconds=1)
    look(keeper)
    assert len(backups_in(stick)) == 2


def test_a_restart_makes_none_while_the_last_one_is_fresh(keeper, store, stick, clock):
    look(keeper)
    look(BackupKeeper(store, stick, every=24 * HOUR, clock=clock))
    assert len(backups_in(stick)) == 1


def test_a_backup_from_the_future_is_no_fresh_backup(keeper, stick, clock):
    look(keeper)
    clock.at -= 48 * HOUR
    look(keeper)
    assert len(backups_in(stick)) == 2


def test_a_renewed_epoch_is_backed_up_at_once_and_the_earlier_ones_go(keeper, store, stick, clock):
    """R51: no medium in reach opens what was erased."""
    look(keeper)
    rotate(store, clock.at)
    clock.at += timedelta(seconds=20)
    look(keeper)
    [only] = backups_in(stick)
    assert only.head.epoch == 2
    assert Escrow.decode((stick / ESCROW_NAME).read_bytes()).epoch == 2


def test_what_is_erased_reaches_the_list_before_the_next_backup(keeper, store, stick, clock):
    look(keeper)
    store._database.write(lambda c: tombstones.bury(c, "credential", "lost", clock.at))
    look(keeper)
    listed = tombstones.read((stick / LIST_NAME).read_bytes(), store.signer.public_key)
    assert {stone.ref for stone in listed} == {"lost"}
    assert len(backups_in(stick)) == 1


def test_an_unchanged_list_is_not_written_again(keeper, stick):
    look(keeper)
    before = (stick / LIST_NAME).stat().st_ino
    look(keeper)
    assert (stick / LIST_NAME).stat().st_ino == before


def test_each_backup_stands_in_the_log(keeper, store):
    look(keeper)
    [entry] = [each for each in store.audit.entries() if each.action == "backup-made"]
    assert entry.actor == "gate"


def test_an_absent_medium_is_told_once_is_an_alarm_and_is_tried_again(keeper, stick):
    stick.rmdir()
    with structlog.testing.capture_logs() as logs:
        look(keeper, 3)
    assert [line["code"] for line in logs if line["event"] == "backup_failed"] == ["backup-folder-absent"]
    assert "is not there" in keeper.fault
    stick.mkdir(mode=0o700)
    look(keeper)
    assert keeper.fault is None
    assert len(backups_in(stick)) == 1


def test_another_medium_in_its_place_gets_its_own_backup(keeper, stick, tmp_path):
    look(keeper)
    stick.rename(tmp_path / "in the drawer")
    look(keeper)
    stick.mkdir(mode=0o700)
    look(keeper)
    assert len(backups_in(stick)) == 1


def test_with_the_case_opened_no_key_is_read_and_the_escrow_stays(keeper, store, stick, clock):
    """R60."""
    look(keeper)
    before = (stick / ESCROW_NAME).read_bytes()
    store.tamper.raise_(clock.at)
    clock.at += 25 * HOUR
    look(keeper)
    assert len(backups_in(stick)) == 2
    assert (stick / ESCROW_NAME).read_bytes() == before


def test_a_medium_that_hangs_holds_up_nobody(keeper, stick):
    """A pipe in the folder stands for it: reading it waits until somebody writes. The loop goes on meanwhile."""
    pipe = stick / LIST_NAME
    os.mkfifo(pipe)

    async def busy():
        looking = asyncio.create_task(keeper.look())
        async with asyncio.timeout(30):
            while (writer := writing_end(pipe)) is None:  # noqa: ASYNC110 - a reader of a pipe sets no event of ours
                await asyncio.sleep(0.001)
        try:
            await asyncio.sleep(0.05)
            assert not looking.done()
        finally:
            pipe.unlink()
            os.close(writer)
        await looking

    asyncio.run(busy())


def writing_end(pipe):
    """Open it for writing; None while nobody has come to read."""
    try:
        return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


def test_with_a_thousand_residents_the_loop_goes_on_while_the_backup_is_made(store, keeper, stick):
    """The longest pause of the loop, against the time the backup takes: it is made elsewhere."""
    rows = [(secrets.token_hex(16), secrets.token_bytes(32), secrets.token_bytes(60), secrets.token_bytes(400))
            for _ in range(1000)]  # fmt: skip
    sql = "INSERT INTO people (id, unit_lookup, wrapped_key, sealed) VALUES (?, ?, ?, ?)"
    store._database.write(lambda c: c.executemany(sql, rows))
    turns = 0

    async def count(looking):
        nonlocal turns
        while not looking.done():
            turns += 1
            await asyncio.sleep(0)

    async def both():
        looking = asyncio.create_task(keeper.look())
        await count(looking)

    asyncio.run(both())
    assert len(backups_in(stick)) == 1
    assert turns > 20
