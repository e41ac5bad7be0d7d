"""Keys shared with reader and controller: sealed, offered before they are confirmed, and of one device alone."""

import secrets

import pytest

from gate.errors import RequestError, VaultError
from gate.store.account.audit import Action
from gate.store.folders import private_folder
from tests.store.devices import Device

KEY, OTHER = bytes(range(32)), bytes(range(100, 116))


def test_a_key_is_in_use_once_it_was_confirmed_and_no_sooner(store, noon):
    assert store.device_keys.get("osdp") is None
    store.device_keys.offer("osdp", KEY, at=noon)
    assert (store.device_keys.get("osdp"), store.device_keys.offered("osdp")) == (None, KEY)
    store.device_keys.confirm("osdp", at=noon)
    assert (store.device_keys.get("osdp"), store.device_keys.offered("osdp")) == (KEY, None)


def test_a_key_offered_anew_leaves_the_one_in_use_until_it_is_confirmed(store, noon):
    store.device_keys.offer("osdp", KEY, at=noon)
    store.device_keys.confirm("osdp", at=noon)
    for fresh in (bytes(16), OTHER):
        store.device_keys.offer("osdp", fresh, at=noon)
        assert (store.device_keys.get("osdp"), store.device_keys.offered("osdp")) == (KEY, fresh)
    store.device_keys.confirm("osdp", at=noon)
    assert store.device_keys.get("osdp") == OTHER


def test_keys_of_two_devices_are_apart_and_come_back_after_a_restart(store, open_store, noon):
    for device, key in (("osdp", KEY), ("controller", OTHER)):
        store.device_keys.offer(device, key, at=noon)
        store.device_keys.confirm(device, at=noon)
    store.close()
    again = open_store()
    assert (again.device_keys.get("osdp"), again.device_keys.get("controller")) == (KEY, OTHER)


def test_what_was_not_offered_is_not_confirmed(store, noon):
    with pytest.raises(RequestError) as refusal:
        store.device_keys.confirm("osdp", at=noon)
    assert refusal.value.code == "device-not-offered"
    store.device_keys.offer("osdp", KEY, at=noon)
    store.device_keys.confirm("osdp", at=noon)
    with pytest.raises(RequestError):
        store.device_keys.confirm("osdp", at=noon)
    assert store.device_keys.get("osdp") == KEY


def test_a_forgotten_device_has_no_key(store, noon):
    store.device_keys.offer("osdp", KEY, at=noon)
    store.device_keys.confirm("osdp", at=noon)
    store.device_keys.offer("osdp", OTHER, at=noon)
    assert store.device_keys.forget("osdp", at=noon) is True
    assert store.device_keys.forget("osdp", at=noon) is False
    assert (store.device_keys.get("osdp"), store.device_keys.offered("osdp")) == (None, None)


@pytest.mark.parametrize("length", [0, 15, 65])
def test_a_key_of_another_length_is_refused(store, noon, length):
    with pytest.raises(ValueError, match="16 to 64"):
        store.device_keys.offer("osdp", bytes(length), at=noon)


@pytest.mark.parametrize("device", ["", "OSDP", "a b", "x" * 33])
def test_a_device_is_named_as_in_the_settings(store, noon, device):
    with pytest.raises(RequestError) as refusal:
        store.device_keys.offer(device, KEY, at=noon)
    assert refusal.value.code == "device-unfit"


def test_r50_no_key_is_readable_in_the_files(store, tmp_path, noon):
    in_use, replaced, offered = (secrets.token_bytes(32) for _ in range(3))
    for key in (replaced, in_use):
        store.device_keys.offer("osdp", key, at=noon)
        store.device_keys.confirm("osdp", at=noon)
    store.device_keys.offer("osdp", offered, at=noon)
    data = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir() if path.name != "ballast")
    assert not any(key in data for key in (in_use, replaced, offered))


def test_r51_a_replaced_key_is_in_no_file_any_more(store, tmp_path, noon):
    store.device_keys.offer("osdp", KEY, at=noon)
    store.device_keys.confirm("osdp", at=noon)
    [[sealed]] = store._database.rows("SELECT sealed FROM device_keys")
    store.device_keys.offer("osdp", OTHER, at=noon)
    store.device_keys.confirm("osdp", at=noon)
    assert not any(sealed in path.read_bytes() for path in (tmp_path / "data").iterdir())


@pytest.mark.parametrize(
    "alteration",
    [
        "UPDATE device_keys SET sealed = offered_sealed, wrapped_key = offered_wrapped_key WHERE device = 'osdp'",
        """UPDATE device_keys SET (sealed, wrapped_key) = (
            SELECT sealed, wrapped_key FROM device_keys WHERE device = 'controller') WHERE device = 'osdp'""",
        "UPDATE device_keys SET sealed = x'00' WHERE device = 'osdp'",
    ],
)
def test_r50_a_moved_or_altered_key_opens_nowhere_and_can_be_forgotten(store, intruder, noon, alteration):
    for device in ("osdp", "controller"):
        store.device_keys.offer(device, KEY, at=noon)
        store.device_keys.confirm(device, at=noon)
    store.device_keys.offer("osdp", OTHER, at=noon)
    with intruder() as connection:
        connection.execute(alteration)
    with pytest.raises(VaultError) as refusal:
        store.device_keys.get("osdp")
    assert refusal.value.code == "record-altered"
    assert store.device_keys.forget("osdp", at=noon)


def test_r55_pairing_is_on_record_without_the_key(store, noon):
    before = len(store.audit.entries())
    store.device_keys.offer("osdp", KEY, at=noon)
    store.device_keys.confirm("osdp", at=noon)
    store.device_keys.forget("osdp", at=noon)
    entries = store.audit.entries()[before:]
    assert [(each.action, each.object, each.detail) for each in entries] == [
        (Action.DEVICE_KEY_OFFERED, "osdp", "{}"),
        (Action.DEVICE_KEY_CONFIRMED, "osdp", "{}"),
        (Action.DEVICE_KEY_FORGOTTEN, "osdp", "{}"),
    ]


def test_keys_and_hours_come_back_with_a_backup(tmp_path, noon):
    device, stick = Device(tmp_path / "gate"), private_folder(tmp_path / "stick")
    device.add("301")
    with device.store() as store:
        store.device_keys.offer("osdp", KEY, at=noon)
        store.device_keys.confirm("osdp", at=noon)
        store.permits.set("day", "mon-sun 07:00-18:00", noon)
        store.permits.give("301", "day", noon)
    device.back_up(stick)
    with device.store() as store:
        store.device_keys.forget("osdp", at=noon)
        store.permits.give("301", None, noon)
    device.restore(stick)
    with device.store() as store:
        assert store.device_keys.get("osdp") == KEY
        assert store.people.find_by_unit("301").hours == "day"
        assert store.permits.unreadable() == ()
