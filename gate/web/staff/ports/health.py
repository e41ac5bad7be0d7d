"""What the overview needs beside the gate's status: what is due, and what only the store and the clock can tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class HealthView:
    """What stands against a gate that is well. Counts alone: nothing here names anybody.

    clock_trusted: its clock may be believed. space_low: the room kept back on the disk is spent. undeleted: records past
    their time that could not be deleted (R76). settings_altered: somebody altered the settings in the database.
    fingerprint: of the device's signing key. overdue, near: duties, requests among them (R72).
    """

    clock_trusted: bool
    space_low: bool
    undeleted: int
    settings_altered: bool
    fingerprint: str
    overdue: int
    near: int


class HealthPort(Protocol):
    """Asked by every overview, so it costs little: duties are counted anew every half minute."""

    def look(self) -> HealthView:
        """Give how the gate is. Raises VaultError."""
