"""A sealed record opens in its own place, whole, and nowhere else (R50)."""

from dataclasses import fields, replace

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import VaultError
from gate.store.vault import Binding, Sealed, Vault

VAULT = Vault(b"k" * 32)
HOME = Binding("templates", "t1", 1, "c1", "m1")
SEALED = VAULT.seal(b"embedding", HOME)

texts = st.text(max_size=4)
bindings = st.builds(Binding, texts, texts, st.integers(0, 300), texts, texts)


def assert_refused(sealed, binding=HOME, vault=VAULT):
    with pytest.raises(VaultError) as refusal:
        vault.open(sealed, binding)
    assert refusal.value.code == "record-altered"
    return str(refusal.value)


@given(st.binary(max_size=1024), bindings)
def test_what_was_sealed_comes_back(plaintext, binding):
    assert VAULT.open(VAULT.seal(plaintext, binding), binding) == plaintext


@pytest.mark.parametrize("part", ["wrapped_key", "content"])
def test_no_flipped_bit_passes(part):
    whole = getattr(SEALED, part)
    for bit in range(len(whole) * 8):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        assert_refused(replace(SEALED, **{part: bytes(flipped)}))


@pytest.mark.parametrize("part", ["wrapped_key", "content"])
def test_no_cut_or_lengthened_record_passes(part):
    whole = getattr(SEALED, part)
    for length in range(len(whole)):
        assert_refused(replace(SEALED, **{part: whole[:length]}))
    assert_refused(replace(SEALED, **{part: whole + b"\0"}))


@pytest.mark.parametrize("part", [field.name for field in fields(Binding)])
def test_another_place_is_refused(part):
    elsewhere = replace(HOME, **{part: 2 if part == "epoch" else "other"})
    assert_refused(SEALED, elsewhere)


def test_another_record_key_and_another_kek_are_refused():
    other = VAULT.seal(b"embedding", HOME)
    assert_refused(Sealed(other.wrapped_key, SEALED.content))
    assert_refused(SEALED, vault=Vault(b"j" * 32))


def test_key_and_content_cannot_change_places():
    assert_refused(Sealed(SEALED.content, SEALED.wrapped_key))


@given(bindings, bindings)
def test_two_places_never_encode_alike(one, other):
    assert (one.encode() == other.encode()) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c", 1), ("a", "bc", 1)),
        (("t", "r", 1, "x", ""), ("t", "r", 1, "", "x")),
        (("t", "r1", 1), ("t", "r", 11)),
    ],
)
def test_letters_that_slip_into_the_next_part_make_another_place(one, other):
    assert Binding(*one).encode() != Binding(*other).encode()


def test_key_and_content_are_each_bound_to_their_place():
    elsewhere = replace(HOME, record="t2")
    wrapping, nonce = VAULT._wrapping, bytes(12)
    key = wrapping.decrypt(SEALED.wrapped_key[:12], SEALED.wrapped_key[12:], b"key" + HOME.encode())
    moved_key = nonce + wrapping.encrypt(nonce, key, b"key" + elsewhere.encode())
    moved_content = nonce + AESGCM(key).encrypt(nonce, b"embedding", b"content" + elsewhere.encode())
    assert VAULT.open(Sealed(moved_key, moved_content), elsewhere) == b"embedding"
    assert_refused(Sealed(moved_key, SEALED.content), elsewhere)
    assert_refused(Sealed(SEALED.wrapped_key, moved_content), elsewhere)


def test_two_seals_of_one_record_share_nothing():
    again = VAULT.seal(b"embedding", HOME)
    assert again.content != SEALED.content
    assert again.wrapped_key != SEALED.wrapped_key


def test_the_refusal_names_the_record_and_not_its_contents():
    message = assert_refused(replace(SEALED, content=b""))
    assert "t1" in message
    assert "templates" in message
    assert "embedding" not in message
