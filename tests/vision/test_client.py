"""The real vision child behind its client, before the simulated camera: what it finds, and what it forgets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gate.core.enrolment import Pose
from gate.core.policy import Hint
from gate.vision import wire
from tests.vision.world import ATTEMPTS, EPOCH, gallery_of

pytestmark = [pytest.mark.alone, pytest.mark.models, pytest.mark.portraits]


def hints(findings):
    return {finding.hint for finding in findings}


# --- what it finds ---


def test_a_child_at_work_says_what_runs_its_models(world):
    assert world.client.ready
    assert world.client.providers == ("cpu",)


def named(findings):
    """Give what was found from the second frame on: the first frame never names anybody."""
    assert findings[0].template is None
    return {(found.hint, found.template) for found in findings[1:]}


def test_an_enrolment_gives_one_template_of_the_epoch_whose_seed_the_child_has(runner, world):
    """R26."""
    runner.run(world.load())
    answers = runner.run(world.capture("resident", looks=1, enrol=True, kind=wire.Enrolled | wire.Fault))
    assert [(type(each), each.epoch, len(each.payload)) for each in answers] == [
        (wire.Enrolled, EPOCH, wire.TEMPLATE_BYTES)
    ]


def test_the_resident_is_named_and_a_stranger_is_nobody(runner, world, templates):
    runner.run(world.load(resident=templates["resident"]))
    assert named(runner.run(world.capture("resident"))) == {(Hint.COMPARED, "resident")}
    assert named(runner.run(world.capture("stranger"))) == {(Hint.COMPARED, None)}


def test_two_residents_are_told_apart(runner, world, templates):
    runner.run(world.load(**templates))
    for scene in templates:
        assert named(runner.run(world.capture(scene))) == {(Hint.COMPARED, scene)}


@pytest.mark.parametrize(
    ("only", "found"),
    [
        (("resident",), "resident"),
        (("stranger", "resident"), "resident"),
        (("stranger",), None),
        (("gone",), None),
    ],
    ids=["claimed", "one of two claimed", "somebody else claimed", "not loaded"],
)
def test_after_a_card_a_face_is_compared_with_its_persons_templates_alone(
    runner, world, templates, only, found
):
    runner.run(world.load(**templates))
    assert named(runner.run(world.capture("resident", only=only))) == {(Hint.COMPARED, found)}


def test_one_face_under_two_ids_is_neither(runner, world, templates):
    """The margin to the second is none."""
    runner.run(world.load(one=templates["resident"], other=templates["resident"]))
    assert named(runner.run(world.capture("resident"))) == {(Hint.COMPARED, None)}


def test_a_template_of_another_seed_is_nobody_s(runner, world, templates):
    """R35, R50 (ISO/IEC 24745, unlinkability): a template carried to another site or epoch matches nobody there."""
    elsewhere = replace(gallery_of(resident=templates["resident"]), seed=bytes(32))

    async def look():
        world.client.load_gallery(elsewhere)
        await world.ready()
        return await world.capture("resident")

    assert named(runner.run(look())) == {(Hint.COMPARED, None)}


def test_with_nobody_enrolled_a_face_is_seen_and_nobody_named(runner, world):
    runner.run(world.load())
    assert named(runner.run(world.capture("resident"))) == {(Hint.COMPARED, None)}


POOR = {
    "nobody": Hint.NO_FACE,
    "far": Hint.COME_CLOSER,
    "two": Hint.ONE_PERSON,
    "dark": Hint.MORE_LIGHT,
    "torn": Hint.HOLD_STILL,
}


@pytest.mark.parametrize(("scene", "hint"), POOR.items())
def test_a_poor_view_gives_its_hint_and_compares_nobody(runner, world, templates, scene, hint):
    runner.run(world.load(**templates))
    seen = runner.run(world.capture(scene))
    assert hints(seen) == {hint}
    assert {found.template for found in seen} == {None}


@pytest.mark.parametrize("scene", POOR)
def test_a_poor_view_is_never_embedded(runner, world, scene):
    """An enrolment takes no template of nobody, of two, of the dark; it hears the hint instead."""
    answers = runner.run(world.capture(scene, enrol=True, kind=wire.Posed | wire.Enrolled | wire.Fault))
    assert {type(answer) for answer in answers} == {wire.Posed}


def test_a_bystander_is_never_embedded(runner, world, templates):
    """R32: both are enrolled, and only the one at the gate is ever found."""
    runner.run(world.load(**templates))
    seen = runner.run(world.capture("bystander", looks=8))
    assert named(seen) == {(Hint.COMPARED, "resident")}


# --- galleries ---


def test_a_gallery_is_settled_only_when_the_child_confirms_that_very_one(runner, world, templates):
    async def change_twice():
        await world.ready()
        start = len(world.heard)
        world.client.load_gallery(gallery_of(old=templates["resident"]))
        world.client.load_gallery(gallery_of(new=templates["resident"]))
        assert world.client.ready, "a visitor before the camera is not sent away"
        assert not world.client.settled
        await world.ready()
        return start

    start = runner.run(change_twice())
    confirmed = [
        (message.generation, ready)
        for message, ready in zip(world.heard[start:], world.ready_then[start:], strict=True)
        if isinstance(message, wire.GalleryLoaded)
    ]
    last = confirmed[-1][0]
    assert confirmed == [(last - 1, False), (last, True)]


def test_a_withdrawn_template_never_matches_once_the_next_gallery_is_confirmed(runner, world, templates):
    """R24, with the change in flight while the camera looks at that very person."""

    async def change_while_looking():
        await world.load(withdrawn=templates["resident"])
        attempt = next(ATTEMPTS)
        world.client.set_scene("resident")
        world.client.open_camera(attempt)
        await world.until(
            lambda: "withdrawn" in {found.template for found in world.said(wire.Found, attempt)}
        )
        world.client.load_gallery(gallery_of(kept=templates["stranger"]))
        await world.ready()
        start = len(world.heard)
        await world.until(lambda: len(world.heard) >= start + 5)
        world.client.close_camera()

    runner.run(change_while_looking())
    confirmed = max(i for i, message in enumerate(world.heard) if isinstance(message, wire.GalleryLoaded))
    after = {message.template for message in world.heard[confirmed:] if isinstance(message, wire.Found)}
    assert after == {None}


# --- cameras that fail ---


def test_a_frozen_camera_gives_one_finding_and_then_a_fault(runner, world):
    *findings, fault = runner.run(world.capture("frozen", looks=99))
    assert len(findings) == 1
    assert fault.code == "camera-frozen"


def test_an_absent_camera_is_a_fault_of_that_attempt_with_the_remedy(runner, world):
    (fault,) = runner.run(world.capture("absent"))
    assert (fault.code, bool(fault.remedy)) == ("camera-absent", True)
    assert world.client.last_fault == fault
    assert world.client.ready


def test_the_next_capture_after_a_fault_works(runner, world):
    runner.run(world.capture("absent"))
    assert hints(runner.run(world.capture("nobody"))) == {Hint.NO_FACE}


def test_forgetting_leaves_no_frame_and_the_child_alive(runner, world):
    """R31."""

    async def forget():
        world.client.set_scene("resident")
        world.client.open_camera(next(ATTEMPTS))
        await world.until(lambda: world.said(wire.Found))
        await world.until(lambda: any(beat.held_frames for beat in world.said(wire.Beat)))
        closed = len(world.said(wire.Closed))
        world.client.close_camera()
        world.client.forget()
        await world.until(lambda: len(world.said(wire.Closed)) > closed)
        start = len(world.heard)
        await world.until(lambda: sum(isinstance(each, wire.Beat) for each in world.heard[start:]) >= 3)
        return world.heard[start:]

    assert {beat.held_frames for beat in runner.run(forget()) if isinstance(beat, wire.Beat)} == {0}


def enrolled_as(runner, world, scene, own=()):
    kind = wire.Enrolled | wire.Fault
    (answer,) = runner.run(world.capture(scene, looks=1, enrol=True, own=own, kind=kind))
    return answer


def test_r26_a_face_that_is_enrolled_already_makes_no_second_template(runner, world, templates):
    """Measured with both portraits: the same one is refused, the other is not."""
    runner.run(world.load(**templates))
    assert enrolled_as(runner, world, "resident").code == wire.DUPLICATE
    assert world.client.last_fault is None, "the person's, not the camera's"
    runner.run(world.load(stranger=templates["stranger"]))
    assert isinstance(enrolled_as(runner, world, "resident"), wire.Enrolled)


def test_who_enrols_anew_is_no_duplicate_of_themselves(runner, world, templates):
    runner.run(world.load(resident=templates["resident"], stranger=templates["stranger"]))
    assert isinstance(enrolled_as(runner, world, "resident", own=("resident",)), wire.Enrolled)


def test_an_enrolment_asks_for_all_poses_and_tells_where_the_face_is(runner, world):
    runner.run(world.load())
    steps = runner.run(world.capture("stranger", looks=30, enrol=True, kind=wire.Posed | wire.Enrolled))
    posed = [step.progress() for step in steps if isinstance(step, wire.Posed)]
    assert {step.pose for step in posed} >= {Pose.FRONT, Pose.LEFT}
    assert all(step.place is not None for step in posed)
    assert [step.done for step in posed] == sorted(step.done for step in posed)
