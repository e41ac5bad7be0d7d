"""Backups of the running gate: consistent, sealed, whole or not there, and without any key (R51, R52)."""

import hashlib
import io
import json
import sqlite3
import threading
from contextlib import closing
from datetime import timedelta

import pytest

from gate.errors import VaultError
from gate.store.backup import archive
from gate.store.backup.backups import KEPT, LIST_NAME, backups_in, name_of, opened_image
from gate.store.keyring.custody import KeyPlace, load_root
from gate.store.keyring.escrow import ESCROW_NAME, EpochSecret, Escrow, EscrowError, unwrap
from gate.store.keyring.keys import Custody, KeyUse
from gate.store.upkeep import tombstones
from tests.disks import fill, small_disk
from tests.store.conftest import NOON

HOUR = timedelta(hours=1)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "stick"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def make(store, folder):
    def make(at=NOON, *, folder=folder, **changed):
        epoch = changed["epoch"] if changed else EpochSecret(*store.epochs.escrow())
        return store.backups.make(folder, at=at, epoch=epoch)

    return make


@pytest.fixture
def rotate(store):
    def rotate(at=NOON):
        assert store.rotation.rotate_now(lambda _old, _new, templates: list(templates), at)

    return rotate


@pytest.fixture
def root(store, tmp_path):
    return load_root(KeyPlace(Custody.FILE, tmp_path / "keys"), create=False)


def image_of(made, root):
    with made.path.open("rb") as file:
        return archive.unsealed(file, root.derive(KeyUse.BACKUP))[1]


def refused(act):
    with pytest.raises(VaultError) as caught:
        act()
    return caught.value.code


def test_a_backup_holds_all_that_was_committed(store, resident, make, root):
    with opened_image(image_of(make(), root)) as copy:
        assert copy.execute("SELECT id FROM people").fetchall() == [(resident,)]


def test_what_is_being_written_meanwhile_is_not_in_it_and_does_not_hinder_it(store, resident, make, root):
    def work(connection):
        connection.execute("DELETE FROM people")
        raise_out.append(make())
        raise KeyboardInterrupt

    raise_out = []
    with pytest.raises(KeyboardInterrupt):
        store._database.write(work)
    with opened_image(image_of(raise_out[0], root)) as copy:
        assert copy.execute("SELECT count(*) FROM people").fetchone() == (1,)


def test_another_thread_may_make_it(make, resident):
    made = []
    thread = threading.Thread(target=lambda: made.append(make(epoch=None)))
    thread.start()
    thread.join()
    assert made[0].size == made[0].path.stat().st_size


def test_the_head_says_what_the_backup_is(store, make):
    made = make()
    head = made.head
    assert (head.gate_id, head.created, head.epoch) == ("north", NOON, 1)
    assert (head.audit_seq, head.audit_hash) == (store.audit.heads()[-1].seq, store.audit.heads()[-1].hash)
    assert head.public_key == store.signer.public_key
    assert made.sha256 == hashlib.sha256(made.path.read_bytes()).hexdigest()


def test_its_name_and_mode_are_what_is_documented(make):
    path = make().path
    assert path.name == "gate-20261122T120000Z.gatebackup" == name_of(NOON)
    assert path.stat().st_mode & 0o777 == 0o600


def test_no_key_and_no_secret_is_in_it_sealed_or_opened(store, resident, enrol, make, root, tmp_path):
    """R51: neither the root key nor an epoch secret, nor either as the key folder wraps it."""
    enrol(resident)
    made = make()
    secrets = [
        bytes(root.secret),
        store.epochs.escrow()[1],
        root.derive(KeyUse.EPOCH),
        root.derive(KeyUse.PEOPLE),
    ]
    secrets += [path.read_bytes() for path in (tmp_path / "keys").glob("epoch-*")]
    for content in (made.path.read_bytes(), image_of(made, root)):
        assert not any(secret in content for secret in secrets)


def test_nothing_of_a_backup_reads_without_the_key(store, make):
    store.people.add("302", "Zhang San", "zhang@example.org")
    content = make().path.read_bytes()
    assert not any(word in content for word in (b"CREATE TABLE", b"SQLite format", b"subject_ref"))


