"""Consent and template at the desk: live, together, or not at all."""

import asyncio

import pytest

from gate.errors import RequestError
from gate.vision import wire
from tests.service.world import FACE, OTHER_FACE


def test_r26_enrolment_takes_one_template_live_and_then_matches(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        enrolment = asyncio.create_task(gate.desk.enrol(person, gate.said()))
        await gate.until(lambda: gate.vision.capturing, "the camera to open")
        assert gate.vision.enrolling
        assert not gate.service.face_offered
        gate.capture.take(gate.capture.attempt, gate.vision.epoch, FACE)
        await enrolment
        assert list(gate.vision.gallery.values()) == [FACE]
        assert gate.vision.told[-2:] == ["close", "forget"]
        assert gate.desk.residents()[0].has_consented

    at_gate(scenario)


@pytest.mark.parametrize(
    ("happens", "code"),
    [
        (
            lambda gate: gate.capture.fail(gate.capture.attempt, wire.NOT_ALIKE, "Two people.", "Try again."),
            "enrol-not-alike",
        ),
        (
            lambda gate: gate.capture.fail(gate.capture.attempt, "camera-silent", "No frame.", "Plug it in."),
            "enrol-camera",
        ),
    ],
)
def test_r20_an_enrolment_that_fails_writes_neither_consent_nor_template(at_gate, happens, code):
    async def scenario(gate):
        person, _ = gate.add_resident()
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        enrolment = asyncio.create_task(gate.desk.enrol(person, gate.said()))
        await gate.until(lambda: gate.vision.capturing, "the camera to open")
        happens(gate)
        with pytest.raises(RequestError) as caught:
            await enrolment
        assert caught.value.code == code
        assert gate.store.consents.of(person) == ()
        assert gate.capture.attempt is None
        await gate.until(lambda: gate.service.face_offered, "face to be offered again")

    at_gate(scenario)


def test_r26_a_template_of_another_attempt_is_not_taken(at_gate):
    """Somebody whose enrolment was broken off is not enrolled as the next person."""

    async def scenario(gate):
        person, _ = gate.add_resident()
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        enrolment = asyncio.create_task(gate.desk.enrol(person, gate.said()))
        await gate.until(lambda: gate.vision.capturing, "the camera to open")
        gate.capture.take("earlier", gate.vision.epoch, OTHER_FACE)
        gate.capture.fail("earlier", "camera-silent", "No frame.", "Plug it in.")
        gate.capture.take(gate.capture.attempt, gate.vision.epoch, FACE)
        gate.capture.take(gate.capture.attempt, gate.vision.epoch, OTHER_FACE)
        await enrolment
        assert list(gate.vision.gallery.values()) == [FACE]

    at_gate(scenario)


def test_an_enrolment_never_takes_the_camera_from_a_visitor(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        await gate.to_capture()
        with pytest.raises(RequestError, match="just now"):
            await gate.desk.enrol(person, gate.said())
        assert not gate.vision.enrolling

    at_gate(scenario)


def test_a_withdrawal_outlives_an_enrolment_begun_before_it(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        enrolment = asyncio.create_task(gate.desk.enrol(person, gate.said()))
        await gate.until(lambda: gate.vision.capturing, "the camera to open")
        gate.desk.withdraw(person)
        gate.capture.take(gate.capture.attempt, gate.vision.epoch, FACE)
        with pytest.raises(RequestError, match="withdrawn"):
            await enrolment
        assert gate.store.templates.count() == 0

    at_gate(scenario)
