"""Each custody keeps the root key in its own place; none stands in for another."""

import base64
import json
import time
from contextlib import suppress

import pytest

from gate.errors import VaultError
from gate.store.keyring.custody import (
    CUSTODIANS,
    KEY_NAME,
    PASSPHRASE_NAME,
    SEALED_NAME,
    KeyPlace,
    PassphraseCustodian,
    load_root,
)
from gate.store.keyring.keyfiles import alone_in, destroy_private, read_private, write_private
from gate.store.keyring.keys import KEY_BYTES, Custody
from gate.store.keyring.passphrase import open_root, seal_root

WORDS = "correct horse battery staple"
ROOT = b"r" * KEY_BYTES


class Terminal:
    """Somebody at the terminal, who gives these answers in turn."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.questions = []

    def __call__(self, question):
        self.questions.append(question)
        return self.answers.pop(0)


def refusal(work, *args, **kwargs):
    with pytest.raises(VaultError) as caught:
        work(*args, **kwargs)
    return caught.value.code


def put(folder, name, content, mode):
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / name).write_bytes(content)
    (folder / name).chmod(mode)


@pytest.fixture
def keys(tmp_path):
    return tmp_path / "keys"


@pytest.fixture
def credentials(tmp_path):
    folder = tmp_path / "credentials"
    folder.mkdir()
    return folder


def with_passphrase(keys, *answers):
    return KeyPlace(Custody.PASSPHRASE, keys, ask=Terminal(*answers))


@pytest.fixture(scope="module")
def sealed():
    return seal_root(ROOT, WORDS)


def test_every_custody_has_its_custodian():
    assert set(CUSTODIANS) == set(Custody)


# A systemd credential


def test_a_credential_is_the_root_key(keys, credentials):
    put(credentials, KEY_NAME, b"c" * KEY_BYTES, 0o440)
    root = load_root(KeyPlace(Custody.CREDENTIAL, keys, credentials), create=True)
    assert (root.secret, root.custody) == (b"c" * KEY_BYTES, Custody.CREDENTIAL)
    assert list(keys.iterdir()) == []


@pytest.mark.parametrize("handed", [True, False])
def test_a_missing_credential_makes_no_key_file(keys, credentials, handed):
    put(keys, KEY_NAME, ROOT, 0o600)
    place = KeyPlace(Custody.CREDENTIAL, keys, credentials if handed else None)
    assert refusal(load_root, place, create=True) == "credential-missing"


def test_a_credential_everybody_may_read_is_refused(keys, credentials):
    put(credentials, KEY_NAME, ROOT, 0o444)
    assert refusal(load_root, KeyPlace(Custody.CREDENTIAL, keys, credentials), create=True) == "key-readable"


def test_a_credential_of_the_wrong_length_is_refused(keys, credentials):
    put(credentials, KEY_NAME, ROOT + b"\n", 0o440)
    assert refusal(load_root, KeyPlace(Custody.CREDENTIAL, keys, credentials), create=True) == "key-length"


def test_a_credential_beside_file_custody_is_refused_not_guessed_at(keys, credentials):
    put(credentials, KEY_NAME, ROOT, 0o440)
    assert refusal(load_root, KeyPlace(Custody.FILE, keys, credentials), create=True) == "custody-unclear"
    assert list(keys.iterdir()) == []


def test_a_key_of_another_custody_is_named_and_not_used(keys):
    put(keys, KEY_NAME, ROOT, 0o600)
    with pytest.raises(VaultError, match=r'There is one of storage\.custody = "file"') as caught:
        load_root(with_passphrase(keys), create=False)
    assert caught.value.code == "key-missing"


# A passphrase


def test_the_passphrase_opens_what_it_sealed_and_the_key_lies_nowhere_in_clear(keys):
    made = load_root(with_passphrase(keys, WORDS, WORDS, WORDS), create=True)
    again = load_root(with_passphrase(keys, WORDS), create=False)
    assert made.secret == again.secret
    assert [path.name for path in keys.iterdir()] == [SEALED_NAME]
    content = (keys / SEALED_NAME).read_bytes()
    assert bytes(made.secret) not in content
    assert WORDS.encode() not in content
    assert (keys / SEALED_NAME).stat().st_mode & 0o777 == 0o600


def test_a_wrong_passphrase_is_refused_and_named(sealed):
    with pytest.raises(VaultError, match="does not open") as caught:
        open_root(sealed, WORDS + "!")
    assert caught.value.code == "passphrase-wrong"
    assert WORDS not in str(caught.value)


def test_a_wrong_passphrase_costs_what_a_right_one_does(sealed):
    def spent(passphrase):
        began = time.process_time()
        with suppress(VaultError):
            open_root(sealed, passphrase)
        return time.process_time() - began

    right, wrong, empty = (min(spent(words) for _ in range(3)) for words in (WORDS, "no", ""))
    assert wrong > right / 3
    assert empty > right / 3


def test_two_spellings_of_one_passphrase_are_one(sealed):
    composed, decomposed = "caf\u00e9 au lait, un", "cafe\u0301 au lait, un"
    assert open_root(seal_root(ROOT, composed), decomposed) == ROOT


@pytest.mark.parametrize("words", ["", "elevenchars"])
def test_a_short_passphrase_seals_nothing(keys, words):
    place = with_passphrase(keys, words, words)
    assert refusal(load_root, place, create=True) == "passphrase-short"
    assert list(keys.iterdir()) == []


def test_two_different_answers_seal_nothing(keys):
    assert refusal(load_root, with_passphrase(keys, WORDS, WORDS + "?"), create=True) == "passphrase-differs"
    assert list(keys.iterdir()) == []


def test_without_terminal_and_credential_the_start_says_what_is_missing(keys):
    place = KeyPlace(Custody.PASSPHRASE, keys)
    assert refusal(load_root, place, create=True) == "key-passphrase-missing"
    put(keys, SEALED_NAME, seal_root(ROOT, WORDS), 0o600)
    assert refusal(load_root, place, create=False) == "key-passphrase-missing"


def test_a_credential_gives_the_passphrase_and_nobody_is_asked(keys, credentials):
    put(credentials, PASSPHRASE_NAME, WORDS.encode() + b"\n", 0o440)
    place = KeyPlace(Custody.PASSPHRASE, keys, credentials, ask=Terminal())
    made = load_root(place, create=True)
    assert load_root(with_passphrase(keys, WORDS), create=False).secret == made.secret


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"x" * 2000])
def test_a_credential_that_is_no_line_of_text_is_refused(keys, credentials, content):
    put(credentials, PASSPHRASE_NAME, content, 0o440)
    place = KeyPlace(Custody.PASSPHRASE, keys, credentials)
    assert refusal(load_root, place, create=True) == "passphrase-malformed"


def test_after_a_change_only_the_new_passphrase_opens_and_the_old_seal_is_overwritten(keys, tmp_path):
    """R52"""
    load_root(with_passphrase(keys, WORDS, WORDS, WORDS), create=True)
    root = load_root(with_passphrase(keys, WORDS), create=False)
    (tmp_path / "held").hardlink_to(keys / SEALED_NAME)
    PassphraseCustodian(with_passphrase(keys, "another fine thing", "another fine thing")).change(root.secret)
    assert refusal(load_root, with_passphrase(keys, WORDS), create=False) == "passphrase-wrong"
    assert load_root(with_passphrase(keys, "another fine thing"), create=False).secret == root.secret
    assert not any((tmp_path / "held").read_bytes())


def altered(sealed, /, **fields):
    return json.dumps(json.loads(sealed) | fields).encode()


@pytest.mark.parametrize(
    "fields",
    [
        {"memory_kib": 1024 * 1024 + 1},
        {"memory_kib": 1 << 60},
        {"memory_kib": 0},
        {"memory_kib": -1},
        {"iterations": 11},
        {"iterations": 0},
        {"lanes": 9},
        {"lanes": 0},
        {"lanes": True},
        {"iterations": 3.0},
        {"format": 2},
        {"salt": ""},
        {"salt": "???"},
        {"sealed": base64.b64encode(b"short").decode()},
        {"sealed": None},
        {"surplus": 1},
    ],
)
def test_a_file_that_asks_for_what_no_gate_wrote_is_refused_before_any_hash(sealed, fields):
    """An altered file must not ask for huge memory."""
    spent = []
    for _ in range(3):  # other threads of this process count too, but not each time
        began = time.process_time()
        assert refusal(open_root, altered(sealed, **fields), WORDS) == "key-malformed"
        spent.append(time.process_time() - began)
    assert min(spent) < 0.05


@pytest.mark.parametrize("content", [b"", b"[]", b"nonsense", b"\xff", b"[" * 5000, b"1"])
def test_a_file_that_is_none_is_refused(content):
    assert refusal(open_root, content, WORDS) == "key-malformed"


@pytest.mark.parametrize("field", ["salt", "sealed"])
def test_an_altered_byte_is_refused(sealed, field):
    whole = bytearray(base64.b64decode(json.loads(sealed)[field]))
    whole[-1] ^= 1
    changed = altered(sealed, **{field: base64.b64encode(whole).decode()})
    assert refusal(open_root, changed, WORDS) == "passphrase-wrong"


def test_weakened_parameters_are_refused(sealed):
    assert refusal(open_root, altered(sealed, iterations=1), WORDS) == "passphrase-wrong"


# Files


def test_a_write_that_fails_leaves_the_earlier_file(tmp_path):
    path = tmp_path / "secret"
    write_private(path, b"earlier")
    (tmp_path / "secret.new").mkdir()  # the new one cannot be written
    assert refusal(write_private, path, b"later") == "key-unwritable"
    assert path.read_bytes() == b"earlier"


def test_a_destroyed_file_is_overwritten_before_it_goes(tmp_path):
    """R51"""
    path = tmp_path / "secret"
    write_private(path, b"secret" * 100)
    (tmp_path / "held").hardlink_to(path)
    destroy_private(path)
    assert not path.exists()
    assert (tmp_path / "held").read_bytes() == bytes(600)
    destroy_private(path)


def test_a_link_is_not_followed_by_a_write(tmp_path):
    (tmp_path / "elsewhere").write_bytes(b"kept")
    (tmp_path / "secret").symlink_to(tmp_path / "elsewhere")
    assert refusal(write_private, tmp_path / "secret", b"new") == "key-unwritable"
    assert (tmp_path / "elsewhere").read_bytes() == b"kept"


def test_an_absent_file_is_none_and_a_long_one_shows(tmp_path):
    assert read_private(tmp_path / "secret", most=4) is None
    write_private(tmp_path / "secret", b"12345678")
    assert read_private(tmp_path / "secret", most=4) == b"12345"


def test_only_one_is_alone_in_a_folder(tmp_path):
    with alone_in(tmp_path, wait=False) as first, alone_in(tmp_path, wait=False) as second:
        assert (first, second) == (True, False)
    with alone_in(tmp_path, wait=False) as again:
        assert again
    with pytest.raises(VaultError), alone_in(tmp_path / "absent", wait=True):
        pass
