"""A copied card, without what guards the root key, opens nothing: no template, no name, no PIN (R52)."""

import shutil

import pytest

from gate.errors import VaultError
from gate.store.keyring.custody import KEY_NAME, PASSPHRASE_NAME
from gate.store.keyring.keys import KEY_BYTES, Custody
from tests.chips import chip as software_chip
from tests.chips import need_chip
from tests.consents import give

WORDS = b"correct horse battery staple"


@pytest.fixture
def clone(tmp_path, open_store, noon):
    """Enrol somebody at a gate of some custody, then open a copy of its storage with what a thief has."""

    def clone(own, thief):
        store = open_store(**own)
        give(store, store.people.add("301", "Li Na", ""), at=noon)
        assert len(store.templates.gallery(noon).templates) == 1
        store.close()
        for name in ("data", "keys"):
            shutil.copytree(tmp_path / name, tmp_path / "card" / name)
        with pytest.raises(VaultError) as caught:
            open_store(
                **(own | thief), data_dir=tmp_path / "card" / "data", keys_dir=tmp_path / "card" / "keys"
            )
        return caught.value.code

    return clone


@pytest.fixture
def credential(tmp_path):
    def credential(name, content, folder="credentials"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(content)
        (tmp_path / folder / name).chmod(0o400)
        return {"credentials_dir": tmp_path / folder}

    return credential


def test_without_the_passphrase(clone, credential):
    own = {"custody": Custody.PASSPHRASE} | credential(PASSPHRASE_NAME, WORDS)
    assert clone(own, {"credentials_dir": None}) == "key-passphrase-missing"


def test_with_another_passphrase(clone, credential):
    own = {"custody": Custody.PASSPHRASE} | credential(PASSPHRASE_NAME, WORDS)
    assert clone(own, credential(PASSPHRASE_NAME, b"a thief's best guess", "guessed")) == "passphrase-wrong"


def test_without_the_credential(clone, credential):
    own = {"custody": Custody.CREDENTIAL} | credential(KEY_NAME, b"c" * KEY_BYTES)
    assert clone(own, {"credentials_dir": None}) == "credential-missing"


def test_with_another_credential(clone, credential):
    own = {"custody": Custody.CREDENTIAL} | credential(KEY_NAME, b"c" * KEY_BYTES)
    assert clone(own, credential(KEY_NAME, b"d" * KEY_BYTES, "other")) == "key-wrong"


def test_by_calling_it_another_custody(clone, credential):
    own = {"custody": Custody.CREDENTIAL} | credential(KEY_NAME, b"c" * KEY_BYTES)
    assert clone(own, {"custody": Custody.FILE, "credentials_dir": None}) == "key-missing"


def test_in_a_device_with_another_chip(clone, tmp_path):
    need_chip()
    with software_chip(tmp_path / "own") as own, software_chip(tmp_path / "thiefs") as thiefs:
        assert clone({"custody": Custody.TPM, "tpm": own.tpm}, {"tpm": thiefs.tpm}) == "tpm-reset"


def test_in_a_device_without_a_chip(clone, tmp_path):
    need_chip()
    with software_chip(tmp_path / "own") as own, software_chip(tmp_path / "gone") as gone:
        gone.stop()
        assert clone({"custody": Custody.TPM, "tpm": own.tpm}, {"tpm": gone.tpm}) == "tpm-absent"


def test_with_a_chip_an_older_copy_of_everything_opens_no_erased_template_on_its_own_device(
    tmp_path, open_store, noon
):
    """R51: with key file and database of yesterday, on the very device."""
    need_chip()
    with software_chip(tmp_path / "chip") as chip:
        own = {"custody": Custody.TPM, "tpm": chip.tpm}
        store = open_store(**own)
        give(store, store.people.add("301", "Li Na", ""), at=noon)
        store.close()
        for name in ("data", "keys"):
            shutil.copytree(tmp_path / name, tmp_path / "yesterday" / name)
        store = open_store(**own)
        store._database.write(lambda connection: connection.execute("DELETE FROM templates"))
        store.rotation.rotate_now(lambda _old, _new, templates: templates, noon)
        store.close()
        older = open_store(
            **own, data_dir=tmp_path / "yesterday" / "data", keys_dir=tmp_path / "yesterday" / "keys"
        )
        gallery = older.templates.gallery(noon)
        assert gallery.templates == ()
        assert len(gallery.faulty) == 1
        assert [person.name for person in older.people.list()] == ["Li Na"], "cards, PINs and people go on"
