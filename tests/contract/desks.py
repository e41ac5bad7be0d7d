"""Every driver of the registry on its desk."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial

from firmware_bridge.mcu_sim.pty_device import MicroPythonController
from tests.bridge.mcu.controller_benches import controller_door, controller_reader
from tests.bridge.osdp.desks import osdp_door, osdp_reader
from tests.bridge.wire_benches import gpio_door, hid_reader, pcsc_reader, wiegand_reader
from tests.contract.benches import Bench, simulated_door, simulated_reader

Desks = Mapping[str, Callable[[], AbstractContextManager[Bench]]]

READERS_ON_DESKS: Desks = {
    "simulated": simulated_reader,
    "osdp": osdp_reader,
    "controller": controller_reader,
    "wiegand": wiegand_reader,
    "hid": hid_reader,
    "pcsc": pcsc_reader,
}
DOORS_ON_DESKS: Desks = {
    "simulated": simulated_door,
    "osdp": osdp_door,
    "controller": controller_door,
    "gpio": gpio_door,
}
# The very same driver, on the firmware in real MicroPython.
READERS_MORE: Desks = {"controller-micropython": partial(controller_reader, MicroPythonController)}
DOORS_MORE: Desks = {"controller-micropython": partial(controller_door, MicroPythonController)}