def test_the_image_needs_no_log_beside_it(make, root):
    assert image_of(make(), root)[18:20] == b"\x01\x01"


def test_the_escrow_gives_the_present_epoch_back_and_only_under_the_root_key(store, make, folder, root):
    make()
    escrow = Escrow.decode((folder / ESCROW_NAME).read_bytes())
    assert unwrap(escrow, root.derive(KeyUse.BACKUP)) == EpochSecret(*store.epochs.escrow())
    with pytest.raises(EscrowError):
        unwrap(escrow, root.derive(KeyUse.PEOPLE))


def test_an_altered_or_relabelled_escrow_opens_nothing(make, folder, root):
    make()
    content = (folder / ESCROW_NAME).read_bytes()
    said = json.loads(content)
    changes = [
        {"epoch": 2},
        {"public_key": "00" * 32},
        {"wrapped": "00" + said["wrapped"][2:]},
        {"wrapped": ""},
        {"format": 2},
        {"epoch": "1"},
        {"wrapped": 5},
    ]
    for change in changes:
        with pytest.raises(EscrowError):
            unwrap(Escrow.decode(json.dumps(said | change).encode()), root.derive(KeyUse.BACKUP))
    for torn in (content[:-1], b"", b"[]", b"\xff"):
        with pytest.raises(EscrowError):
            Escrow.decode(torn)


def test_after_a_rotation_the_old_secret_is_in_no_file_of_the_folder(store, make, rotate, folder):
    """R51: the wrapped old secret is overwritten, not just unlinked; the file is another one."""
    make()
    before = (folder / ESCROW_NAME).read_bytes()
    with (folder / ESCROW_NAME).open("rb") as still_open:
        rotate()
        make(NOON + HOUR)
        assert still_open.read() == bytes(len(before))
    assert Escrow.decode((folder / ESCROW_NAME).read_bytes()).epoch == 2


def test_a_rotation_supersedes_every_earlier_backup(store, make, rotate, folder):
    """R51: an older backup opens no template, and is deleted once the new one is durable."""
    for hour in range(3):
        make(NOON + hour * HOUR)
    rotate()
    made = make(NOON + 4 * HOUR)
    assert made.dropped == 3
    assert [each.path for each in backups_in(folder)] == [made.path]


def test_only_the_newest_few_are_kept(make, folder):
    for hour in range(KEPT + 2):
        make(NOON + hour * HOUR)
    assert [each.head.created for each in backups_in(folder)] == [NOON + hour * HOUR for hour in (2, 3, 4)]


def test_a_backup_made_under_a_clock_set_back_is_kept_too(make, folder):
    for hour in range(KEPT):
        make(NOON + hour * HOUR)
    made = make(NOON - 400 * 24 * HOUR)
    assert made.path in [each.path for each in backups_in(folder)]


def test_files_of_others_in_the_folder_stay(make, rotate, folder):
    mine = folder / "photos.zip"
    mine.write_bytes(b"x")
    torn = folder / "gate-20250101T000000Z.gatebackup"
    torn.write_bytes(b"not a backup")
    make()
    rotate()
    make(NOON + HOUR)
    assert mine.exists()
    assert torn.exists()


def test_what_a_power_cut_left_is_cleared(make, folder):
    left = folder / "gate-20261121T120000Z.gatebackup.partial"
    left.write_bytes(b"half")
    make()
    assert not left.exists()


def test_the_list_beside_it_is_signed_and_complete(store, make, folder):
    store._database.write(lambda c: tombstones.bury(c, "credential", "c1", NOON))
    made = make()
    listed = tombstones.read((folder / LIST_NAME).read_bytes(), store.signer.public_key)
    assert {stone.ref for stone in listed} == {"c1"}
    assert made.head.tombstones == len(listed)


def test_the_list_alone_is_replaced_between_backups(store, make, folder):
    known = make().listed
    store._database.write(lambda c: tombstones.bury(c, "person", "p1", NOON))
    assert store.backups.list_erased(folder, at=NOON, known=known) != known
    assert {s.ref for s in tombstones.read((folder / LIST_NAME).read_bytes(), store.signer.public_key)} == {
        "p1"
    }


