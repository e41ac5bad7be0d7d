"""Logins, names and codes of the staff (R52)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.accounts import (
    CODE_CHARACTERS,
    RECOVERY_CHARACTERS,
    code_of,
    normal_code,
    normal_login,
    normal_name,
    spelled,
    totp_window,
)


@pytest.mark.parametrize(
    ("typed", "login"),
    [
        ("wang", "wang"),
        (" Wang.Li ", "wang.li"),
        ("li", "li"),
        ("7-eleven_x", "7-eleven_x"),
        ("w", None),
        ("-wang", None),
        ("wang li", None),
        ("王力", None),
        ("w" * 33, None),
        ("wang\x00", None),
        ("", None),
    ],
)
def test_a_login_is_small_letters_digits_and_three_signs(typed, login):
    assert normal_login(typed) == login


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("  Li   Na ", "Li Na"),
        ("王力", "王力"),
        ("", None),
        ("   ", None),
        ("x" * 81, None),
        ("a\x07b", None),
    ],
)
def test_a_name_is_one_to_eighty_characters_that_can_be_seen(typed, name):
    assert normal_name(typed) == name


@given(st.binary(min_size=CODE_CHARACTERS, max_size=CODE_CHARACTERS))
def test_a_code_that_was_printed_is_read_back(drawn):
    code = code_of(drawn)
    assert normal_code(spelled(code)) == code
    assert normal_code(f" {spelled(code).lower()} ") == code


@given(st.binary(min_size=RECOVERY_CHARACTERS, max_size=RECOVERY_CHARACTERS))
def test_what_is_misread_is_the_same_code(drawn):
    code = code_of(drawn)
    assert normal_code(code.replace("0", "O").replace("1", "l")) == code


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_code_or_none(typed):
    code = normal_code(typed)
    assert code is None or len(code) in {CODE_CHARACTERS, RECOVERY_CHARACTERS}


def test_a_code_is_spelled_in_groups_of_four():
    assert spelled("ABCDEFGHJKMN") == "ABCD-EFGH-JKMN"


def test_a_code_of_the_app_counts_half_a_minute_either_way():
    assert totp_window(59) == (1, 0, 2)
    assert totp_window(60) == (2, 1, 3)
