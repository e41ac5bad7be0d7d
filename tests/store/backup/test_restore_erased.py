"""What was erased stays erased after a restore, and what cannot be told of leaves the faces out (R51)."""

import pytest

from gate.store.backup.backups import LIST_NAME
from gate.store.backup.opening import LeftOut
from gate.store.keyring.escrow import ESCROW_NAME
from gate.store.upkeep.tombstones import bury
from tests.consents import AT_DESK, give
from tests.store.backup.restoring import (
    OTHER,
    altered,
    audit_holds,
    by_shares,
    missing,
    refused,
    standing,
    truncated,
)
from tests.store.devices import HOUR, NOON, Device


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
