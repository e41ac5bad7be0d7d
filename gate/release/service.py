"""The gate's service as systemd keeps it: stopped, started, and watched for a while."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from gate.errors import DeviceFault
from gate.programs import Ran, run

UNIT: Final = "gate.service"
PROBATION_S: Final = 60.0
PROBATION_MOST_S: Final = 3600.0
_LOOK_EVERY_S: Final = 1.0
_PATIENCE_S: Final = 300
_ASKED_TO_RUN: Final = {"active", "activating", "reloading"}
_AT_WORK: Final = {*_ASKED_TO_RUN, "deactivating"}


@dataclass(frozen=True, slots=True)
class Service:
    """The unit. probation_s: how long a fresh release must serve without being restarted before it is believed."""

    unit: str = UNIT
    probation_s: float = PROBATION_S
    look_every_s: float = _LOOK_EVERY_S

    def runs(self) -> bool:
        """Tell whether it is started and ready; False without systemd."""
        return self._ask("is-active") == "active"

    def is_asked_to_run(self) -> bool:
        """Tell whether it is to run, ready or not: one that ends again and again is "activating" in between."""
        return self._ask("is-active") in _ASKED_TO_RUN

    def stop(self) -> None:
        """Stop it and wait for that; stopped already, or no systemd, is fine. Raises DeviceFault ``service-stays``."""
        if self._ask("is-active") in _AT_WORK and not self._do("stop"):
            raise DeviceFault(
                "service-stays",
                f"{self.unit} could not be stopped, so nothing was changed.",
                remedy=f"Look at systemctl status {self.unit}, and run this as root.",
            )

    def start(self) -> bool:
        """Start it; True once it says that cards open (READY=1)."""
        self._do("reset-failed")
        return self._do("start")

    def stays_up(self) -> bool:
        """Watch it for the probation; False as soon as it is down or was restarted."""
        restarts = self._ask("show", "--property=NRestarts", "--value")
        until = time.monotonic() + self.probation_s
        while True:
            if not self.runs() or self._ask("show", "--property=NRestarts", "--value") != restarts:
                return False
            left = until - time.monotonic()
            if not left > 0:
                return True
            time.sleep(min(self.look_every_s, left))

    def _do(self, verb: str) -> bool:
        return _systemctl(verb, self.unit).well

    def _ask(self, verb: str, *words: str) -> str:
        return _systemctl(verb, *words, self.unit).text


def _systemctl(*words: str) -> Ran:
    return run(["systemctl", *words], patience_s=_PATIENCE_S)
