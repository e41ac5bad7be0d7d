"""An OSDP device's first output as a strike. The device itself switches it off again: each command carries its time."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any, Final

from firmware_bridge.drivers import LEASE_S, MAX_RELEASE_S, Declared, Emit, Standing
from firmware_bridge.events import BridgeError
from firmware_bridge.osdp.face import Device, Face
from firmware_bridge.osdp.session import Command

RELEASE_WITHIN_S: Final = 0.6
"""A release that was not sent by then is never sent: whoever asked gives up on it soon after."""
_OUTPUT_NO: Final = 0
_UNIT_S: Final = 0.1
_OFF, _ON_FOR = 1, 5


class OsdpDoor(Face):
    """The device as a door that is locked whenever nobody asked otherwise.

    Nothing unlocks it when the gate is silent, so it serves a door declared fail-secure. The device sees no leaf, no
    fire and no exit: those must act on the strike's supply by themselves.
    """

    def __init__(self, device: Device, declared: Declared) -> None:
        super().__init__(device)
        self._declared = declared
        self._locked_until = self._open_until = -math.inf

    def open(self, emit: Emit) -> None:
        """Start reporting, as Face says. Raises BridgeError also for a door declared fail-safe."""
        if self._declared is not Declared.FAIL_SECURE:
            raise BridgeError(
                "An OSDP output cannot unlock a fail-safe door when the gate is silent. Use the door controller for it."
            )
        self._locked_until = self._open_until = -math.inf
        super().open(emit)

    def release(self, *, seconds: float) -> None:
        """Free the strike for *seconds*, at most MAX_RELEASE_S, to a tenth; StrikeReleased follows once it is so.

        Raises BridgeError when the device does not answer, has no output, or the door stands locked.
        """
        if not 0 < seconds < math.inf:
            raise BridgeError(
                f"A release lasts more than zero seconds, not {seconds}. Correct the door's release time."
            )
        if time.monotonic() < self._locked_until:
            raise BridgeError("The door stands locked. End the lockdown first.")
        left_open_s = self._open_until - time.monotonic()
        self._free_for(max(min(seconds, MAX_RELEASE_S), min(left_open_s, LEASE_S)), counts_as_release=True)

    def stand(self, standing: Standing, *, seconds: float) -> None:
        """Stand so for *seconds*, at most LEASE_S: open by a timed output, locked by refusing releases here.

        Raises BridgeError when the device does not answer; it stands locked even then.
        """
        if not 0 < seconds < math.inf:
            raise BridgeError(f"A door stands so for more than zero seconds, not {seconds}. Correct it.")
        until = time.monotonic() + min(seconds, LEASE_S)
        was_free = self._open_until > -math.inf or standing is Standing.LOCKED
        self._locked_until = until if standing is Standing.LOCKED else -math.inf
        self._open_until = until if standing is Standing.OPEN else -math.inf
        if standing is Standing.OPEN:
            self._free_for(min(seconds, LEASE_S), counts_as_release=False)
        elif was_free:
            self._ask(_output(_OFF, 0), frees_s=0.0, counts_as_release=False)
        elif not self.healthy:
            raise self._unheard()

    def _free_for(self, seconds: float, *, counts_as_release: bool) -> None:
        tenths = max(1, int(seconds / _UNIT_S))
        self._ask(_output(_ON_FOR, tenths), frees_s=tenths * _UNIT_S, counts_as_release=counts_as_release)

    def _ask(self, body: Mapping[str, Any], *, frees_s: float, counts_as_release: bool) -> None:
        import osdp

        if not self.healthy:
            raise self._unheard()
        if not self._device.can(osdp.Capability.OutputControl):
            raise BridgeError(
                f"The OSDP device at {self._device.options.port} has no output. Wire the strike to another device."
            )
        until = time.monotonic() + RELEASE_WITHIN_S
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
