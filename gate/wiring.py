"""From the settings to the devices: which reader and door there are, how they are wired, and with which keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from pydantic import BaseModel

from firmware_bridge.drivers import Declared, Door, Reader
from firmware_bridge.events import BridgeError
from firmware_bridge.gpio.door import GpioDoorOptions
from firmware_bridge.gpio.reader import WiegandGpioOptions
from firmware_bridge.hid import HidOptions
from firmware_bridge.link.controller import ControllerOptions
from firmware_bridge.osdp.options import OsdpOptions
from firmware_bridge.pcsc import PcscOptions
from firmware_bridge.registry import DOORS, READERS, Devices, Wiring
from gate.errors import ConfigError
from gate.settings import Settings

Device = TypeVar("Device")

KEYED: Final = ("osdp", "controller")
"""Devices that are paired once (gate reader pair, gate door pair) and then known by a key."""


def devices_of(settings: Settings, key_of: Callable[[str], bytes | None]) -> tuple[tuple[Reader, ...], Door]:
    """Make the readers and the door that *settings* name; nothing is opened. key_of: the key of a paired device.

    Raises ConfigError: ``driver-unknown``, ``driver-unwired``.
    """
    keys = {name: key for name in KEYED if (key := key_of(name)) is not None}
    devices = Devices(_wiring(settings, keys))
    names = (settings.reader.driver, *settings.reader.also)
    readers = tuple(_made(READERS, name, "reader", devices) for name in names)
    return readers, _made(DOORS, settings.door.driver, "door", devices)


def has_scanner(settings: Settings) -> bool:
    """Tell whether some reader here takes visitors' codes."""
    names = {settings.reader.driver, *settings.reader.also}
    types_codes = settings.hid is not None and settings.hid.kind == "code"
    return "simulated" in names or ("hid" in names and types_codes)


def _wiring(settings: Settings, keys: Mapping[str, bytes]) -> Wiring:
    return Wiring(
        declared=Declared(settings.door.declared),
        may_stand_open=settings.door.may_stand_open,
        osdp=_options(OsdpOptions, settings.osdp),
        controller=_options(ControllerOptions, settings.controller),
        wiegand=_options(WiegandGpioOptions, settings.wiegand),
        gpio_door=_options(GpioDoorOptions, settings.gpio_door),
        hid=_options(HidOptions, settings.hid),
        pcsc=_options(PcscOptions, settings.pcsc),
        keys=keys,
    )


def _options(make: Callable[..., Device], section: BaseModel | None) -> Device | None:
    """Give what a driver takes, from the section of the same keys."""
    return None if section is None else make(**section.model_dump())


def _made(
    table: Mapping[str, Callable[[Devices], Device]], name: str, section: str, devices: Devices
) -> Device:
    make = table.get(name)
    if make is None:
        raise ConfigError(
            "driver-unknown",
            f"{section}.driver names no driver of this release.",
            remedy=f"Choose one of: {', '.join(table)}.",
        )
    try:
        return make(devices)
    except BridgeError as error:
        raise ConfigError(
            "driver-unwired", str(error), remedy="See deploy/gate.example.toml for what it takes."
        ) from error
