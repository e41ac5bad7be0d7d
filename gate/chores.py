"""The chores of one round of housekeeping: each by itself, so that one that fails keeps no other from its work."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from gate.errors import GateError, VaultError

log = structlog.get_logger()


class Chores:
    """Carries chores out and remembers whether the last round failed somewhere: face rests then (R76)."""

    def __init__(self) -> None:
        self._failing = False

    @property
    def failing(self) -> bool:
        """Tell whether a chore of the last round failed."""
        return self._failing

    def carry_out(self, *chores: Callable[[], object]) -> None:
        """Do every chore, in order; the first fault of a bad time is logged, without quoting anything."""
        faults = [fault for fault in map(_fault_of, chores) if fault is not None]
        if faults and not self._failing:
            log.error("storage_fault", **told(faults[0]))
        self._failing = bool(faults)


def told(fault: Exception) -> dict[str, str]:
    """Give what a log may say of a *fault*: code and remedy, or the mere kind of one that nobody foresaw."""
    if isinstance(fault, GateError):
        return {"code": fault.code, "remedy": fault.remedy}
    return {"kind": type(fault).__name__, "remedy": "Report it; face stays off until it is over."}


def unforeseen() -> VaultError:
    """Give the fault that stands for one that nobody foresaw, to be raised from it."""
    return VaultError(
        "store-unread",
        "The store could not be read, for a reason that nobody foresaw.",
        remedy="Report it with the service's log; face stays off until it is over.",
    )


def _fault_of(chore: Callable[[], object]) -> Exception | None:
    try:
        chore()
    except Exception as error:  # noqa: BLE001 - an outer frame: erasing must go on though another chore fails
        return error
    return None
