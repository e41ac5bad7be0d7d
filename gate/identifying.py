"""Who types a unit and a PIN on a page: as slow, and in the same words, for a unit that does not exist."""

from __future__ import annotations

from collections import deque
from typing import Final

from gate.core.cards import card_number
from gate.core.credentials import PIN_DIGITS_MOST, SignedIn, is_unit
from gate.core.types import PersonId, Reason, Seconds, UnitPin
from gate.errors import RequestError
from gate.ports import Clock
from gate.service import Service

SIGN_INS_MOST: Final = 5
"""Right PINs of one unit that the pages take within SIGN_INS_S: each costs the device a slow hash."""
SIGN_INS_S: Final[Seconds] = 60.0


class PinPages:
    """The PINs typed on pages, of all pages together."""

    def __init__(self, clock: Clock, service: Service) -> None:
        self._clock = clock
        self._service = service
        self._right: deque[tuple[str, Seconds]] = deque()  # at most SIGN_INS_MOST for each unit that exists

    async def identify(self, unit: str, pin: str) -> SignedIn:
        """Give whose unit and PIN these are.

        Wrong tries wait as long as at the keypad, but are counted apart from it; so many right ones wait too. Raises
        RequestError: ``sign-in-wrong``, ``sign-in-wait``.
        """
        typed = UnitPin(unit.strip(), pin.strip())
        if not is_unit(typed.unit) or len(typed.pin) > PIN_DIGITS_MOST:
            raise sign_in_wrong()
        if self._comes_too_often(typed.unit):
            raise sign_in_wait()
        verdict = await self._service.identify(typed)
        if verdict.reason is Reason.THROTTLED:
            raise sign_in_wait()
        if verdict.person is None or verdict.pin is None:
            raise sign_in_wrong()
        self._right.append((typed.unit, self._clock.monotonic()))
        return SignedIn(verdict.person, verdict.pin)

    def identify_card(self, card: str) -> PersonId:
        """Give whose card, in force now, a reader at the desk typed the number of; it is looked up and not kept.

        Wrong ones wait as PINs do that are typed on pages. Raises RequestError: ``card-wrong`` in the same words for
        every wrong one, ``sign-in-wait``.
        """
        verdict = self._service.verifier.identify_card(card_number(card.strip()) or "")
        if verdict.reason is Reason.THROTTLED:
            raise sign_in_wait()
        if verdict.person is None:
            raise RequestError(
                "card-wrong",
                "No card that opens here has this number.",
                remedy="Hold it to the reader again, or type unit and PIN. The desk helps whoever has neither.",
            )
        return verdict.person

    def _comes_too_often(self, unit: str) -> bool:
        oldest = self._clock.monotonic() - SIGN_INS_S
        while self._right and self._right[0][1] <= oldest:
            self._right.popleft()
        return sum(each == unit for each, _ in self._right) >= SIGN_INS_MOST


def sign_in_wait() -> RequestError:
    """Give the fault of a try that has to wait, to be raised."""
    return RequestError(
        "sign-in-wait",
        "Too many tries just now.",
        remedy="Wait a little before the next PIN. Card and PIN at the gate do not wait for this.",
    )


def sign_in_wrong() -> RequestError:
    """Give the fault of a unit and PIN that do not belong together, to be raised."""
    return RequestError(
        "sign-in-wrong",
        "Unit, PIN or code is not right.",
        remedy="Type unit and PIN as at the keypad. The desk gives a new PIN to whoever forgot theirs.",
    )
