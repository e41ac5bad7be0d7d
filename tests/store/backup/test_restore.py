"""Restoring: all of it or nothing, on the same device or a replacement; what was erased stays erased (R51, R52)."""

import json
import os
import sqlite3
from dataclasses import replace

import pytest

from gate.core.alarms import Alarm
from gate.core.events import Alarmed
from gate.core.types import AttemptId, Decision, Method, Reason
from gate.errors import GateError, VaultError
from gate.store.backup import archive
from gate.store.backup.backups import LIST_NAME
from gate.store.backup.opening import LeftOut, choose, open_backup
from gate.store.keyring.escrow import ESCROW_NAME
from gate.store.keyring.keys import Custody, KeyUse, MasterKey
from gate.store.keyring.recovery import collect, split
from gate.store.upkeep.tombstones import bury
from tests.consents import AT_DESK, give
from tests.disks import fill, small_disk
from tests.passages import passage
from tests.store.devices import HOUR, NOON, Device, files_in, renewed
from tests.tallies import counted

FACE, OTHER = b"\x01" * 512, b"\x02" * 512


@pytest.fixture(scope="module")
def inhabited(tmp_path_factory):
    """A gate with Ada and Bo, each with a card and a face; made once, copied for each test."""
    device = Device(tmp_path_factory.mktemp("inhabited") / "gate")
    ada, bo = device.add("301", "26:1"), device.add("302", "26:2")
    device.enrol(ada, FACE)
    device.enrol(bo, OTHER)
    return device, (ada, bo)


@pytest.fixture
def device(tmp_path, inhabited):
    return inhabited[0].copied_to(tmp_path / "one")


@pytest.fixture
def replacement(tmp_path):
    return Device(tmp_path / "two")


@pytest.fixture
def stick(tmp_path):
    folder = tmp_path / "stick"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def two_residents(inhabited):
    return inhabited[1]


def by_shares(root):
    """Carry the root key over on paper."""
    return MasterKey(
        collect(iter(split(bytes(root.secret), threshold=2, of=3)), lambda _a, _b: None), root.custody
    )


def refused(act):
    with pytest.raises(GateError) as caught:
        act()
    return caught.value.code


def audit_holds(device):
    with device.store() as store:
        return store.audit.verify(NOON - 24 * HOUR), store.consents.verify()


def standing(device):
    with device.store() as store:
        return sorted(row[0] for row in store._database.rows("SELECT state FROM consents"))


def test_on_the_same_device_people_cards_and_faces_come_back(device, stick, two_residents):
    device.back_up(stick)
    with device.store() as store:
        store._database.write(lambda c: c.execute("DELETE FROM credentials"))
    restored = device.restore(stick)
    assert (restored.people, restored.templates, restored.left_out) == (2, 2, None)
    assert device.card_opens()
    assert device.faces() == {FACE, OTHER}


def test_on_a_replacement_the_shares_bring_everything_back(device, replacement, stick, two_residents):
    device.back_up(stick)
    replacement.restore(stick, by_shares(device.root()))
    assert replacement.card_opens("26:2")
    assert replacement.faces() == {FACE, OTHER}
    assert audit_holds(replacement) == (None, None)


@pytest.mark.parametrize("custody", [Custody.FILE, Custody.PASSPHRASE])
def test_the_replacement_keeps_the_key_as_its_own_settings_say(device, tmp_path, stick, custody):
    device.back_up(stick)
    replacement = Device(tmp_path / "two", custody)
    replacement.restore(stick, by_shares(device.root()))
    assert bytes(replacement.root().secret) == bytes(device.root().secret)
    assert replacement.card_opens()


def test_a_replacement_whose_key_only_systemd_can_keep_says_so_and_stays_empty(device, tmp_path, stick):
    device.back_up(stick)
    replacement = Device(tmp_path / "two", Custody.CREDENTIAL)
    assert refused(lambda: replacement.restore(stick, by_shares(device.root()))) == "credential-missing"
    assert files_in(replacement.home) == {}


def test_the_restored_gate_asks_for_a_new_epoch_and_the_old_devices_copy_is_worth_nothing_after_it(
    device, replacement, stick, two_residents
):
    device.back_up(stick)
    replacement.restore(stick, by_shares(device.root()))
    with replacement.store() as store:
        assert store.rotation.due
        assert store.rotation.rotate_now(renewed, NOON + 25 * HOUR)
    assert replacement.faces() == {FACE, OTHER}
    (replacement.keys / "epoch-2").unlink()
    (replacement.keys / "epoch-1").write_bytes((device.keys / "epoch-1").read_bytes())
    (replacement.keys / "epoch-1").chmod(0o600)
    assert replacement.faces() == set()


