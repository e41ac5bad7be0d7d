"""What nobody foresaw costs face, the camera or one device, never the card."""

import pytest

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.phases import Idle
from tests.service.world import CARD


@pytest.mark.fault("accident")
def test_what_a_driver_throws_costs_face_but_not_the_door_and_passes(at_gate):
    async def scenario(gate):
        gate.add_resident()
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        healthy, gate.reader.poll = gate.reader.poll, raising(OSError(5, "Input/output error"))
        await gate.until(lambda: not gate.service.face_offered, "face to leave")
        assert gate.service.gate.conditions.obstacles == ("reader_healthy",)
        gate.reader.poll = healthy
        gate.clock.leap(3.0)
        await gate.until(lambda: gate.service.face_offered, "face to come back")
        gate.reader.present(CARD)
        await gate.until(lambda: not gate.door.locked, "the card to open")

    at_gate(scenario)


def test_an_accident_in_the_keeper_offers_no_face_until_it_is_over(at_gate):
    async def scenario(gate):
        gate.add_resident()
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        gate.screen.break_down(RuntimeError("the screen's driver"))
        await gate.until(lambda: not gate.service.face_offered, "face to leave")
        gate.reader.present(CARD)
        await gate.until(lambda: not gate.door.locked, "the card to open")
        gate.screen.break_down(None)
        await gate.until(lambda: gate.service.face_offered, "face to come back")

    at_gate(scenario)


@pytest.mark.fault("accident")
def test_an_accident_in_a_step_closes_the_camera_and_comes_to_rest(at_gate):
    async def scenario(gate):
        gate.add_resident()
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        gate.vision.accident = OSError("the link")
        gate.inputs.put_nowait(on.Presence("me"))
        await gate.until(lambda: isinstance(gate.screen.view, do.OfferMethods), "an offer")
        gate.inputs.put_nowait(on.FaceChosen("me"))
        await gate.until(lambda: "close" in gate.vision.told, "the camera to close")
        await gate.until(lambda: isinstance(gate.service.gate.phase, Idle), "rest")
        gate.vision.accident = None
        gate.reader.present(CARD)
        await gate.until(lambda: not gate.door.locked, "the card to open")

    at_gate(scenario)


def test_releases_are_answered_in_the_order_they_were_asked(at_gate):
    async def scenario(gate):
        gate.add_resident()
        gate.door.mute = True
        for _ in range(2):
            start = len(gate.screen.views)
            gate.reader.present(CARD)
            await gate.result(start)
        gate.door.unmute()
        await gate.until(lambda: all(outcome for *_, outcome in gate.decisions()), "both outcomes")
        assert gate.decisions() == [(True, "known-credential", "released")] * 2

    at_gate(scenario)


@pytest.mark.fault("release-unconfirmed")
def test_a_controller_that_never_confirms_is_a_fault(at_gate):
    async def scenario(gate):
        gate.add_resident()
        gate.door.mute = True
        gate.reader.present(CARD)
        await gate.result()
        await gate.until(lambda: gate.decisions()[0][2] == "fault", "the fault")

    at_gate(scenario)


def raising(error):
    def fail(*_):
        raise error

    return fail
