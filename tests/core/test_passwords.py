"""What a password of the staff may be (R54; NIST SP 800-63B)."""

from __future__ import annotations

import pytest

from gate.core.passwords import PasswordFault, normal_password, password_fault


def fault(password, *, login="wang", gate_id="north"):
    return password_fault(password, login=login, gate_id=gate_id)


@pytest.mark.parametrize(
    "password",
    [
        "four birches by the canal",
        "四棵白桦树站在运河边上很安静",
        "xK9#mP2$vL5nQ",
        "correct horse battery",
        "a" * 60 + "bcdefghijk lmnop",
    ],
)
def test_a_sentence_or_unlike_words_may_be_used(password):
    assert fault(password) is None


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ("elevenchars", PasswordFault.TOO_SHORT),
        ("", PasswordFault.TOO_SHORT),
        ("quiet heron " * 11, PasswordFault.TOO_LONG),
        ("four birches\x00 there", PasswordFault.UNPRINTABLE),
        ("four birches\nby the canal", PasswordFault.UNPRINTABLE),
        ("Wang and four birches", PasswordFault.NAMES),
        ("birches at NORTH gate", PasswordFault.NAMES),
        ("abababababab", PasswordFault.REPEATS),
        ("heron7heron7", PasswordFault.REPEATS),
        ("aaaabbbbcccc", PasswordFault.REPEATS),
        ("abcdefghijkl", PasswordFault.COMMON),
        ("zyxwvutsrqpo", PasswordFault.COMMON),
        ("password1234", PasswordFault.COMMON),
        ("Password2026!", PasswordFault.COMMON),
        ("woaini1314520", PasswordFault.COMMON),
        ("Qwertyuiop123", PasswordFault.COMMON),
        ("adminadmin12", PasswordFault.COMMON),
    ],
)
def test_what_is_wrong_is_named(password, told):
    assert fault(password) is told


def test_twelve_and_a_hundred_and_twenty_eight_characters_are_enough():
    assert fault("heron at weir") is None
    assert fault("kL7?" + "quiet heron by the old weir " * 4 + "in the rain") is None


def test_a_name_of_two_letters_is_in_many_words():
    assert fault("four birches by lido", login="li", gate_id="n") is None


def test_two_ways_to_compose_a_letter_are_one_password():
    assert normal_password("cafe\u0301") == normal_password("caf\u00e9")
    assert normal_password("\uff50\uff41\uff53\uff53") == "pass"
