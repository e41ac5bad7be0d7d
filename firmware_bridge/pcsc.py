"""USB contactless readers through PC/SC: a card's UID, which names the card and proves nothing.

The reader is asked with the command that every contactless PC/SC reader knows (PC/SC part 3, 3.2.2.1.3, "get data").
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from firmware_bridge.attendant import TURN_S, Attendant, AttendedReader
from firmware_bridge.drivers import Emit, Profile
from firmware_bridge.events import BridgeError, CardRead, Nonsense

GET_UID: Final = (0xFF, 0xCA, 0x00, 0x00, 0x00)
_DONE: Final = b"\x90\x00"
UID_BYTES: Final = range(4, 17)
RANDOM_UID: Final = 0x08
"""ISO/IEC 14443-3: a UID of 4 bytes that begins so is another one each time, as a phone's or a passport's."""


@dataclass(frozen=True, slots=True)
class PcscOptions:
    """Which reader: how its name begins, as pcsc_scan prints it. Empty: the only one there is."""

    reader: str = ""


class PcscReader(AttendedReader):
    """A contactless reader. The number of a card is its UID, first byte highest, of 8 bits a byte."""

    def __init__(self, options: PcscOptions) -> None:
        super().__init__(Attendant("PC/SC reader", lambda emit: _Held(options.reader, emit)))

    @property
    def profile(self) -> Profile:
        """Tell that a UID can be copied."""
        return Profile.UID_ONLY


class _Held:
    """One session with the service. A card that already lay there is no card presented."""

    def __init__(self, wanted: str, emit: Emit) -> None:
        self._scard: Any = _library()
        self._emit = emit
        code, self._context = self._scard.SCardEstablishContext(
            self._scard.SCARD_SCOPE_USER
        )  # may hang with pcscd
        if code != self._scard.SCARD_S_SUCCESS:
            raise BridgeError("The PC/SC service does not answer. Install and start pcscd.")
        try:
            self._reader = self._find(wanted)
            self._state = self._look(self._scard.SCARD_STATE_UNAWARE, 0)
        except Exception:
            self.let_go()
            raise

    def attend(self) -> None:
        """Wait for a card and read it. Raises BridgeError when reader or service is gone."""
        state = self._look(self._state, TURN_S)
        came = state != self._state and bool(state & self._scard.SCARD_STATE_PRESENT)
        another = _count(state) != _count(self._state) or not self._state & self._scard.SCARD_STATE_PRESENT
        self._state = state
        if came and another:
            self._emit(self._read())

    def let_go(self) -> None:
        """End the session."""
        with suppress(self._scard.error):
            self._scard.SCardReleaseContext(self._context)

    def _find(self, wanted: str) -> str:
        code, names = self._scard.SCardListReaders(self._context, [])
        names = names if code == self._scard.SCARD_S_SUCCESS else []
        found = [name for name in names if name.startswith(wanted)]
        if len(found) == 1:
            return str(found[0])
        there = ", ".join(sorted(names)) or "none"
        said = f"that begins with {wanted}" if wanted else "at all" if not found else "alone"
        raise BridgeError(
            f"There is no PC/SC reader {said}; there are: {there}. Plug it in, or name the one that is meant."
        )

    def _look(self, state: int, seconds: float) -> int:
        """Wait for the reader's state to differ from *state*; return it, in the service's bits."""
        scard = self._scard
        code, states = scard.SCardGetStatusChange(self._context, int(seconds * 1000), [(self._reader, state)])
        if code == scard.SCARD_E_TIMEOUT:
            return state
        if code != scard.SCARD_S_SUCCESS:
            raise BridgeError("The PC/SC service is gone. Look at pcscd.")
        now = int(states[0][1])
        if now & (scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE):
            raise BridgeError("The PC/SC reader is gone. Plug it in.")
        return now & ~int(scard.SCARD_STATE_CHANGED)

    def _read(self) -> CardRead | Nonsense:
        scard = self._scard
        code, card, protocol = scard.SCardConnect(
            self._context,
            self._reader,
            scard.SCARD_SHARE_SHARED,
            scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1,
        )
        if code != scard.SCARD_S_SUCCESS:
            return Nonsense()  # taken away too soon, mute, or held by another program
        try:
            code, answer = scard.SCardTransmit(card, protocol, list(GET_UID))
        finally:
            scard.SCardDisconnect(card, scard.SCARD_LEAVE_CARD)
        return (
            uid_card(bytes(each & 0xFF for each in answer)) if code == scard.SCARD_S_SUCCESS else Nonsense()
        )


def uid_card(answer: bytes) -> CardRead | Nonsense:
    """Turn the answer to GET_UID into the card's number. Total: what is no UID, or a random one, is nonsense."""
    uid, status = answer[:-2], answer[-2:]
    if status != _DONE or len(uid) not in UID_BYTES or not any(uid):
        return Nonsense()
    if len(uid) == UID_BYTES.start and uid[0] == RANDOM_UID:
        return Nonsense()
    return CardRead(8 * len(uid), int.from_bytes(uid, "big"))


def _count(state: int) -> int:
    """Return how often cards came and went, which the service keeps in the upper half of the state."""
    return state >> 16


def _library() -> Any:
    try:
        from smartcard import scard
    except ImportError as error:
        raise BridgeError(
            "PC/SC readers need the library pyscard and libpcsclite. As root: gate update add readers; in a checkout: make readers."
        ) from error
    return scard
