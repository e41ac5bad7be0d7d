"""Orders as they come over the broker: what is no order of a known key goes no further; every order gets an answer.

Threads: ``sieve`` runs in the network's thread, before anything reaches the loop that serves the door; all else runs on
the loop. No word of what was refused is ever in the log, only why.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog

from gate.core.orders import Answer, Order, Refusal, Result, SignedOrder, read, signed_bytes
from gate.core.types import Seconds
from gate.errors import RequestError
from gate.ports import Clock
from gate.publish import messages
from gate.publish.hearing import Heard
from gate.publish.messages import Message

BURST: Final = 16
PER_S: Final = 4.0
"""How many orders of known keys are looked at: so many at once, and so many a second from then on. A signature takes a tenth of
a millisecond; what may be carried out is bounded far lower (gate/store/orders.py)."""
TOLD_EVERY_S: Final[Seconds] = 60.0
"""What nothing vouches for is logged and answered this often for each reason; the rest is only counted."""

Verify = Callable[[bytes, bytes, bytes], bool]
"""Tells whether the signature (second, 64 bytes) of the data (first) is of the public key (third, 32 bytes): Ed25519."""

log = structlog.get_logger()


class OrderPost:
    """Takes what comes on the command topic of one gate.

    keys: the site's public keys by their id. obey: judges and carries out what is rightly signed. send: publishes an
    answer, or does not where the broker is away. clock: its ``monotonic`` may be called from any thread.
    """

    def __init__(
        self,
        *,
        keys: Mapping[str, bytes],
        verify: Verify,
        obey: Callable[[Order], Awaitable[Answer]],
        send: Callable[[Message], object],
        clock: Clock,
    ) -> None:
        self._keys = keys
        self._verify = verify
        self._obey = obey
        self._send = send
        self._clock = clock
        self._bucket = _Bucket(clock.monotonic())
        self._lock = threading.Lock()
        self._untold: dict[Refusal, int] = {}
        self._told_at: dict[Refusal, Seconds] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    def sieve(self, payload: bytes) -> bool:
        """Tell whether *payload* is worth the loop's time: an order of a known key, or news of a reason; never raises.

        For any thread.
        """
        found = self._looked(payload)
        now = self._clock.monotonic()
        with self._lock:
            if isinstance(found, SignedOrder):
                if self._bucket.take(now):
                    return True
                self._count(Refusal.TOO_MANY)
                return False
            if self._is_news(found, now):
                return True
            self._count(found)
            return False

    def take(self, heard: Heard) -> None:
        """Answer one message that came through the sieve; an order is carried out in a task of its own."""
        found = Refusal.RETAINED if heard.retained else self._looked(heard.payload)
        self._tell_flood()
        if isinstance(found, Refusal):
            self._drop(found, _nonce_of(heard.payload))
            return
        order = found.order
        if not self._verify(signed_bytes(order), found.signature, self._keys[order.key]):
            self._drop(Refusal.SIGNATURE, order.nonce)
            return
        task = asyncio.get_running_loop().create_task(self._carry(order), name="order")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def close(self) -> None:
        """End what is under way: an answer that is still waited for is given up."""
        for task in tuple(self._under_way):
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _carry(self, order: Order) -> None:
        try:
            answer = await self._obey(order)
        except Exception as error:  # noqa: BLE001 - an outer loop: the next order must be heard
            log.error("order_fault", kind=type(error).__name__)  # noqa: TRY400 - a trace may quote values
            answer = Answer(Result.FAILED, Refusal.FAULT)
        log.info("order_heard", order=order.kind, key=order.key, result=answer.result, reason=answer.reason)
        self._answer(answer, order.nonce)

    def _looked(self, payload: bytes) -> SignedOrder | Refusal:
        found = read(payload)
        if isinstance(found, SignedOrder) and found.order.key not in self._keys:
            return Refusal.KEY_UNKNOWN
        return found

    def _drop(self, why: Refusal, nonce: str | None) -> None:
        """Log and answer what nothing vouches for, now and then."""
        now = self._clock.monotonic()
        with self._lock:
            if not self._is_news(why, now):
                self._count(why)
                return
            self._told_at[why] = now
            times = 1 + self._untold.pop(why, 0)
        log.warning("order_dropped", reason=why, times=times)
        self._answer(Answer(Result.REFUSED, why), nonce)

    def _tell_flood(self) -> None:
        """Log that orders of known keys came faster than they are looked at."""
        now = self._clock.monotonic()
        with self._lock:
            times = self._untold.get(Refusal.TOO_MANY, 0)
            if not times or not self._is_news(Refusal.TOO_MANY, now):
                return
            self._told_at[Refusal.TOO_MANY] = now
            del self._untold[Refusal.TOO_MANY]
        log.warning("order_dropped", reason=Refusal.TOO_MANY, times=times)

    def _is_news(self, why: Refusal, now: Seconds) -> bool:
        told = self._told_at.get(why)
        return told is None or now - told >= TOLD_EVERY_S

    def _count(self, why: Refusal) -> None:
        self._untold[why] = self._untold.get(why, 0) + 1

    def _answer(self, answer: Answer, nonce: str | None) -> None:
        try:
            self._send(messages.command_answer(nonce, answer, self._clock.now()))
        except RequestError as error:
            log.error("order_unanswered", code=error.code, what=error.what)  # noqa: TRY400 - a trace may quote values


class _Bucket:
    """BURST at once, PER_S a second."""

    def __init__(self, now: Seconds) -> None:
        self._left = float(BURST)
        self._at = now

    def take(self, now: Seconds) -> bool:
        self._left = min(BURST, self._left + PER_S * (now - self._at))
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


def _nonce_of(payload: bytes) -> str | None:
    """Give the nonce by which a sender knows an order that was refused; None where it was none."""
    found = read(payload)
    return found.order.nonce if isinstance(found, SignedOrder) else None
