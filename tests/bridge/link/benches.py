"""The desks of the door controller's two faces, for the contract suite: its real firmware at the end of a pty."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from firmware_bridge.drivers import Declared, Door, Reader
from firmware_bridge.events import CardRead
from firmware_bridge.link.controller import Controller, ControllerOptions
from firmware_bridge.mcu_sim.pty_device import SimulatedController
from tests.bridge.link.boxes import KEY
from tests.contract.benches import Bench, real_time

NOISE = b"\x00\x17\xffnoise" * 20


@contextmanager
def _desk() -> Iterator[tuple[SimulatedController, Controller]]:
    box = SimulatedController(KEY, declared=Declared.FAIL_SECURE)
    box.start()
    controller = Controller(ControllerOptions(box.path), KEY, Declared.FAIL_SECURE)
    try:
        yield box, controller
    finally:
        controller.reader.close()
        controller.door.close()
        box.close()


def _polling(driver: Reader | Door) -> Callable[[Callable[[], bool]], bool]:
    return lambda until: real_time(lambda: driver.poll(time.monotonic()), until)


@contextmanager
def controller_reader() -> Iterator[Bench]:
    with _desk() as (box, controller):

        def present() -> CardRead:
            box.present(40451)
            return CardRead(26, 40451)

        yield Bench(
            controller.reader,
            _polling(controller.reader),
            present=present,
            press=box.press,
            cut=box.pull,
            mend=box.plug,
            babble=lambda: box.babble(NOISE),
        )


@contextmanager
def controller_door() -> Iterator[Bench]:
    with _desk() as (box, controller):
        yield Bench(
            controller.door,
            _polling(controller.door),
            cut=box.pull,
            mend=box.plug,
            babble=lambda: box.babble(NOISE),
        )
