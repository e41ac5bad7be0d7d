"""Codes of an authenticator app (RFC 6238: SHA-1, six digits, 30 s, as every app has it)."""

from __future__ import annotations

import hmac
import re
from datetime import datetime
from typing import Final

import pyotp

from gate.core.accounts import TOTP_STEP_S, totp_window

_CODE: Final = re.compile(r"[0-9]{6}", re.ASCII)


def fresh_secret() -> str:
    """Draw a secret of 160 bits, in base32."""
    return pyotp.random_base32()


def uri_of(secret: str, *, login: str, gate_id: str) -> str:
    """Give what the QR code for the app says."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=f"Gate {gate_id}")


def is_totp_code(typed: str) -> bool:
    """Tell whether *typed* looks like a code of an app, and not like a recovery code."""
    return _CODE.fullmatch(_digits(typed)) is not None


def step_of(secret: str, typed: str, now: datetime) -> int | None:
    """Give the step whose code *typed* is at *now*, one step early or late allowed; None where it is none.

    Every step is compared, whichever fits.
    """
    given = _digits(typed).encode()
    made = pyotp.TOTP(secret)
    fits = [
        step
        for step in totp_window(int(now.timestamp()))
        if hmac.compare_digest(made.at(step * TOTP_STEP_S).encode(), given)
    ]
    return max(fits, default=None)


def _digits(typed: str) -> str:
    return re.sub(r"\s", "", typed)