def test_who_withdrew_after_the_backup_stays_without_face_and_the_others_keep_their_cards(
    device, stick, two_residents
):
    """R51: an older backup opens no template once a newer epoch began; cards do not depend on it."""
    ada, _ = two_residents
    made = device.back_up(stick)
    kept = made.path.read_bytes()
    device.withdraw(ada)
    device.back_up(stick, NOON + 2 * HOUR)
    made.path.write_bytes(kept)  # somebody had copied it away
    restored = device.restore(made.path)
    assert restored.left_out is LeftOut.EPOCH_OVER
    assert device.faces() == set()
    assert device.card_opens()
    assert standing(device) == ["invalidated", "invalidated"]


def test_an_old_backup_with_its_own_escrow_gives_an_erased_face_to_nobody_who_still_has_the_device(
    device, stick, tmp_path, two_residents
):
    """R51: the whole folder of yesterday, escrow and list too; the device itself knows better."""
    ada, _ = two_residents
    device.back_up(stick)
    device.withdraw(ada)
    restored = device.restore(stick)
    assert restored.left_out is LeftOut.EPOCH_OVER
    assert device.faces() == set()


def test_an_older_database_put_in_place_first_brings_no_erased_face_back(device, stick, two_residents):
    """R51: yesterday's folder and yesterday's database; the keys of the device still know better."""
    ada, _ = two_residents
    device.back_up(stick)
    yesterday = (device.data / "gate.sqlite3").read_bytes()
    device.withdraw(ada)
    (device.data / "gate.sqlite3").write_bytes(yesterday)
    restored = device.restore(stick)
    assert restored.left_out is LeftOut.EPOCH_OVER
    assert device.faces() == set()
    assert device.card_opens()


def test_on_a_replacement_a_backup_from_before_an_erasure_gives_no_face(
    device, replacement, stick, two_residents
):
    """R51: the escrow beside it is of a newer epoch, and there is no other."""
    made = device.back_up(stick)
    kept = made.path.read_bytes()
    device.withdraw(two_residents[0])
    device.back_up(stick, NOON + 2 * HOUR)
    made.path.write_bytes(kept)
    restored = replacement.restore(made.path, by_shares(device.root()))
    assert (restored.left_out, restored.templates, restored.people) == (LeftOut.EPOCH_OVER, 0, 2)
    assert replacement.faces() == set()


@pytest.mark.parametrize("keeps", ["list", "device"])
def test_a_lost_card_and_a_moved_out_resident_do_not_come_back(device, stick, two_residents, keeps):
    """R51: tombstones from the list beside the backup, and from the device's own database."""
    ada, _ = two_residents
    made = device.back_up(stick)
    with device.store() as store:
        store.residents.move_out("301", NOON + HOUR)
        store.residents.new_card("302", "26:3", NOON + HOUR)
        if keeps == "list":
            store.backups.list_erased(stick, at=NOON + HOUR)
    if keeps == "list":
        (device.data / "gate.sqlite3").unlink()
    restored = device.restore(made.path)
    assert restored.people == 1
    assert restored.erased_again
    assert not device.card_opens("26:1")
    assert not device.card_opens("26:2")
    with device.store() as store:
        assert refused(lambda: store.people.get(ada)) == "person-unknown"


def test_a_consent_that_a_tombstone_ends_is_ended_in_the_ledger_too(device, stick, two_residents):
    ada, _ = two_residents
    device.back_up(stick)
    with device.store() as store:
        consent = store.consents.of(ada)[0].id
        store._database.write(lambda c: bury(c, "consent", consent, NOON))
        store.backups.list_erased(stick, at=NOON)
    restored = device.restore(stick)
    assert restored.templates == 1
    assert device.faces() == {OTHER}
    with device.store() as store:
        assert [event.reason for event in store.consents.record(ada)][-1] == "erased-before"
    assert audit_holds(device) == (None, None)


def missing(path):
    path.unlink()


def altered(path):
    path.write_text(path.read_text().replace('"at": 1', '"at": 2', 1))


