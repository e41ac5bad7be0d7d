"""What a restore brings back, on the same device or a replacement, and what it does not undo (R51, R52)."""

import json
import sqlite3

import pytest

from gate.core.alarms import Alarm
from gate.core.events import Alarmed
from gate.core.types import AttemptId, Decision, Method, Reason
from gate.store.backup.opening import choose
from gate.store.keyring.keys import Custody
from tests.passages import passage
from tests.store.backup.restoring import FACE, OTHER, audit_holds, by_shares, refused
from tests.store.devices import HOUR, NOON, Device, files_in, renewed
from tests.tallies import counted


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


def test_with_the_key_in_a_file_a_copy_of_both_folders_is_the_whole_gate(device, tmp_path):
    """R52, where it does not hold: `gate check` and the status page say so of this custody."""
    assert device.copied_to(tmp_path / "clone").faces() == {FACE, OTHER}
