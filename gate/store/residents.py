"""What the command line does for residents, who are named by their unit there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from gate.core.types import Method, PersonId
from gate.errors import RequestError
from gate.store.tenants import MovedOut, Tenants

__all__ = ["FreshPins", "MovedOut", "Residents"]


@dataclass(frozen=True, slots=True)
class FreshPins:
    """A PIN and the duress PIN beside it, shown once."""

    pin: str = field(repr=False)
    duress_pin: str = field(repr=False)


class Residents(Tenants):
    """The same acts by unit. Each raises RequestError ``unit-unknown`` where nobody is entered under it.

    The rest is as the act by person has it, and the installer is who acts.
    """

    def new_card(
        self,
        unit: str,
        card: str | None,
        at: datetime,
        *,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        beside: bool = False,
    ) -> None:
        """Give the unit's resident a card as ``give_card`` does."""
        self.give_card(
            self._find(unit), card, at, valid_from=valid_from, valid_until=valid_until, beside=beside
        )

    def new_pin(self, unit: str, at: datetime) -> str:
        """Give the unit's resident a fresh PIN in place of the earlier one; return it, once."""
        drawn = self.draw(self._find(unit))
        self.give_pin(drawn, at)
        return drawn.fresh.pin

    def new_pins(self, unit: str, at: datetime) -> FreshPins:
        """Give the unit's resident a fresh PIN and a duress PIN in place of the earlier ones."""
        drawn = self.draw(self._find(unit), duress=True)
        self.give_pin(drawn, at)
        assert drawn.duress_pin is not None  # asked for
        return FreshPins(drawn.fresh.pin, drawn.duress_pin)

    def end_duress(self, unit: str) -> None:
        """End the duress PIN of the unit's resident, if there is one; the PIN stays."""
        self.end_duress_of(self._find(unit))

    def revoke(self, unit: str, methods: Collection[Method], at: datetime) -> None:
        """End what the unit's resident has of *methods*, CARD, PIN and CODE, for good."""
        self.revoke_of(self._find(unit), methods, at)

    def set_end(self, unit: str, ends_at: datetime | None, at: datetime) -> None:
        """Set the end of the tenancy, or take it back, as ``set_end_of`` does."""
        self.set_end_of(self._find(unit), ends_at, at)

    def move_out(self, unit: str, at: datetime) -> MovedOut:
        """Delete the unit's resident as ``leave`` does; an altered record is found by its unit, unopened."""
        person = self._people.id_by_unit(unit)
        if person is None:
            raise _unknown()
        return self.leave(person, at)

    def _find(self, unit: str) -> PersonId:
        person = self._people.find_by_unit(unit)
        if person is None:
            raise _unknown()
        return person.id


def _unknown() -> RequestError:
    return RequestError(
        "unit-unknown", "No resident is entered under this unit.", remedy="See gate resident list."
    )
