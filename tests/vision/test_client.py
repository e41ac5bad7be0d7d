"""The real vision child behind its client, before the simulated camera: what it finds, and what it forgets."""

from __future__ import annotations

import pytest

from gate.core.policy import Hint
from gate.vision import wire
from tests.vision.world import ATTEMPTS

pytestmark = [pytest.mark.models, pytest.mark.portraits]


def hints(findings):
    return {finding.hint for finding in findings}


# --- what it finds ---


def test_a_child_at_work_says_what_runs_its_models(world):
    assert world.client.ready
    assert world.client.providers == ("cpu",)


def test_captures_of_one_live_person_agree_on_one_template(templates):
    assert all(len(template) == wire.EMBEDDING_BYTES for template in templates.values())


def test_the_resident_is_found_and_the_stranger_stays_below_the_threshold(
    runner, world, templates, threshold
):
    runner.run(world.load(resident=templates["resident"]))
    seen = runner.run(world.capture("resident"))
    assert {(found.hint, found.template) for found in seen} == {(Hint.COMPARED, "resident")}
    assert min(found.score for found in seen) >= threshold
    stranger = runner.run(world.capture("stranger"))
    assert hints(stranger) == {Hint.COMPARED}
    assert max(found.score for found in stranger) < threshold


def test_the_second_score_belongs_to_the_other_person(runner, world, templates, threshold):
    runner.run(world.load(**templates))
    for scene in templates:
        for found in runner.run(world.capture(scene)):
            assert found.template == scene
            assert found.second < threshold <= found.score


def test_with_nobody_enrolled_a_face_is_seen_and_nobody_named(runner, world):
    runner.run(world.load())
    (found, *_) = runner.run(world.capture("resident"))
    assert (found.hint, found.template, found.score) == (Hint.COMPARED, None, -1.0)


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
    assert {type(answer) for answer in runner.run(world.capture(scene, enrol=True))} == {wire.Found}


def test_a_bystander_is_never_embedded(runner, world, templates):
    """R32: both are enrolled, and only the one at the gate is ever found."""
    runner.run(world.load(**templates))
    seen = runner.run(world.capture("bystander", looks=8))
    assert {(found.hint, found.template) for found in seen} == {(Hint.COMPARED, "resident")}


# --- galleries ---


def test_a_gallery_counts_as_ready_only_when_the_child_confirms_that_very_one(runner, world, templates):
    async def change_twice():
        await world.ready()
        start = len(world.heard)
        world.client.load_gallery([("old", templates["resident"])])
        world.client.load_gallery([("new", templates["resident"])])
        assert not world.client.ready
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
        await world.until(lambda: world.said(wire.Found, attempt))
        world.client.load_gallery([("kept", templates["stranger"])])
        await world.ready()
        start = len(world.heard)
        await world.until(lambda: len(world.heard) >= start + 5)
        world.client.close_camera()
        return attempt

    attempt = runner.run(change_while_looking())
    confirmed = max(i for i, message in enumerate(world.heard) if isinstance(message, wire.GalleryLoaded))
    named = {message.template for message in world.heard[confirmed:] if isinstance(message, wire.Found)}
    assert named == {"kept"}
    assert world.said(wire.Found, attempt)[0].template == "withdrawn"


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
