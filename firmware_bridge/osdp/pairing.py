"""Install mode: the one way an OSDP device gets its key, and the one place where the factory's key is spoken.

Every device as it comes from the factory answers to the same published key, SCBK-D: whoever listens to the line while
a fresh key is sent under it knows that key. So it happens once, on purpose, with the gate stopped, within ten minutes.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Final

from firmware_bridge.events import BridgeError
from firmware_bridge.osdp.options import KEY_BYTES, OsdpOptions
from firmware_bridge.osdp.session import Down, Happening, Session, Up, Why

INSTALL_S: Final = 600.0
"""The longest that install mode stands open; it closes by itself."""
TRIAL_S: Final = 5.0
"""How long a device that took a key may take to answer under it."""


def pair(
    options: OsdpOptions,
    *,
    known: tuple[bytes, ...],
    keep: Callable[[bytes], None],
    within_s: float = INSTALL_S,
    clock: Callable[[], float] = time.monotonic,
    fresh_key: Callable[[], bytes] = lambda: secrets.token_bytes(KEY_BYTES),
) -> bytes:
    """Give a device in install mode a key of its own and return it, once the device has answered under it.

    known: the keys it may hold already, such as one that was sent before a power cut: a device that answers under one
    of them is not given another, that one is returned. keep: called with the fresh key before it is sent, so that no
    cut leaves a device with a key that nobody has; when it raises, nothing is sent. within_s: at most INSTALL_S.

    Raises BridgeError when the time is over, with what the device did instead: it stayed silent, it holds a key that
    is not known here, or it has no secure channel.
    """
    until = clock() + min(within_s, INSTALL_S)
    for key in known:
        # A silent device is waited for, not given another key: it may hold this one, and be without power for a moment.
        why = _answers(options, key, until=until, clock=clock)
        if why is None:
            return key
        if why is not Why.KEY:
            raise BridgeError(_said(options, why))
    key = fresh_key()
    keep(key)
    why = _answers(options, key, until=until, clock=clock, install=True)
    if why is None:
        # Under the new key alone, the factory's refused: only this counts.
        why = _answers(options, key, until=clock() + TRIAL_S, clock=clock)
    if why is not None:
        raise BridgeError(_said(options, why))
    return key


def _answers(
    options: OsdpOptions, key: bytes, *, until: float, clock: Callable[[], float], install: bool = False
) -> Why | None:
    """Try *key* until the device answers under it, which gives None, or the time is over, which gives the reason.

    A device that speaks and refuses is asked no more: it will not change its mind, and nobody is kept waiting.
    """
    told: list[Happening] = []
    session = Session(options, key, tell=told.append, install=install, clock=clock)
    try:
        while clock() < until:
            session.step()
            if any(isinstance(each, Up) for each in told):
                return None
            if any(isinstance(each, Down) for each in told) and session.why in {Why.KEY, Why.CLEAR}:
                return session.why
        return session.why
    finally:
        session.close()


def _said(options: OsdpOptions, why: Why) -> str:
    where = f"The OSDP device at {options.port}"
    match why:
        case Why.KEY:
            return (
                f"{where} holds a key that this gate does not have; it was given none. "
                "Set it back to its factory state, as its manual says, and pair again."
            )
        case Why.CLEAR:
            return f"{where} has no secure channel; it was given no key. Replace it, or switch its secure channel on."
        case _:
            return (
                f"{where} did not answer while install mode was open, which is now closed. "
                "Check its power, the two data lines, baud_per_s and address, and pair again."
            )