def truncated(path):
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.parametrize(
    ("name", "spoil", "why"),
    [
        (LIST_NAME, missing, LeftOut.LIST_MISSING),
        (LIST_NAME, altered, LeftOut.LIST_ALTERED),
        (LIST_NAME, truncated, LeftOut.LIST_ALTERED),
        (ESCROW_NAME, missing, LeftOut.ESCROW_MISSING),
        (ESCROW_NAME, truncated, LeftOut.ESCROW_ALTERED),
    ],
)
def test_without_list_or_escrow_the_faces_stay_out_and_everybody_keeps_the_card(
    device, replacement, stick, two_residents, name, spoil, why
):
    """R51: nobody can tell what was erased, so no template lives on; consents end, people may enrol anew."""
    device.back_up(stick)
    spoil(stick / name)
    restored = replacement.restore(stick, by_shares(device.root()))
    assert (restored.left_out, restored.ended, restored.templates) == (why, 2, 0)
    assert replacement.faces() == set()
    assert replacement.card_opens()
    assert standing(replacement) == ["invalidated", "invalidated"]
    assert audit_holds(replacement) == (None, None)


def test_a_list_older_than_the_backup_keeps_the_faces_out(device, stick, two_residents):
    device.back_up(stick)
    older = (stick / LIST_NAME).read_bytes()
    with device.store() as store:
        store._database.write(lambda c: bury(c, "credential", "lost", NOON))
    device.back_up(stick, NOON + HOUR)
    (stick / LIST_NAME).write_bytes(older)
    assert device.restore(stick).left_out is LeftOut.LIST_OLDER


def test_another_gates_list_keeps_the_faces_out(device, replacement, stick, tmp_path, two_residents):
    device.back_up(stick)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    Device(tmp_path / "other").back_up(elsewhere)
    (stick / LIST_NAME).write_bytes((elsewhere / LIST_NAME).read_bytes())
    assert replacement.restore(stick, by_shares(device.root())).left_out is LeftOut.LIST_FOREIGN


def test_faces_are_left_out_on_demand(device, stick, two_residents):
    device.back_up(stick)
    assert device.restore(stick, faces=False).left_out is LeftOut.ASKED
    assert device.faces() == set()


def test_after_faces_were_left_out_people_can_enrol_anew(device, stick, two_residents):
    device.back_up(stick)
    device.restore(stick, faces=False)
    with device.store() as store:
        give(store, two_residents[0], at=NOON + 25 * HOUR, template=OTHER)
    assert device.faces() == {OTHER}


def test_the_restore_stands_in_the_log_and_the_log_holds(device, stick, two_residents):
    """R55: an older log in the place of a newer one is told, signed, and no tampering."""
    device.back_up(stick)
    with device.store() as store:
        for _ in range(3):
            store.residents.new_card("301", "26:7", NOON + HOUR)
        replaced = store.audit.heads()[-1].seq
    device.restore(stick)
    assert audit_holds(device) == (None, None)
    with device.store() as store:
        told = [entry for entry in store.audit.entries() if entry.action == "backup-restored"]
        detail = json.loads(told[0].detail)
        assert detail["replaced"] == replaced
        assert detail["people"] == 2
    with device.store() as store:
        assert store.audit.verify(NOON - HOUR) is None


def test_an_older_database_put_back_by_hand_is_told_as_tampering(device, stick, two_residents):
    """The head kept apart is replaced by a restore alone."""
    older = (device.data / "gate.sqlite3").read_bytes()
    device.add("303", "26:3")
    with device.store() as store:
        store.residents.new_card("301", "26:9", NOON + HOUR)
    (device.data / "gate.sqlite3").write_bytes(older)
    assert audit_holds(device)[0] is not None


def test_windows_of_counts_that_may_have_gone_out_are_not_sent_again(device, stick, two_residents):
    """R44: the lost device may have sent them, and what was counted then; a receiver sees by the epoch that it is another."""
    with device.store() as store:
        store.tally.close(NOON)
        store.tally.close(NOON + HOUR)
        store.outbox.alarm(Alarmed(Alarm.FORCED, began=True, at=NOON))
        passage(store, Decision(AttemptId("a"), Method.CARD, True, Reason.KNOWN_CREDENTIAL), at=NOON + HOUR)
        epoch = store.outbox.epoch
    device.back_up(stick)
    device.restore(stick)
    with device.store() as store:
        assert set(store.outbox.depth().values()) == {0}
        assert counted(store) == {}
        store.tally.close(NOON + 30 * HOUR)
        assert not store.outbox.pending(NOON + 30 * HOUR)
        assert store.outbox.epoch != epoch


