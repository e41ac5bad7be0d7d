"""The one table of drivers. A driver that is not here does not exist; nothing is discovered, nothing falls back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Final, TypeVar

from firmware_bridge.drivers import Declared, Door, Reader
from firmware_bridge.events import BridgeError
from firmware_bridge.gpio.door import GpioDoor, GpioDoorOptions
from firmware_bridge.gpio.reader import WiegandGpio, WiegandGpioOptions
from firmware_bridge.hid import HidOptions, HidReader
from firmware_bridge.link.controller import Controller, ControllerOptions
from firmware_bridge.osdp.options import OsdpOptions
from firmware_bridge.osdp.panel import OsdpPanel
from firmware_bridge.pcsc import PcscOptions, PcscReader
from firmware_bridge.simulators import SimulatedDoor, SimulatedReader

Options = TypeVar("Options")


@dataclass(frozen=True, slots=True)
class Wiring:
    """How one gate's devices are wired: options for each device there is, and the keys of those that have one.

    declared: what the door does without power or host (R67). may_stand_open: whether its lock is made for standing open.
    keys: 16 bytes for osdp, 32 for controller, once paired.
    """

    declared: Declared
    may_stand_open: bool = False
    osdp: OsdpOptions | None = None
    controller: ControllerOptions | None = None
    wiegand: WiegandGpioOptions | None = None
    gpio_door: GpioDoorOptions | None = None
    hid: HidOptions | None = None
    pcsc: PcscOptions | None = None
    keys: Mapping[str, bytes] = field(default_factory=dict, repr=False)


class Devices:
    """The devices of one gate, each made once, whether it is read, opens, or both."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring

    @cached_property
    def panel(self) -> OsdpPanel:
        """The OSDP panel, reader and timed output in one."""
        return OsdpPanel(_wired("osdp", self.wiring.osdp), self.wiring.keys.get("osdp"), self.wiring.declared)

    @cached_property
    def controller(self) -> Controller:
        """The door controller, reader and strike in one."""
        options = _wired("controller", self.wiring.controller)
        return Controller(
            options,
            self.wiring.keys.get("controller"),
            self.wiring.declared,
            may_stand_open=self.wiring.may_stand_open,
        )


READERS: Final[Mapping[str, Callable[[Devices], Reader]]] = MappingProxyType(
    {
        "simulated": lambda _: SimulatedReader(),
        "osdp": lambda devices: devices.panel.reader,
        "controller": lambda devices: devices.controller.reader,
        "wiegand": lambda devices: WiegandGpio(_wired("wiegand", devices.wiring.wiegand)),
        "hid": lambda devices: HidReader(_wired("hid", devices.wiring.hid)),
        "pcsc": lambda devices: PcscReader(_wired("pcsc", devices.wiring.pcsc)),
    }
)
DOORS: Final[Mapping[str, Callable[[Devices], Door]]] = MappingProxyType(
    {
        "simulated": lambda devices: SimulatedDoor(devices.wiring.declared),
        "osdp": lambda devices: devices.panel.door,
        "controller": lambda devices: devices.controller.door,
        "gpio": lambda devices: GpioDoor(
            _wired("gpio_door", devices.wiring.gpio_door), devices.wiring.declared
        ),
    }
)


def _wired(section: str, options: Options | None) -> Options:
    if options is None:
        raise BridgeError(f"There is no [{section}] section that says how the device is wired. Add it.")
    return options
