"""Backup, restore and reset where the keys lie in a TPM (R51, R52, R59)."""

import pytest

from gate.errors import GateError
from gate.store.backup.opening import LeftOut
from gate.store.backup.reset import reset
from gate.store.keyring.custody import CUSTODIANS
from gate.store.keyring.keys import Custody, MasterKey
from tests.chips import chip as software_chip
from tests.chips import need_chip
from tests.store.devices import Device

FACE = b"\x01" * 512


@pytest.fixture
def chip(tmp_path):
    need_chip()
    with software_chip(tmp_path / "chip") as made:
        yield made


@pytest.fixture
def device(tmp_path, chip):
    device = Device(tmp_path / "gate", Custody.TPM, changes={"tpm": chip.tpm})
    device.enrol(device.add(), FACE)
    return device


def test_a_gate_with_a_chip_is_restored_from_its_own_backup(device, stick):
    device.back_up(stick)
    device.restore(stick)
    assert device.faces() == {FACE}


def test_a_gate_whose_chip_is_lost_lives_on_in_another_with_a_chip_of_its_own(device, stick, tmp_path):
    device.back_up(stick)
    root = MasterKey(bytearray(device.root().secret), Custody.TPM)
    with software_chip(tmp_path / "chip2") as other:
        replacement = Device(tmp_path / "two", Custody.TPM, changes={"tpm": other.tpm})
        replacement.restore(stick, root)
        assert replacement.faces() == {FACE}
        assert replacement.card_opens()


def test_without_faces_the_chip_holds_a_new_epoch_and_no_old_one(device, stick):
    device.back_up(stick)
    assert device.restore(stick, faces=False).left_out is LeftOut.ASKED
    with device.store() as store:
        assert store.epochs.current.number == 2
    assert CUSTODIANS[Custody.TPM](device.place).shelf().numbers() == {2}


def test_an_older_database_put_in_place_first_brings_no_erased_face_back(device, stick):
    """R51: the chip knows of the newer epoch."""
    device.back_up(stick)
    yesterday = (device.data / "gate.sqlite3").read_bytes()
    with device.store() as store:
        [person] = [each.id for each in store.people.list()]
    device.withdraw(person)
    (device.data / "gate.sqlite3").write_bytes(yesterday)
    assert device.restore(stick).left_out is LeftOut.EPOCH_OVER
    assert device.faces() == set()


def test_a_reset_clears_the_chip_too(device):
    """R59."""
    reset(device.data, device.place, None)
    with pytest.raises(GateError) as caught:
        device.root()
    assert caught.value.code == "key-missing"
    with device.store() as store:
        assert store.epochs.current.number == 1