def test_an_opened_case_is_not_forgotten_by_a_restore(device, stick, two_residents):
    """R60."""
    device.back_up(stick)
    with device.store() as store:
        store.tamper.raise_(NOON)
    device.restore(stick)
    with device.store() as store:
        assert store.tamper.is_noted


def test_the_end_of_the_service_is_not_forgotten_by_a_restore(device, stick, two_residents):
    """R87."""
    device.back_up(stick)
    with device.store() as store:
        store.assessments.stop("north", NOON + HOUR, {"consents": 2, "templates": 2})
    device.restore(stick)
    with device.store() as store:
        assert store.assessments.stopped_at == NOON + HOUR


def test_the_list_tells_a_replacement_of_the_end_of_the_service(device, replacement, stick, two_residents):
    """R87."""
    device.back_up(stick)
    with device.store() as store:
        store.assessments.stop("north", NOON + HOUR, {"consents": 2, "templates": 2})
        store.backups.list_erased(stick, at=NOON + HOUR)
    replacement.restore(stick, by_shares(device.root()))
    with replacement.store() as store:
        assert store.assessments.stopped_at == NOON + HOUR


@pytest.mark.parametrize("keeps", ["list", "device"])
def test_a_restricted_face_stays_alone_after_a_restore_from_before(
    device, replacement, stick, two_residents, keeps
):
    """R71."""
    ada, _ = two_residents
    device.back_up(stick)
    with device.store() as store:
        store.consents.restrict(ada, at=NOON + HOUR, by=AT_DESK)
        if keeps == "list":
            store.backups.list_erased(stick, at=NOON + HOUR)
    target, root = (replacement, by_shares(device.root())) if keeps == "list" else (device, None)
    assert target.restore(stick, root).left_out is None
    assert target.faces() == {OTHER}
    assert audit_holds(target) == (None, None)
    with target.store() as store:
        assert store.consents.of(ada)[0].restricted_at == NOON + HOUR


def test_the_clock_seen_is_the_latest_of_backup_device_and_now(device, stick, two_residents):
    device.back_up(stick)
    with device.store() as store:
        store.clock.raise_to(NOON + 100 * HOUR)
    device.restore(stick, at=NOON - 1000 * HOUR)
    with device.store() as store:
        assert store.clock.read()[0] == NOON + 100 * HOUR


def test_a_folder_names_its_newest_backup_by_what_happened_in_it(device, stick, two_residents):
    device.back_up(stick, NOON + 400 * HOUR)
    device.add("303", "26:3")
    with device.store() as store:
        store.residents.new_card("301", "26:9", NOON)
    newest = device.back_up(stick, NOON)
    assert choose(stick, device.root()) == newest.path


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


def test_a_damaged_present_database_is_replaced_with_its_log(device, stick, two_residents):
    device.back_up(stick)
    for suffix in ("", "-wal", "-shm"):
        (device.data / f"gate.sqlite3{suffix}").write_bytes(b"\xa5" * 8192)
    device.restore(stick)
    assert device.faces() == {FACE, OTHER}
    with device.store() as store:
        assert store._database.rows("PRAGMA integrity_check") == [("ok",)]


def test_a_log_left_by_the_old_database_is_not_played_into_the_new_one(device, stick, two_residents):
    device.back_up(stick)
    path = device.data / "gate.sqlite3"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("DELETE FROM credentials")
    wal = path.with_name("gate.sqlite3-wal").read_bytes()
    connection.close()
    path.unlink()
    path.with_name("gate.sqlite3-wal").write_bytes(wal)
    device.restore(stick)
    assert device.card_opens()


def test_nothing_of_the_staging_is_left(device, stick, two_residents):
    device.back_up(stick)
    device.restore(stick)
    assert not {path.name for path in device.home.rglob("*")} & {"restoring", "restored"}


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


def test_with_the_key_in_a_file_a_copy_of_both_folders_is_the_whole_gate(device, tmp_path):
    """R52, where it does not hold: `gate check` and the status page say so of this custody."""
    assert device.copied_to(tmp_path / "clone").faces() == {FACE, OTHER}


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
