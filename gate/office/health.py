"""How the gate is, for the overview."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from gate.core.duties import Duty, State
from gate.core.types import Seconds
from gate.store import Store
from gate.store.account.signing import fingerprint
from gate.store.upkeep.clock import TrustedClock
from gate.web.staff.ports.health import HealthView

DUTIES_S: Final[Seconds] = 30.0
"""Duties are days long, and counting them opens sealed records."""


class HealthOffice:
    """The health port. duties: gives what is to do now."""

    def __init__(self, store: Store, clock: TrustedClock, duties: Callable[[], Sequence[Duty]]) -> None:
        self._store = store
        self._clock = clock
        self._duties = duties
        self._counted: dict[State, int] = {}
        self._count_at: Seconds | None = None

    def look(self) -> HealthView:
        """Give how the gate is. Raises VaultError."""
        store, counted = self._store, self._count()
        return HealthView(
            clock_trusted=self._clock.trusted,
            space_low=store.space_low,
            undeleted=len(store.retention.standing),
            settings_altered=store.overrides.altered,
            fingerprint=fingerprint(store.signer.public_key),
            overdue=counted.get(State.OVERDUE, 0),
            near=counted.get(State.NEAR, 0),
        )

    def _count(self) -> dict[State, int]:
        now = self._clock.monotonic()
        if self._count_at is None or now >= self._count_at:
            found = self._duties()
            self._counted = {state: sum(duty.state is state for duty in found) for state in State}
            self._count_at = now + DUTIES_S
        return self._counted
