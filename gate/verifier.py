"""Whether a card or PIN is known: a card at once, a PIN after the one slow hash, never two hashes at a time.

The keypad goes first: a sign-in on a page waits until no PIN of the keypad does, and at most one is under way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import structlog

from gate.core import inputs as on
from gate.core.credentials import PinPlace, Verdict
from gate.core.types import AttemptId, Card, Credential, Reason, UnitPin
from gate.errors import GateError
from gate.ports import Clock
from gate.store import Store

log = structlog.get_logger()

PINS_WAITING_MOST = 3
"""PIN tries that may wait for the one hash: nobody types faster, and a flood is told to wait."""


class Verifier:
    """Checks cards and PINs against the store, on the loop's thread but for the hash."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        post: Callable[[on.Input], None],
        heed: Callable[[AttemptId, Verdict], None],
        falter: Callable[[Exception], None],
    ) -> None:
        """post: takes a PIN's answer. heed: told of every verdict before its answer. falter: told of the unforeseen."""
        self._store = store
        self._clock = clock
        self._post = post
        self._heed = heed
        self._falter = falter
        self._hasher = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pin")
        self._pins: set[asyncio.Task[None]] = set()
        self._sign_in: asyncio.Task[Verdict] | None = None

    def check(self, attempt: AttemptId, credential: Credential) -> on.CredentialChecked | None:
        """Answer a card at once; hand a PIN to the hasher, or tell a flood of them to wait."""
        try:
            match credential:
                case Card(number):
                    return self._answer(
                        attempt, self._store.credentials.check_card(number, self._clock.now())
                    )
                case UnitPin() if len(self._pins) >= PINS_WAITING_MOST:
                    return on.CredentialChecked(attempt, Reason.THROTTLED)
                case UnitPin():
                    task = asyncio.get_running_loop().create_task(self._check_pin(attempt, credential))
                    self._pins.add(task)
                    task.add_done_callback(self._pins.discard)
        except GateError as error:
            return _fault(attempt, error)
        return None

    async def identify(self, typed: UnitPin) -> Verdict:
        """Tell for a page whose unit and PIN these are, after the keypad's; opens nothing.

        THROTTLED while another sign-in is under way, or while unit or pages wait after wrong PINs typed on a page.
        """
        if self._sign_in is not None and not self._sign_in.done():
            return Verdict(Reason.THROTTLED)
        self._sign_in = asyncio.get_running_loop().create_task(self._after_keypad(typed))
        # Shielded: a browser that hangs up must not free the slot while its hash still runs.
        return await asyncio.shield(self._sign_in)

    def close(self) -> None:
        """Give up what waits."""
        for task in self._pins if self._sign_in is None else {*self._pins, self._sign_in}:
            task.cancel()
        self._hasher.shutdown(wait=False, cancel_futures=True)

    async def _check_pin(self, attempt: AttemptId, typed: UnitPin) -> None:
        try:
            answer = self._answer(attempt, await self._verdict(typed))
        except GateError as error:
            answer = _fault(attempt, error)
        except Exception as error:  # noqa: BLE001 - the outermost frame of a task: its person still gets an answer
            self._falter(error)
            answer = on.CredentialChecked(attempt, Reason.FAULT)
        self._post(answer)

    async def _after_keypad(self, typed: UnitPin) -> Verdict:
        while self._pins:
            await asyncio.wait(self._pins)
        return await self._verdict(typed, PinPlace.PAGE)

    async def _verdict(self, typed: UnitPin, place: PinPlace = PinPlace.KEYPAD) -> Verdict:
        credentials = self._store.credentials
        check = credentials.prepare_pin(typed.unit, self._clock.now(), place)
        verify = partial(check.verify, typed.pin)
        ok = await asyncio.get_running_loop().run_in_executor(self._hasher, verify)
        return credentials.finish_pin(check, ok=ok, at=self._clock.now())

    def _answer(self, attempt: AttemptId, verdict: Verdict) -> on.CredentialChecked:
        self._heed(attempt, verdict)
        return on.CredentialChecked(attempt, verdict.reason)


def _fault(attempt: AttemptId, error: GateError) -> on.CredentialChecked:
    log.error("check_failed", code=error.code, remedy=error.remedy)
    return on.CredentialChecked(attempt, Reason.FAULT)
