"""Consent and template at the desk: live, together, or not at all."""

import asyncio

import pytest

from gate.core.enrolment import Advice, Pose, Progress
from gate.errors import RequestError
from gate.vision import wire
from tests.service.world import FACE, OTHER_FACE


def test_r26_enrolment_takes_one_template_live_and_then_matches(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        enrolment = await gate.begin_enrolment(person)
        assert gate.vision.enrolling
        assert not gate.service.face_offered
        gate.take_face()
        await enrolment
        assert list(gate.vision.gallery.values()) == [FACE]
        assert gate.vision.told[-2:] == ["close", "forget"]
        assert gate.desk.residents()[0].has_consented

    at_gate(scenario)


@pytest.mark.parametrize("told", [True, False])
def test_who_comes_near_another_face_is_told_so_at_the_desk_and_until_they_give_up_face(at_gate, told):
    """Twins; and no word of whose face it is."""

    async def scenario(gate):
        person, _ = gate.add_resident()
        enrolment = await gate.begin_enrolment(person)
        gate.take_face(lookalike=told)
        await enrolment
        assert gate.desk.looks_alike(person) is told
        gate.desk.withdraw(person)
        assert not gate.desk.looks_alike(person)

    at_gate(scenario)


@pytest.mark.parametrize(
    ("happens", "code"),
    [
        (
            lambda gate: gate.capture.fail(gate.capture.attempt, wire.NOT_ALIKE, "Two people.", "Try again."),
            "enrol-not-alike",
        ),
        (
            lambda gate: gate.capture.fail(gate.capture.attempt, wire.DUPLICATE, "Already.", "Withdraw."),
            "enrol-duplicate",
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
        enrolment = await gate.begin_enrolment(person)
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
        enrolment = await gate.begin_enrolment(person)
        gate.capture.take("earlier", gate.vision.epoch, OTHER_FACE)
        gate.capture.fail("earlier", "camera-silent", "No frame.", "Plug it in.")
        gate.take_face()
        gate.take_face(OTHER_FACE)
        await enrolment
        assert list(gate.vision.gallery.values()) == [FACE]

    at_gate(scenario)


def test_how_far_an_enrolment_is_can_be_asked_while_it_runs_and_no_longer(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        assert gate.desk.progress is None
        enrolment = asyncio.create_task(gate.desk.enrol(person, gate.said()))
        await gate.until(lambda: gate.vision.capturing, "the camera to open")
        step = Progress(Pose.LEFT, Advice.TURN_LEFT, 3)
        gate.capture.heed("earlier", Progress(Pose.FRONT, Advice.GOOD, 0))
        assert gate.desk.progress is None
        gate.capture.heed(gate.capture.attempt, step)
        assert gate.desk.progress == step
        gate.take_face()
        await enrolment
        assert gate.desk.progress is None

    at_gate(scenario)


def test_r26_a_face_may_be_like_its_persons_own_template_and_no_other(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        other, _ = gate.add_resident("1204", 40452)
        gate.consent(other, OTHER_FACE)
        mine = gate.consent(person)
        enrolment = await gate.begin_enrolment(person)
        assert gate.vision.own == (mine,)
        gate.take_face()
        await enrolment

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
        enrolment = await gate.begin_enrolment(person)
        gate.desk.withdraw(person)
        gate.take_face()
        with pytest.raises(RequestError, match="withdrawn"):
            await enrolment
        assert gate.store.templates.count() == 0

    at_gate(scenario)


def test_the_desk_needs_no_screen_at_the_gate_for_it_shows_the_notice_itself(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        gate.screen.live = False
        await gate.until(lambda: not gate.service.face_offered, "face to go")
        enrolment = asyncio.create_task(gate.desk.enrol(person, gate.said()))
        await gate.until(lambda: gate.vision.capturing, "the camera to open")
        gate.take_face()
        assert (await enrolment).facts.record

    at_gate(scenario)
