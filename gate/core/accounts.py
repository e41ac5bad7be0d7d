"""Staff accounts without their secrets: what a login and a name may be, and the one-time codes that are typed by hand."""

from __future__ import annotations

import re
from typing import Final

LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}", re.ASCII)
NAME_MOST: Final = 80
CODE_CHARACTERS: Final = 16
"""Of a set-up code or an invitation: 80 bits, so that no throttle has to guard them."""
RECOVERY_CHARACTERS: Final = 12
"""Of a recovery code: 60 bits, typed beside a password, and throttled with it."""
RECOVERY_CODES: Final = 10
TOTP_STEP_S: Final = 30
# Crockford's base32: no letter is taken for a digit.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD: Final = str.maketrans("OIL", "011")
_GROUP: Final = 4


def normal_login(text: str) -> str | None:
    """Give the login that *text* means, or None: 2 to 32 small letters, digits and ``. _ -``, one of the first two first."""
    login = text.strip().casefold()
    return login if LOGIN.fullmatch(login) else None


def normal_name(text: str) -> str | None:
    """Give the name that *text* is, or None: 1 to 80 printable characters."""
    name = " ".join(text.split())
    return name if 1 <= len(name) <= NAME_MOST and name.isprintable() else None


def code_of(drawn: bytes) -> str:
    """Give the code of random bytes: one character, five bits, for each."""
    return "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in drawn)


def normal_code(text: str) -> str | None:
    """Give the code that somebody typed, however they spaced it and whatever they misread; None for what is none."""
    code = re.sub(r"[\s-]", "", text).upper().translate(_MISREAD)
    is_code = len(code) in {CODE_CHARACTERS, RECOVERY_CHARACTERS} and set(code) <= set(_ALPHABET)
    return code if is_code else None


def spelled(code: str) -> str:
    """Give a code as it is printed: in groups of four."""
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def totp_window(now_s: int) -> tuple[int, int, int]:
    """Give the steps whose codes are taken at *now_s*, UTC seconds: this one, the one before, the one after (RFC 6238)."""
    step = now_s // TOTP_STEP_S
    return step, step - 1, step + 1