def test_without_the_epochs_secret_the_escrow_of_this_epoch_stays(make, folder):
    make()
    before = (folder / ESCROW_NAME).read_bytes()
    make(NOON + HOUR, epoch=None)
    assert (folder / ESCROW_NAME).read_bytes() == before


@pytest.mark.parametrize("spoilt", [False, True])
def test_without_the_epochs_secret_a_stale_or_torn_escrow_goes(make, rotate, folder, spoilt):
    make()
    if spoilt:
        (folder / ESCROW_NAME).write_bytes(b"torn")
    else:
        rotate()
    make(NOON + HOUR, epoch=None)
    assert not (folder / ESCROW_NAME).exists()


def test_an_epoch_renewed_while_the_backup_began_is_never_escrowed(store, make, rotate, folder):
    """R51: a secret that is destroyed on the device must not come to lie in the folder."""
    old = EpochSecret(*store.epochs.escrow())
    rotate()
    assert refused(lambda: make(epoch=old)) == "epoch-moved"
    assert not (folder / ESCROW_NAME).exists()


def test_an_absent_folder_is_told_and_never_made(make, tmp_path):
    absent = tmp_path / "unplugged"
    assert refused(lambda: make(folder=absent)) == "backup-folder-absent"
    assert not absent.exists()


def test_a_folder_inside_the_data_is_refused(make, tmp_path):
    inside = tmp_path / "data" / "backups"
    inside.mkdir(mode=0o700)
    assert refused(lambda: make(folder=inside)) == "backup-folder-inside"


def test_a_full_folder_keeps_the_older_backups_and_nothing_half(make, tmp_path):
    with small_disk(tmp_path / "full") as full:
        older = make(folder=full)
        fill(full)
        assert refused(lambda: make(NOON + HOUR, folder=full)) == "backup-folder-full"
        assert [each.path for each in backups_in(full)] == [older.path]
        assert not list(full.glob("*.partial"))


def test_a_folder_that_is_a_file_is_told(make, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    assert refused(lambda: make(folder=tmp_path / "file")) == "backup-folder-absent"


def test_the_folder_of_another_gate_is_left_alone(make, open_store, tmp_path, folder):
    """A replacement with a key of its own must not push out the backups it should be restored from."""
    other = open_store(data_dir=tmp_path / "data2", keys_dir=tmp_path / "keys2")
    other.backups.make(folder, at=NOON, epoch=EpochSecret(*other.epochs.escrow()))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for left in ("*.gatebackup", ESCROW_NAME, LIST_NAME):
        assert refused(lambda: make(NOON + HOUR)) == "backup-folder-foreign"
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
        for path in folder.glob(left):
            before.pop(path.name)
            path.unlink()
    make()


def test_of_two_backups_at_once_the_second_is_told_to_wait(store, make, folder):
    with store.backups._alone():
        assert refused(make) == "backup-busy"
    make()


def test_a_damaged_database_supersedes_no_good_backup(make, folder, intruder, database_path, store):
    good = make()
    store.close()
    page = 4096
    content = bytearray(database_path.read_bytes())
    content[page * 3 : page * 4] = b"\xa5" * page
    database_path.write_bytes(content)
    assert refused(lambda: make(NOON + HOUR, epoch=None)) == "database-corrupt"
    assert [each.path for each in backups_in(folder)] == [good.path]


def test_no_file_but_the_backup_holds_the_image_meanwhile(store, make, folder, tmp_path):
    """No temporary file of the snapshot: it is copied in memory, and the data folder holds only what is always there."""
    make()
    assert {path.name for path in folder.iterdir()} == {name_of(NOON), ESCROW_NAME, LIST_NAME}
    assert {path.name for path in (tmp_path / "data").iterdir()} >= {"gate.sqlite3", "backing-up", "in-use"}
    assert not list((tmp_path / "data").glob("*tmp*"))


def test_a_backup_opens_as_a_database_of_its_own(make, root):
    with closing(sqlite3.connect(":memory:")) as copy:
        copy.deserialize(image_of(make(), root))
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_the_newest_backup_is_known_by_its_head_alone(store, make, folder):
    assert store.backups.newest(folder) is None
    make()
    assert store.backups.newest(folder).created == NOON
    assert archive.read_head(io.BytesIO(next(folder.glob("*.gatebackup")).read_bytes())).epoch == 1
