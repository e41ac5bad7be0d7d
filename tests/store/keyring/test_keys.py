"""Where the master key comes from, and what is refused."""

import pytest

from gate.errors import VaultError
from gate.store.keyring.custody import KEY_NAME, KeyPlace, load_root
from gate.store.keyring.keys import KEY_BYTES, Custody, KeyUse


def load(keys_dir, *, create):
    return load_root(KeyPlace(Custody.FILE, keys_dir), create=create)


def refusal(keys_dir, *, create):
    with pytest.raises(VaultError) as caught:
        load(keys_dir, create=create)
    return caught.value.code


def put(folder, content, mode):
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / KEY_NAME).write_bytes(content)
    (folder / KEY_NAME).chmod(mode)


def test_a_first_start_makes_a_private_key_that_stays(tmp_path):
    first = load(tmp_path / "keys", create=True)
    again = load(tmp_path / "keys", create=True)
    assert first.secret == again.secret
    assert first.custody is Custody.FILE
    assert [(path.name, path.stat().st_mode & 0o777) for path in (tmp_path / "keys").iterdir()] == [
        (KEY_NAME, 0o600)
    ]


def test_a_missing_key_is_not_replaced_once_there_is_a_database(tmp_path):
    assert refusal(tmp_path / "keys", create=False) == "key-missing"
    assert list((tmp_path / "keys").iterdir()) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660])
def test_a_key_file_others_may_touch_is_refused(tmp_path, mode):
    put(tmp_path / "keys", bytes(KEY_BYTES), mode)
    assert refusal(tmp_path / "keys", create=True) == "key-readable"


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_key_of_the_wrong_length_is_refused(tmp_path, length):
    put(tmp_path / "keys", bytes(length), 0o600)
    assert refusal(tmp_path / "keys", create=True) == "key-length"


def test_a_folder_in_the_key_place_is_refused(tmp_path):
    (tmp_path / "keys" / KEY_NAME).mkdir(parents=True)
    (tmp_path / "keys").chmod(0o700)
    assert refusal(tmp_path / "keys", create=True) == "key-unreadable"


def test_a_key_folder_others_may_enter_is_refused(tmp_path):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys").chmod(0o750)
    assert refusal(tmp_path / "keys", create=True) == "folder-open"


def test_every_use_has_a_key_of_its_own_r35(tmp_path):
    master = load(tmp_path / "keys", create=True)
    keys = {master.derive(use) for use in KeyUse}
    assert len(keys) == len(KeyUse)
    assert bytes(master.secret) not in keys


def test_a_wiped_key_derives_nothing(tmp_path):
    master = load(tmp_path / "keys", create=True)
    secret = master.secret
    master.wipe()
    assert not secret
    with pytest.raises(ValueError, match="wiped"):
        master.derive(KeyUse.PEOPLE)


def test_a_key_never_shows_itself(tmp_path):
    master = load(tmp_path / "keys", create=True)
    assert repr(bytes(master.secret)) not in repr(master)
    assert "secret" not in repr(master)


@pytest.mark.parametrize("keys_dir", ["data", "data/keys", "elsewhere/../data/keys"])
def test_keys_in_the_data_folder_are_refused(open_store, tmp_path, keys_dir):
    with pytest.raises(VaultError) as caught:
        open_store(keys_dir=tmp_path / keys_dir)
    assert caught.value.code == "keys-beside-data"


def test_data_in_the_key_folder_is_refused(open_store, tmp_path):
    with pytest.raises(VaultError) as caught:
        open_store(keys_dir=tmp_path / "keys", data_dir=tmp_path / "keys" / "data")
    assert caught.value.code == "keys-beside-data"


def test_keys_behind_a_link_into_the_data_folder_are_refused(open_store, tmp_path):
    (tmp_path / "data" / "hidden").mkdir(parents=True)
    (tmp_path / "keys").symlink_to(tmp_path / "data" / "hidden")
    with pytest.raises(VaultError) as caught:
        open_store()
    assert caught.value.code == "keys-beside-data"


def test_another_key_is_refused_at_open(open_store, tmp_path):
    open_store().close()
    put(tmp_path / "keys", bytes(KEY_BYTES), 0o600)
    with pytest.raises(VaultError, match="not the one this database was sealed with") as caught:
        open_store()
    assert caught.value.code == "key-wrong"


def test_a_lost_key_is_refused_at_open(open_store, tmp_path):
    open_store().close()
    (tmp_path / "keys" / KEY_NAME).unlink()
    with pytest.raises(VaultError) as caught:
        open_store()
    assert caught.value.code == "key-missing"


def test_the_master_key_is_nowhere_in_the_data_folder(store, resident, enrol, tmp_path):
    enrol(resident)
    secret = (tmp_path / "keys" / KEY_NAME).read_bytes()
    assert all(secret not in path.read_bytes() for path in (tmp_path / "data").iterdir())
