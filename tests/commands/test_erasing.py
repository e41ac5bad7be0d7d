"""What a command erases while no gate serves is erased from older copies too (R24, R51)."""

import fcntl
import struct
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from gate.store.holds import SERVING_NAME
from gate.store.keyring.escrow import ESCROW_NAME, Escrow
from tests.commands.test_backup import Gate
from tests.consents import give
from tests.notices import publish_notice

NOW = datetime.now(UTC)
FACE = struct.pack("<128f", 1.0, *[0.0] * 127)


@pytest.fixture
def stick(tmp_path):
    folder = tmp_path / "stick"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def gate(tmp_path, stick):
    """A gate with two faces and a backup of them."""
    gate = Gate(tmp_path / "one", stick)
    with gate.store() as store:
        publish_notice(store, NOW)
        for unit in ("1203", "1204"):
            give(store, store.people.add(unit, "Ada", ""), at=NOW, template=FACE)
    assert gate("backup", "make").exit_code == 0
    return gate


def epoch_and_due(gate):
    with gate.store() as store:
        return store.epochs.number, store.rotation.due


def gallery(gate):
    with gate.store() as store:
        return len(store.templates.gallery(NOW).templates)


@contextmanager
def serving(gate):
    with (gate.home / "data" / SERVING_NAME).open("w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def test_removing_a_resident_with_the_gate_stopped_begins_a_new_epoch(gate):
    """R24, R51: the old secret is gone, and the others live on under the new one."""
    assert gate("resident", "remove", "1203", "--yes").exit_code == 0
    assert epoch_and_due(gate) == (2, False)
    assert not (gate.home / "keys" / "epoch-1").exists()
    assert gallery(gate) == 1


def test_the_backup_and_escrow_beside_it_follow_the_new_epoch(gate, stick):
    """R51: yesterday's backup would give the erased face to a replacement."""
    gate("resident", "remove", "1203", "--yes")
    assert Escrow.decode((stick / ESCROW_NAME).read_bytes()).epoch == 2
    assert "1 face templates would come back" in gate("backup", "verify", stick).output
    assert len(list(stick.glob("gate-*"))) == 1


def test_beside_a_serving_gate_the_epoch_is_left_to_it(gate):
    with serving(gate):
        assert gate("resident", "remove", "1203", "--yes").exit_code == 0
        assert epoch_and_due(gate) == (1, True)


def test_an_absent_backup_folder_is_told_and_the_erasure_stands(gate, stick):
    stick.rename(stick.with_name("unplugged"))
    removed = gate("resident", "remove", "1203", "--yes")
    assert removed.exit_code == 0
    assert "Not finished: The older backups may still give" in removed.output
    assert epoch_and_due(gate) == (2, False)


def test_a_retention_run_with_the_gate_stopped_begins_a_new_epoch_too(gate):
    """R24: whatever command left one due."""
    with gate.store() as store:
        store._database.write(lambda c: c.execute("DELETE FROM templates"))
    gate("retention", "run")
    assert epoch_and_due(gate) == (2, False)


def test_the_end_of_the_service_leaves_no_escrow_of_an_erased_face(gate, stick, tmp_path):
    """R87, R51."""
    stopped = gate("govern", "stop-service", "--to", tmp_path, said="north\n")
    assert stopped.exit_code == 0, stopped.output
    assert Escrow.decode((stick / ESCROW_NAME).read_bytes()).epoch == 2
