"""The root key in a TPM: on this chip, in this state, or not at all, and never from somewhere else instead."""

import json
import shutil

import pytest

from gate.errors import VaultError
from gate.store.keyring.custody import TPM_NAME, KeyPlace, Tpm, load_root
from gate.store.keyring.keys import KEY_BYTES, Custody
from gate.store.keyring.tpm import SLOTS, SealedRoot, TpmCustodian, TpmShelf
from tests.chips import chip as software_chip
from tests.chips import need_chip


@pytest.fixture
def chip(tmp_path):
    need_chip()
    with software_chip(tmp_path / "chip") as made:
        yield made


@pytest.fixture
def place(chip, tmp_path):
    return KeyPlace(Custody.TPM, tmp_path / "keys", tpm=chip.tpm)


def refusal(work):
    with pytest.raises(VaultError) as caught:
        work()
    return caught.value.code


def load(place):
    return load_root(place, create=False)


def test_a_key_comes_back_from_its_chip_and_lies_nowhere_in_clear(place):
    """R52"""
    made = load_root(place, create=True)
    again = load(place)
    assert made.secret == again.secret
    assert (len(again.secret), again.custody) == (KEY_BYTES, Custody.TPM)
    assert [path.name for path in place.keys_dir.iterdir()] == [TPM_NAME]
    assert bytes(made.secret) not in (place.keys_dir / TPM_NAME).read_bytes()


def test_a_power_cycle_keeps_the_key(place, chip):
    made = load_root(place, create=True)
    chip.stop()
    chip.start()
    assert load(place).secret == made.secret


def test_the_chip_is_left_as_empty_as_it_was(place, chip):
    load_root(place, create=True)
    for _ in range(8):  # a chip has room for three
        load(place)
    chip.extend(7)
    for _ in range(8):
        assert refusal(lambda: load(place)) == "tpm-pcr"


def test_another_boot_state_is_refused(place, chip):
    load_root(place, create=True)
    chip.extend(7)
    assert refusal(lambda: load(place)) == "tpm-pcr"


def test_a_register_that_was_not_chosen_may_change(place, chip):
    made = load_root(place, create=True)
    chip.extend(8)
    assert load(place).secret == made.secret


def test_a_cleared_chip_is_refused(place, chip):
    load_root(place, create=True)
    chip.clear()
    assert refusal(lambda: load(place)) == "tpm-reset"


def test_the_storage_of_another_device_is_refused(place, chip, tmp_path):
    """R52"""
    load_root(place, create=True)
    with software_chip(tmp_path / "other") as other:
        there = KeyPlace(Custody.TPM, place.keys_dir, tpm=other.tpm)
        assert refusal(lambda: load(there)) == "tpm-reset"


def test_a_chip_locked_with_an_owner_password_is_refused_until_it_is_taken_off(place, chip):
    made = load_root(place, create=True)
    chip.set_owner_password("", "owned")
    assert refusal(lambda: load(place)) == "tpm-locked"
    chip.set_owner_password("owned", "")
    assert load(place).secret == made.secret


def test_an_absent_chip_is_refused_though_a_key_file_of_another_custody_lies_there(place, chip):
    load_root(place, create=True)
    (place.keys_dir / "gate-master-key").write_bytes(bytes(KEY_BYTES))
    chip.stop()
    assert refusal(lambda: load(place)) == "tpm-absent"


@pytest.mark.parametrize("tcti", ["device:/dev/no-such-tpm", "nonsense"])
def test_a_chip_that_is_not_there_makes_no_key(tmp_path, tcti):
    need_chip()
    place = KeyPlace(Custody.TPM, tmp_path / "keys", tpm=Tpm(tcti))
    assert refusal(lambda: load_root(place, create=True)) == "tpm-absent"
    assert list(place.keys_dir.iterdir()) == []


def test_other_registers_in_the_settings_are_not_silently_ignored(place, chip):
    load_root(place, create=True)
    changed = KeyPlace(Custody.TPM, place.keys_dir, tpm=Tpm(chip.tpm.tcti, (7, 11)))
    assert refusal(lambda: load(changed)) == "tpm-registers"


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"not json", b"\xff" * 100, b"[" * 9000])
def test_a_key_file_that_is_none_is_refused(place, content):
    load_root(place, create=True)
    (place.keys_dir / TPM_NAME).write_bytes(content)
    assert refusal(lambda: load(place)) == "key-malformed"


