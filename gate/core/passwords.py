"""Passwords of the staff: how they are compared, and what makes one unfit. No rule asks for kinds of characters (NIST SP 800-63B)."""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from itertools import pairwise
from typing import Final

CHARACTERS_LEAST: Final = 12
CHARACTERS_MOST: Final = 128
_OWN_LEAST: Final = 6
_DISTINCT_LEAST: Final = 5
_NAME_LEAST: Final = 3
# What people type first, and thieves with them; whatever of a password is made of these does not count.
_COMMON: Final = tuple(
    sorted(
        "password passwort passw0rd p@ssw0rd p@ssword letmein welcome admin administrator manager guard "  # noqa: SIM905 - a list fills a screen
        "security secret default changeme qwerty qwertyuiop asdfgh asdfghjkl zxcvbn zxcvbnm 1qaz2wsx 1q2w3e4r "
        "1234567890 0123456789 12345678 123456 12345 1234 123 987654321 654321 4321 321 111111 000000 888888 666666 "
        "iloveyou woaini woaini1314 5201314 1314520 520 1314 mima woshi nihao zhongguo beijing shanghai property "
        "wuye menjin xiaoqu gate door face camera china test guest user login root abc123 abcdef abcd abc 2024 2025 "
        "2026 2027 monkey dragon sunshine princess football master shadow".split(),
        key=len,
        reverse=True,
    )
)


class PasswordFault(StrEnum):
    """Why a password may not be used."""

    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    UNPRINTABLE = "unprintable"
    NAMES = "names"  # it holds the login or the gate's id
    REPEATS = "repeats"
    COMMON = "common"


def normal_password(text: str) -> str:
    """Give *text* as it is compared: however a keyboard composed it (NFKC)."""
    return unicodedata.normalize("NFKC", text)


def password_fault(password: str, *, login: str, gate_id: str) -> PasswordFault | None:
    """Say what makes *password* unfit for the account *login* at the gate *gate_id*, or None.

    12 to 128 characters, five different ones, no part repeated to the end, neither login nor gate in it, and at
    least six characters that are no word which everybody tries.
    """
    if len(password) < CHARACTERS_LEAST:
        return PasswordFault.TOO_SHORT
    if len(password) > CHARACTERS_MOST:
        return PasswordFault.TOO_LONG
    if not password.isprintable():
        return PasswordFault.UNPRINTABLE
    plain = password.casefold()
    if any(len(name) >= _NAME_LEAST and name.casefold() in plain for name in (login, gate_id)):
        return PasswordFault.NAMES
    if len(set(plain)) < _DISTINCT_LEAST or plain in (plain + plain)[1:-1]:
        return PasswordFault.REPEATS
    return PasswordFault.COMMON if _is_common(plain) else None


def _is_common(plain: str) -> bool:
    steps = {ord(after) - ord(before) for before, after in pairwise(plain)}
    if len(steps) == 1:
        return True
    for word in _COMMON:
        plain = plain.replace(word, "\0")
    return len(plain.replace("\0", "")) < _OWN_LEAST
