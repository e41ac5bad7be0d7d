"""An OSDP device's first output as a strike. The device itself switches it off again: each command carries its time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from firmware_bridge.drivers import LEASE_S, MAX_RELEASE_S, Declared, Emit, Standing
from firmware_bridge.events import BridgeError
from firmware_bridge.osdp.face import Device, Face
from firmware_bridge.osdp.session import Command

RELEASE_WITHIN_S: Final = 0.6
"""A release that was not sent by then is never sent: whoever asked gives up on it soon after."""
REST_S: Final = 0.5 + RELEASE_WITHIN_S
"""After a run of releases was cut at MAX_RELEASE_S: half a second locked, also where its last command went out late."""
GAP_S: Final = 0.5
"""A release within this after another is of the same run: the coil had no time to rest."""
_OUTPUT_NO: Final = 0
_UNIT_S: Final = 0.1
_OFF, _ON_FOR = 1, 5
_ROUNDING: Final = 1e-6
"""What a difference of two clock readings may lack of a whole tenth."""


@dataclass(frozen=True, slots=True)
class Run:
    """Releases that follow each other without a gap of GAP_S: when the first began, and when the last ends."""

    began: float = -math.inf
    until: float = -math.inf

    def drawn_out(self, seconds: float, now: float) -> Run:
        """Draw it out by a release of *seconds* from *now* on, or begin anew. Raises BridgeError when it is to rest."""
        most = self.began + MAX_RELEASE_S
        if now >= self.until + (REST_S if self.until >= most else GAP_S):
            return Run(now, now + min(seconds, MAX_RELEASE_S))
        if now > most - _UNIT_S:
            raise BridgeError("The strike was free as long as it may be, and rests. Ask again in a moment.")
        return Run(self.began, max(self.until, min(now + seconds, most)))

    def ended(self, now: float) -> Run:
        """Take note that the strike was locked at *now*."""
        return Run(self.began, min(self.until, now))  # cut short: it may be drawn out, and needs no rest


class OsdpDoor(Face):
    """The device as a door that is locked whenever nobody asked otherwise.

    Nothing unlocks it when the gate is silent, so it serves a door declared fail-secure. The device sees no leaf, no
    fire and no exit: those must act on the strike's supply by themselves.
    """

    def __init__(
        self, device: Device, declared: Declared, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(device)
        self._declared = declared
        self._clock = clock
        self._locked_until = self._open_until = -math.inf
        self._run = Run()

    def open(self, emit: Emit) -> None:
        """Start reporting, as Face says. Raises BridgeError also for a door declared fail-safe."""
        if self._declared is not Declared.FAIL_SECURE:
            raise BridgeError(
                "An OSDP output cannot unlock a fail-safe door when the gate is silent. Use the door controller for it."
            )
        self._locked_until = self._open_until = -math.inf
        super().open(emit)

    def release(self, *, seconds: float) -> None:
        """Free the strike for *seconds*, to a tenth; StrikeReleased follows once it is so.

        A release during another draws it out, to MAX_RELEASE_S from the first at most; after that the strike rests for
        REST_S. Raises BridgeError while it rests, when the device does not answer, has no output, or the door stands
        locked.
        """
        if not 0 < seconds < math.inf:
            raise BridgeError(
                f"A release lasts more than zero seconds, not {seconds}. Correct the door's release time."
            )
        now = self._clock()
        if now < self._locked_until:
            raise BridgeError("The door stands locked. End the lockdown first.")
        left_open_s = min(self._open_until - now, LEASE_S)
        # A door that stands open rests for nobody; what is asked for there begins a run of its own.
        run = (Run() if left_open_s > 0 else self._run).drawn_out(seconds, now)
        self._free_for(max(run.until - now, left_open_s), counts_as_release=True)
        self._run = run

    def stand(self, standing: Standing, *, seconds: float) -> None:
        """Stand so for *seconds*, at most LEASE_S: open by a timed output, locked by refusing releases here.

        Raises BridgeError when the device does not answer; it stands locked even then.
        """
        if not 0 < seconds < math.inf:
            raise BridgeError(f"A door stands so for more than zero seconds, not {seconds}. Correct it.")
        until = self._clock() + min(seconds, LEASE_S)
        was_free = self._open_until > -math.inf or standing is Standing.LOCKED
        self._locked_until = until if standing is Standing.LOCKED else -math.inf
        self._open_until = until if standing is Standing.OPEN else -math.inf
        if standing is Standing.OPEN:
            self._free_for(min(seconds, LEASE_S), counts_as_release=False)
        elif was_free:
            self._ask(_output(_OFF, 0), frees_s=0.0, counts_as_release=False)
            self._run = self._run.ended(self._clock())
        elif not self.healthy:
            raise self._unheard()

    def _free_for(self, seconds: float, *, counts_as_release: bool) -> None:
        tenths = max(1, int(seconds / _UNIT_S + _ROUNDING))
        self._ask(_output(_ON_FOR, tenths), frees_s=tenths * _UNIT_S, counts_as_release=counts_as_release)

    def _ask(self, body: Mapping[str, Any], *, frees_s: float, counts_as_release: bool) -> None:
        import osdp

        if not self.healthy:
            raise self._unheard()
        if not self._device.can(osdp.Capability.OutputControl):
            raise BridgeError(
                f"The OSDP device at {self._device.options.port} has no output. Wire the strike to another device."
            )
        until = time.monotonic() + RELEASE_WITHIN_S  # the session's clock
        command = Command(body, until, frees_s=frees_s, counts_as_release=counts_as_release)
        if not self._device.ask(command):
            raise self._unheard()

    def _unheard(self) -> BridgeError:
        where = self._device.options.port
        return BridgeError(
            self.trouble or f"The OSDP door at {where} is not open. Check its cable and its power."
        )


def _output(code: int, tenths: int) -> Mapping[str, Any]:
    import osdp

    return {
        "command": osdp.Command.Output,
        "output_no": _OUTPUT_NO,
        "control_code": code,
        "timer_count": tenths,
    }