@pytest.mark.parametrize("part", ["public", "private"])
def test_an_altered_key_file_is_refused(place, part):
    load_root(place, create=True)
    path = place.keys_dir / TPM_NAME
    fields = json.loads(path.read_text())
    fields[part] = fields[part][:40] + ("A" if fields[part][40] != "A" else "B") + fields[part][41:]
    path.write_text(json.dumps(fields))
    assert refusal(lambda: load(place)) in {"tpm-reset", "key-malformed", "tpm-failed"}


def test_the_two_slots_keep_an_even_and_an_odd_epoch(place, chip):
    load_root(place, create=True)
    shelf = TpmCustodian(place).shelf()
    shelf.put(1, b"1" * 60)
    shelf.put(2, b"2" * 60)
    assert shelf.numbers() == {1, 2}
    assert (shelf.get(1), shelf.get(2), shelf.get(3)) == (b"1" * 60, b"2" * 60, None)
    shelf.destroy(3)
    shelf.destroy(1)
    assert shelf.numbers() == {2}
    chip.stop()
    chip.start()
    assert TpmShelf(chip.tpm).get(2) == b"2" * 60


def test_a_destroyed_slot_is_zero_in_the_chip_itself(place, chip):
    """R51"""
    load_root(place, create=True)
    shelf = TpmCustodian(place).shelf()
    shelf.put(1, b"1" * 60)
    shelf.destroy(1)
    assert not any(b"1" * 60 in path.read_bytes() for path in chip.folder.iterdir())


def test_another_system_on_the_device_cannot_copy_a_slot(place, chip):
    load_root(place, create=True)
    shelf = TpmCustodian(place).shelf()
    shelf.put(1, b"1" * 60)
    chip.extend(7)
    assert refusal(lambda: shelf.get(1)) == "tpm-pcr"


def test_the_owner_alone_reads_no_slot(place, chip):
    from tpm2_pytss import ESYS_TR, TSS2_Exception

    load_root(place, create=True)
    TpmCustodian(place).shelf().put(1, b"1" * 60)
    with chip.esapi() as esapi:
        slot = esapi.tr_from_tpmpublic(SLOTS[1])
        for reader in (ESYS_TR.OWNER, slot):
            with pytest.raises(TSS2_Exception):
                esapi.nv_read(slot, 68, auth_handle=reader)


def test_no_password_opens_the_key_past_the_registers(place, chip):
    """Not even the empty one."""
    from tpm2_pytss import TPM2B_PUBLIC, TPMA_OBJECT

    load_root(place, create=True)
    sealed = SealedRoot.decode((place.keys_dir / TPM_NAME).read_bytes())
    public = TPM2B_PUBLIC.unmarshal(sealed.public)[0].publicArea
    assert not int(public.objectAttributes) & int(TPMA_OBJECT.USERWITHAUTH)
    assert bytes(public.authPolicy) != bytes(32)


def test_a_slot_of_other_software_is_left_alone(place, chip):
    from tpm2_pytss import TPM2_ALG, TPM2B_NV_PUBLIC, TPMA_NV, TPMS_NV_PUBLIC

    with chip.esapi() as esapi:
        public = TPMS_NV_PUBLIC(
            nvIndex=SLOTS[0],
            nameAlg=TPM2_ALG.SHA256,
            attributes=TPMA_NV.OWNERWRITE | TPMA_NV.OWNERREAD,
            dataSize=8,
        )
        esapi.nv_define_space(b"", TPM2B_NV_PUBLIC(public))
    assert refusal(lambda: load_root(place, create=True)) == "tpm-slot"
    assert list(place.keys_dir.iterdir()) == []


def test_a_first_start_finds_the_slots_of_an_earlier_gate_empty(place):
    load_root(place, create=True)
    TpmCustodian(place).shelf().put(7, b"7" * 60)
    shutil.rmtree(place.keys_dir)
    load_root(place, create=True)
    assert TpmCustodian(place).shelf().numbers() == frozenset()


def test_forgetting_leaves_neither_slot_nor_file(place):
    """R59"""
    load_root(place, create=True)
    custodian = TpmCustodian(place)
    custodian.shelf().put(1, b"1" * 60)
    custodian.forget()
    assert custodian.shelf().numbers() == frozenset()
    assert list(place.keys_dir.iterdir()) == []
