"""A restore that is refused or breaks off changes nothing, and says why (R51, R52)."""

import os
from dataclasses import replace

import pytest

from gate.errors import VaultError
from gate.store.backup import archive
from gate.store.backup.opening import open_backup
from gate.store.keyring.keys import Custody, KeyUse, MasterKey
from tests.disks import fill, small_disk
from tests.store.backup.restoring import by_shares, missing, refused, truncated
from tests.store.devices import Device, files_in


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (missing, "backup-missing"),
        (truncated, "backup-altered"),
        (lambda path: path.write_bytes(b"holiday photos"), "backup-malformed"),
    ],
)
def test_a_backup_that_does_not_open_changes_nothing(device, stick, two_residents, spoil, code):
    made = device.back_up(stick)
    spoil(made.path)
    before = files_in(device.home)
    assert refused(lambda: device.restore(made.path)) == code
    assert files_in(device.home) == before


def test_an_empty_folder_is_told(device, stick, two_residents):
    assert refused(lambda: device.restore(stick)) == "backup-missing"


def test_another_gates_backup_is_refused_and_changes_nothing(device, tmp_path, stick, two_residents):
    made = Device(tmp_path / "other").back_up(stick)
    before = files_in(device.home)
    for source in (stick, made.path):
        assert refused(lambda source=source: device.restore(source)) == "backup-foreign"
    assert files_in(device.home) == before


def test_another_gates_shares_open_nothing(device, replacement, tmp_path, stick, two_residents):
    device.back_up(stick)
    other = Device(tmp_path / "other")
    other.add()
    assert refused(lambda: replacement.restore(stick, by_shares(other.root()))) == "backup-foreign"
    assert files_in(replacement.home) == {}


def test_a_backup_relabelled_as_ones_own_is_refused(device, tmp_path, stick, two_residents):
    """A swapped head: the key that opens is of the body, not of the label."""
    made = device.back_up(stick)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    other = Device(tmp_path / "other").back_up(elsewhere)
    ours, theirs = made.path.read_bytes(), other.path.read_bytes()
    cut = len(b"gate backup\n") + 4
    head = ours[: cut + int.from_bytes(ours[cut - 4 : cut])]
    body = theirs[cut + int.from_bytes(theirs[cut - 4 : cut]) :]
    made.path.write_bytes(head + body)
    assert refused(lambda: device.restore(made.path)) == "backup-altered"


def test_a_running_gate_keeps_its_data(device, stick, two_residents):
    device.back_up(stick)
    with device.store():
        assert refused(lambda: device.restore(stick)) == "gate-running"


def test_a_restore_keeps_the_gate_from_starting_meanwhile(device, stick, two_residents):
    device.back_up(stick)
    told = []

    def start(step):
        if step == "write":
            with pytest.raises(VaultError) as caught, device.store():
                pass
            told.append(caught.value.code)

    device.restore(stick, steps=start)
    assert told == ["data-replaced"]


def test_a_full_disk_leaves_the_old_gate(device, tmp_path, stick, two_residents):
    device.back_up(stick)
    root = by_shares(device.root())
    with small_disk(tmp_path / "small") as small:
        replacement = Device(small / "two")
        replacement.data.mkdir(mode=0o700)
        filler = fill(small)
        assert refused(lambda: replacement.restore(stick, root)) in {
            "restore-no-room",
            "disk-full",
            "folder-unusable",
        }
        filler.unlink()
        replacement.restore(stick, root)
        assert replacement.card_opens()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_told(device, stick, two_residents):
    device.back_up(stick)
    device.data.chmod(0o500)
    try:
        assert refused(lambda: device.restore(stick)) in {"restore-failed", "folder-unusable"}
    finally:
        device.data.chmod(0o700)


def test_a_head_that_says_less_than_the_image_is_refused(device, stick, two_residents):
    made = device.back_up(stick)
    key = device.root().derive(KeyUse.BACKUP)
    with made.path.open("rb") as file:
        head, image = archive.unsealed(file, key)
    made.path.write_bytes(b"".join(archive.sealed(replace(head, tombstones=99), image, key)))
    assert refused(lambda: open_backup(made.path, device.root())) == "backup-altered"


def test_a_backup_of_a_newer_schema_is_left_to_a_newer_gate(device, stick):
    made = device.back_up(stick)
    key = device.root().derive(KeyUse.BACKUP)
    with made.path.open("rb") as file:
        head, image = archive.unsealed(file, key)
    newer = image[:60] + (99).to_bytes(4) + image[64:]
    made.path.write_bytes(b"".join(archive.sealed(replace(head, schema=99), newer, key)))
    before = files_in(device.home)
    assert refused(lambda: device.restore(made.path)) == "database-newer"
    assert files_in(device.home) == before


def test_a_copied_card_with_the_stick_opens_nothing_without_key_or_shares(device, tmp_path, stick):
    """R52: data folder and backups together, the key folder left behind."""
    device.back_up(stick)
    clone = device.copied_to(tmp_path / "clone")
    for path in clone.keys.iterdir():
        path.unlink()
    assert refused(clone.root) == "key-missing"
    thief = MasterKey(bytearray(32), Custody.FILE)
    assert refused(lambda: clone.restore(stick, thief)) == "backup-foreign"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
@pytest.mark.parametrize("name", ["data", "keys"])
def test_anothers_folder_is_left_to_its_account(device, stick, two_residents, name):
    """Files of root's in the gate's folder would keep the gate from starting."""
    device.back_up(stick)
    os.chown(device.home / name, 4711, -1)
    before = files_in(device.home)
    assert refused(lambda: device.restore(stick)) == "folder-owner"
    assert files_in(device.home) == before
