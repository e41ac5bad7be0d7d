"""The simulated camera behaves as a live one: its frames differ, have the asked size, and belong to who reads them."""

from __future__ import annotations

import itertools
import math

import cv2
import numpy as np
import pytest

from gate.core.enrolment import SIDE_LEAST, Advice
from gate.errors import DeviceFault
from gate.vision.enrolment import Enrolment
from gate.vision.look import choose, is_dark, is_torn
from gate.vision.pipeline import Pipeline
from gate.vision.quality import Assessor, yaw_of
from gate.vision.scenes import SCENES, SceneCamera

LIVE = sorted(set(SCENES) - {"frozen", "hanging", "absent"})


@pytest.fixture
def camera_for(settings_for, models_dir):
    def build(scene, **changes):
        source = models_dir / "weights" / "portraits"
        camera = SceneCamera(settings_for("simulated", source, **({"frames_per_s": 120} | changes)))
        camera.scene = scene
        return camera

    return build


@pytest.mark.portraits
@pytest.mark.parametrize(("width", "height"), [(640, 480), (320, 240), (480, 640), (1280, 720)])
@pytest.mark.parametrize("scene", LIVE)
def test_every_scene_has_the_size_of_the_settings(camera_for, scene, width, height):
    frame = camera_for(scene, width_px=width, height_px=height).read()
    assert (frame.shape, frame.dtype.name, frame.flags.c_contiguous) == ((height, width, 3), "uint8", True)


@pytest.mark.portraits
@pytest.mark.parametrize("scene", LIVE)
def test_a_live_scene_never_gives_two_equal_frames(camera_for, scene):
    camera = camera_for(scene)
    frames = [camera.read() for _ in range(6)]
    assert all((a != b).any() for a, b in itertools.pairwise(frames))


@pytest.mark.portraits
def test_the_frozen_scene_gives_one_frame_for_ever(camera_for):
    camera = camera_for("frozen")
    first = camera.read()
    assert all(np.array_equal(camera.read(), first) for _ in range(5))


@pytest.mark.portraits
@pytest.mark.parametrize("scene", ["resident", "two", "frozen", "dark"])
def test_overwriting_a_frame_changes_none_that_follows(camera_for, scene):
    """The worker overwrites every frame it has looked at (R31)."""
    camera, untouched = camera_for(scene), camera_for(scene)
    camera.read().fill(0)
    untouched.read()
    np.testing.assert_array_equal(camera.read(), untouched.read())


@pytest.mark.portraits
@pytest.mark.parametrize("scene", LIVE)
def test_only_the_dark_scene_is_dark_and_only_the_torn_one_torn(camera_for, scene):
    frame = camera_for(scene).read()
    assert (is_dark(frame), is_torn(frame)) == (scene == "dark", scene == "torn")


@pytest.mark.models
@pytest.mark.portraits
@pytest.mark.parametrize(
    ("scene", "faces"),
    [("nobody", 0), ("resident", 1), ("stranger", 1), ("far", 1), ("two", 2), ("bystander", 2)],
)
def test_a_scene_shows_as_many_people_as_it_says_in_every_frame(camera_for, models_dir, scene, faces):
    """R32 is shown before a bystander only if there is one to be seen."""
    camera, pipeline = camera_for(scene), Pipeline.load(models_dir, ("cpu",), 2)
    assert {len(pipeline.detect(camera.read())) for _ in range(30)} == {faces}


def test_nobody_is_shown_without_any_portrait(settings_for, tmp_path):
    assert SceneCamera(settings_for("simulated", tmp_path)).read().shape == (480, 640, 3)


def test_a_missing_portrait_is_a_fault_with_the_remedy(settings_for, tmp_path):
    camera = SceneCamera(settings_for("simulated", tmp_path))
    camera.scene = "resident"
    with pytest.raises(DeviceFault, match="make setup") as fault:
        camera.read()
    assert fault.value.code == "portrait-missing"


def test_an_unplugged_camera_is_a_fault(settings_for, tmp_path):
    camera = SceneCamera(settings_for("simulated", tmp_path))
    camera.scene = "absent"
    with pytest.raises(DeviceFault) as fault:
        camera.read()
    assert fault.value.code == "camera-absent"


@pytest.mark.portraits
def test_closing_drops_the_portraits(camera_for):
    camera = camera_for("two")
    camera.read()
    assert camera._portraits
    camera.close()
    assert not camera._portraits


@pytest.mark.models
@pytest.mark.portraits
@pytest.mark.parametrize("scene", ["resident", "stranger"])
def test_whoever_is_enrolled_turns_the_head_to_both_sides_and_stays_the_same_person(
    camera_for, models_dir, scene
):
    """R26: what is measured of the poses, on the two portraits; docs/adr/0022 has the figures."""
    camera, pipeline = camera_for(scene, frames_per_s=1000), Pipeline.load(models_dir, ("cpu",), 2)
    camera.turning = True
    assessor = Assessor()
    enrolment, whole = Enrolment(), (0.0, 0.0, 1.0, 1.0)
    for _ in range(130):
        frame = camera.read()
        face = choose(pipeline.detect(frame), frame, whole).face
        quality = assessor.assess(frame, face)
        if enrolment.advise(frame, face, quality) is Advice.GOOD:
            enrolment.take(pipeline.embed(frame, face), quality)
        if enrolment.is_complete:
            break
    assert enrolment.is_complete
    captures = np.array([each.embedding for each in enrolment.captures])
    assert (captures @ captures.T).min() >= 0.75


@pytest.mark.models
@pytest.mark.portraits
def test_r26_a_picture_held_up_and_tilted_shows_no_side(camera_for, models_dir):
    """A print turned about its upright axis grows narrow; its nose stays between its eyes."""
    camera, pipeline = camera_for("resident"), Pipeline.load(models_dir, ("cpu",), 2)
    frame = camera.read()
    height, width = frame.shape[:2]
    for turn in (0, 15, 30, 45):
        narrow = cv2.resize(frame, (round(width * math.cos(math.radians(turn))), height))
        (face,) = pipeline.detect(np.ascontiguousarray(narrow))
        assert abs(yaw_of(face.landmarks)) < SIDE_LEAST
