"""Signed orders carried out by what the console uses: the lockdown, and a release as ADR 0023 has it (ADR 0028).

Nothing here knows of the way out or of a fire: the door machine and its controller see to both, whatever is ordered.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, assert_never

import structlog

from gate.core.orders import Answer, Order, OrderKind, Refusal, Result, judged
from gate.core.roles import Program, Proof, Role
from gate.core.types import Seconds
from gate.errors import GateError, RequestError, VaultError
from gate.office.door import DoorOffice
from gate.store import Store
from gate.store.upkeep.clock import TrustedClock

log = structlog.get_logger()

TOLD_EVERY_S: Final[Seconds] = 60.0
"""A refusal of one reason is written to the audit log this often: whoever plays an order again and again fills no disk."""
_REASONS: Final[Mapping[str, Refusal]] = MappingProxyType(
    {"release-obstacle": Refusal.OBSTACLE, "release-unanswered": Refusal.UNANSWERED}
)


class OrderOffice:
    """Obeys, or refuses, what a known key rightly signed. Everything runs on the loop's thread."""

    def __init__(
        self,
        *,
        gate_id: str,
        allowed: frozenset[OrderKind],
        store: Store,
        clock: TrustedClock,
        door: DoorOffice,
    ) -> None:
        self._gate_id = gate_id
        self._allowed = allowed
        self._store = store
        self._clock = clock
        self._door = door
        self._told: dict[Refusal, Seconds] = {}

    async def obey(self, order: Order) -> Answer:
        """Judge *order*, take it once and for all, and only then carry it out; tell what came of it. Never raises GateError.

        An order that was taken is never carried out again, also where it failed: who sent it signs another.
        """
        # A key may do what a guard may, and of that only what the site's settings name.
        by = Program(order.key, Role.GUARD, Proof.KEY)
        try:
            refused = self._refusal(order, by)
            if refused is not None:
                self._note(order, refused, by)
                return Answer(Result.REFUSED, refused)
            return await self._carry_out(order.kind, by)
        except RequestError as error:
            reason = _REASONS.get(error.code, Refusal.FAULT)
            result = Result.REFUSED if reason is Refusal.OBSTACLE else Result.FAILED
            log.warning("order_not_done", kind=order.kind, code=error.code)
            return Answer(result, reason)
        except VaultError as error:
            log.error("order_not_done", kind=order.kind, code=error.code, remedy=error.remedy)  # noqa: TRY400 - code and remedy say it
            return Answer(Result.FAILED, Refusal.FAULT)

    def _refusal(self, order: Order, by: Program) -> Refusal | None:
        now = self._clock.now()
        refused = judged(
            order,
            gate=self._gate_id,
            allowed=self._allowed,
            now=now,
            clock_trusted=self._clock.trusted,
        )
        return refused or self._store.orders.take(order, at=now, by=by)

    async def _carry_out(self, kind: OrderKind, by: Program) -> Answer:
        match kind:
            case OrderKind.LOCKDOWN:
                changed = self._door.lock_down(by)
            case OrderKind.END_LOCKDOWN:
                changed = self._door.end_lockdown(by)
            case OrderKind.RELEASE:
                await self._door.confirm(by, self._door.ask(by).word)
                changed = True
            case _:
                assert_never(kind)
        return Answer(Result.DONE if changed else Result.UNCHANGED)

    def _note(self, order: Order, why: Refusal, by: Program) -> None:
        now = self._clock.monotonic()
        if now < self._told.get(why, now):
            return
        self._told[why] = now + TOLD_EVERY_S
        try:
            self._store.orders.refused(order, why, at=self._clock.now(), by=by)
        except GateError as error:
            log.error("order_unaudited", code=error.code, remedy=error.remedy)  # noqa: TRY400 - code and remedy say it
