"""An OSDP device as a reader: what its light and buzzer say."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from firmware_bridge.drivers import Profile, Signal
from firmware_bridge.osdp.face import Face
from firmware_bridge.osdp.session import Command

_SHOWN_WITHIN_S: Final = 2.0
_BLACK, _RED, _GREEN, _AMBER, _BLUE = 0, 1, 2, 3, 4
_SET, _TONE = 1, 2

_LIGHTS: Final[Mapping[Signal, tuple[int, int]]] = MappingProxyType(
    # colour, and the colour it blinks with; not red against green alone, which one man in twelve cannot tell apart:
    # a refusal blinks.
    {
        Signal.READY: (_BLUE, _BLUE),
        Signal.WAIT: (_AMBER, _BLACK),
        Signal.GRANTED: (_GREEN, _GREEN),
        Signal.REFUSED: (_RED, _BLACK),
    }
)
_BEEPS: Final[Mapping[Signal, tuple[int, int]]] = MappingProxyType(
    # tenths of a second on and off, and how often: one long beep to come in, three short ones to try again.
    {Signal.GRANTED: (5, 1), Signal.REFUSED: (1, 3)}
)


class OsdpReader(Face):
    """The device as a reader."""

    @property
    def profile(self) -> Profile:
        """The line is encrypted, and a reader on it can make the card prove itself."""
        return Profile.SECURE

    @property
    def supervised(self) -> bool:
        """The panel polls it: silence is a lost device."""
        return True

    def show(self, signal: Signal) -> None:
        """Show *signal* as long as no other is shown, with a beep for an answer, where the device has light or buzzer."""
        if not self.healthy:
            return
        until = time.monotonic() + _SHOWN_WITHIN_S
        for capability, body in _commands(signal):
            # A device that says no to a command loses libosdp's channel: it is asked for nothing it has not.
            if self._device.can(capability):
                self._device.ask(Command(body, until))


def _commands(signal: Signal) -> Iterator[tuple[int, Mapping[str, Any]]]:
    import osdp

    on, off = _LIGHTS[signal]
    light = {
        "command": osdp.Command.LED,
        "reader": 0,
        "led_number": 0,
        "control_code": _SET,
        "temporary": False,
    }
    yield (
        osdp.Capability.LEDControl,
        light | {"on_color": on, "off_color": off, "on_count": 3, "off_count": 3},
    )
    if signal in _BEEPS:
        on_count, times = _BEEPS[signal]
        beep = {"command": osdp.Command.Buzzer, "reader": 0, "control_code": _TONE, "on_count": on_count}
        yield osdp.Capability.AudibleControl, beep | {"off_count": 1, "rep_count": times}
