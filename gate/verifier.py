"""Whether a card, PIN or code is known: a PIN after the one slow hash, all else at once; never two hashes at a time.

The keypad goes first: what a page has hashed waits until no PIN of the keypad does, and goes one at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Final, Protocol, TypeVar

import structlog

from gate.core import inputs as on
from gate.core.credentials import PinPlace, Verdict
from gate.core.types import AttemptId, Card, Code, Credential, PersonId, Pin, Reason, Second, UnitPin
from gate.errors import GateError, RequestError
from gate.store import Store
from gate.store.pins import PinCheck
from gate.store.upkeep.clock import TrustedClock

log = structlog.get_logger()

PINS_WAITING_MOST = 3
"""PIN tries that may wait for the one hash: nobody types faster, and a flood is told to wait."""
STAFF_WAITING_MOST: Final = 4
"""Hashes of the staff's passwords that may wait; residents' sign-ins have a place of their own."""
_NOBODYS: Final = Verdict(Reason.UNKNOWN_CREDENTIAL)

T = TypeVar("T")


class Verifier:
    """Checks cards, PINs and codes against the store, on the loop's thread but for the hash."""

    def __init__(
        self,
        store: Store,
        clock: TrustedClock,
        *,
        two_factors: bool = False,
        post: Callable[[on.Input], None],
        heed: Callable[[AttemptId, Verdict], None],
        falter: Callable[[Exception], None],
    ) -> None:
        """two_factors: whether the answer tells whose faces may come second. post: takes a PIN's answer.

        heed: told of every verdict before its answer. falter: told of the unforeseen.
        """
        self._store = store
        self._clock = clock
        self._two_factors = two_factors
        self._post = post
        self._heed = heed
        self._falter = falter
        self._hasher = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pin")
        self._pins: set[asyncio.Task[None]] = set()
        self._sign_in: asyncio.Task[Verdict] | None = None
        self._staff: set[asyncio.Task[object]] = set()
        self._page = asyncio.Lock()

    def check(self, attempt: AttemptId, credential: Credential) -> on.CredentialChecked | None:
        """Answer a card or code at once; hand a PIN to the hasher, or tell a flood of them to wait."""
        try:
            match credential:
                case Card(number):
                    return self._answer(
                        attempt, self._store.credentials.check_card(number, self._clock.now())
                    )
                case Code(text):
                    now = self._clock.now()
                    verdict = self._store.visits.check(text, now, clock_trusted=self._clock.trusted)
                    return self._answer(attempt, verdict)
                case UnitPin(unit, pin):
                    return self._hash_later(attempt, pin, partial(self._store.credentials.prepare_pin, unit))
        except GateError as error:
            return _fault(attempt, error)

    def check_second(
        self, attempt: AttemptId, person: PersonId | None, credential: Second
    ) -> on.CredentialChecked | None:
        """Answer as ``check`` does whether the second factor is of *person*, whom the first told; None is nobody."""
        try:
            match credential:
                case _ if person is None:
                    return on.CredentialChecked(attempt, Reason.FAULT)
                case Card(number):
                    verdict = self._store.credentials.check_card(number, self._clock.now())
                    return self._answer(attempt, verdict if verdict.person == person else _NOBODYS)
                case Pin(pin):
                    prepare = partial(self._store.credentials.prepare_pin_of, person)
                    return self._hash_later(attempt, pin, prepare)
        except GateError as error:
            return _fault(attempt, error)

    async def identify(self, typed: UnitPin) -> Verdict:
        """Tell for a page whose unit and PIN these are, after the keypad's; opens nothing.

        THROTTLED while another sign-in is under way, or while unit or pages wait after wrong PINs typed on a page.
        """
        if self._sign_in is not None and not self._sign_in.done():
            return Verdict(Reason.THROTTLED)
        self._sign_in = asyncio.get_running_loop().create_task(self._after_keypad(typed))
        # Shielded: a browser that hangs up must not free the slot while its hash still runs.
        return await asyncio.shield(self._sign_in)

    def identify_card(self, number: str) -> Verdict:
        """Tell for a page whose card this is, as a reader of the gate would send it; opens nothing."""
        return self._store.credentials.check_card_on_page(number, self._clock.now())

    async def hash_for_staff(self, work: Callable[[], T]) -> T:
        """Do *work*, one hash of a password, after the keypad's PINs; opens nothing.

        Raises RequestError ``staff-sign-in-wait`` while STAFF_WAITING_MOST wait.
        """
        if len(self._staff) >= STAFF_WAITING_MOST:
            raise RequestError(
                "staff-sign-in-wait",
                "The gate is busy just now.",
                remedy="Wait a minute, then try again.",
            )
        task = asyncio.get_running_loop().create_task(self._behind_keypad(work))
        self._staff.add(task)
        task.add_done_callback(self._staff.discard)
        return await asyncio.shield(task)  # as above: the place is taken until the hash is done

    def close(self) -> None:
        """Give up what waits."""
        for task in (*self._pins, *self._staff, *filter(None, [self._sign_in])):
            task.cancel()
        self._hasher.shutdown(wait=False, cancel_futures=True)

    def _hash_later(self, attempt: AttemptId, pin: str, prepare: _Prepare) -> on.CredentialChecked | None:
        if len(self._pins) >= PINS_WAITING_MOST:
            return on.CredentialChecked(attempt, Reason.THROTTLED)
        task = asyncio.get_running_loop().create_task(self._check_pin(attempt, pin, prepare))
        self._pins.add(task)
        task.add_done_callback(self._pins.discard)
        return None

    async def _check_pin(self, attempt: AttemptId, pin: str, prepare: _Prepare) -> None:
        try:
            answer = self._answer(attempt, await self._verdict(pin, prepare))
        except GateError as error:
            answer = _fault(attempt, error)
        except Exception as error:  # noqa: BLE001 - the outermost frame of a task: its person still gets an answer
            self._falter(error)
            answer = on.CredentialChecked(attempt, Reason.FAULT)
        self._post(answer)

    async def _after_keypad(self, typed: UnitPin) -> Verdict:
        async with self._page:
            await self._no_pin_waits()
            prepare = partial(self._store.credentials.prepare_pin, typed.unit, place=PinPlace.PAGE)
            return await self._verdict(typed.pin, prepare)

    async def _behind_keypad(self, work: Callable[[], T]) -> T:
        async with self._page:
            await self._no_pin_waits()
            return await asyncio.get_running_loop().run_in_executor(self._hasher, work)

    async def _no_pin_waits(self) -> None:
        while self._pins:
            await asyncio.wait(self._pins)

    async def _verdict(self, pin: str, prepare: _Prepare) -> Verdict:
        check = prepare(at=self._clock.now())
        match_ = await asyncio.get_running_loop().run_in_executor(self._hasher, partial(check.verify, pin))
        return self._store.credentials.finish_pin(check, ok=match_, at=self._clock.now())

    def _answer(self, attempt: AttemptId, verdict: Verdict) -> on.CredentialChecked:
        self._heed(attempt, verdict)
        if not self._two_factors or verdict.person is None:
            return on.CredentialChecked(attempt, verdict.reason)
        faces = self._store.templates.of_person(verdict.person, self._clock.now())
        return on.CredentialChecked(attempt, verdict.reason, faces)


class _Prepare(Protocol):
    """Begins a PIN try: counts it, and fetches what its hash is compared with."""

    def __call__(self, *, at: datetime) -> PinCheck: ...


def _fault(attempt: AttemptId, error: GateError) -> on.CredentialChecked:
    log.error("check_failed", code=error.code, remedy=error.remedy)
    return on.CredentialChecked(attempt, Reason.FAULT)
