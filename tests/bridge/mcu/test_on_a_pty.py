"""The host's driver against the firmware, over a pty: in CPython and in real MicroPython."""

import time

import pytest

from firmware_bridge.drivers import Declared
from firmware_bridge.events import (
    CardRead,
    DeviceBack,
    DeviceLost,
    ExitRequested,
    FireStarted,
    KeyPressed,
    LeafOpened,
    StrikeLocked,
    StrikeReleased,
)
from firmware_bridge.mcu_sim.pty_device import MicroPythonController, SimulatedController
from tests.bridge.mcu.controller_benches import attached
from tests.contract.benches import real_time


class Site:
    def __init__(self, box, controller):
        self.box, self.controller, self.heard = box, controller, []
        controller.reader.open(self.heard.append)
        controller.door.open(self.heard.append)
        assert self.wait(lambda: controller.door.healthy)

    def wait(self, until):
        def poll():
            self.controller.reader.poll(time.monotonic())
            self.controller.door.poll(time.monotonic())

        return real_time(poll, until)

    def hear(self, event):
        return self.wait(lambda: event in self.heard)


@pytest.fixture(params=[SimulatedController, MicroPythonController])
def site(request):
    with attached(request.param) as (box, controller):
        site = Site(box, controller)
        yield site
        controller.reader.close()
        controller.door.close()


def test_a_visit_from_card_to_the_leaf(site):
    site.box.present(40451)
    assert site.hear(CardRead(26, 40451))
    site.box.press("7")
    assert site.hear(KeyPressed("7"))
    site.controller.door.release(seconds=3)
    assert site.hear(StrikeReleased())
    assert site.box.push()
    assert site.hear(LeafOpened())
    assert site.hear(StrikeLocked())
    assert site.box.locked


def test_exit_and_fire_are_told_after_the_fact(site):
    """R65, R66."""
    site.box.press_exit()
    assert site.hear(ExitRequested())
    assert not site.box.locked
    site.box.fire(True)
    assert site.hear(FireStarted())


def test_a_cable_pulled_mid_unlock_is_one_loss_and_one_return_and_the_door_locks_itself(site):
    """R68."""
    site.controller.door.release(seconds=1)
    assert site.hear(StrikeReleased())
    site.box.pull()
    assert site.wait(lambda: site.heard.count(DeviceLost()) == 2)  # one by each face
    assert site.wait(lambda: site.box.locked)
    site.box.plug()
    assert site.wait(lambda: site.heard.count(DeviceBack()) == 2)
    assert site.heard.count(DeviceLost()) == 2


def test_leaving_needs_no_host_at_all():
    """R66: before anybody ever spoke to the controller."""
    box = SimulatedController(None, declared=Declared.FAIL_SAFE)
    box.start()
    box.leave()
    assert box.leaf_open
    box.close()
