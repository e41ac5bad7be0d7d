"""The controller's reader and door on a desk: the host's driver, a pty, and the firmware behind it."""

import secrets
import time
from contextlib import contextmanager
from functools import partial

from firmware_bridge.drivers import Declared
from firmware_bridge.events import CardRead
from firmware_bridge.link.controller import Controller, ControllerOptions
from firmware_bridge.mcu_sim.pty_device import MicroPythonController, SimulatedController
from tests.contract.benches import Bench, real_time


@contextmanager
def attached(device=SimulatedController, declared=Declared.FAIL_SECURE):
    """Yield a running controller and the host's driver for it, not yet open."""
    key = secrets.token_bytes(32)
    box = device(key, declared=declared)
    box.start()
    try:
        yield box, Controller(ControllerOptions(box.path), key, declared)
    finally:
        box.close()
        assert box.faults == 0


@contextmanager
def controller_reader(device=SimulatedController):
    with attached(device) as (box, controller):
        reader = controller.reader

        def present():
            box.present(40451)
            return CardRead(26, 40451)

        yield Bench(
            reader,
            partial(real_time, lambda: reader.poll(time.monotonic())),
            present=present,
            press=box.press,
            cut=box.pull,
            mend=box.plug,
            babble=lambda: box.send_bits(0, 26),
        )
        reader.close()


@contextmanager
def controller_door(device=SimulatedController):
    with attached(device) as (box, controller):
        door = controller.door
        yield Bench(
            door,
            partial(real_time, lambda: door.poll(time.monotonic())),
            cut=box.pull,
            mend=box.plug,
            babble=lambda: box.babble(secrets.token_bytes(64)),
        )
        door.close()


micropython_reader = partial(controller_reader, MicroPythonController)
micropython_door = partial(controller_door, MicroPythonController)
