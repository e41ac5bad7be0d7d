"""What a depth camera's driver owes, and how far a nose stands out. No real one was at hand: the driver is simulated."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gate.core.liveness import DEPTH_LEAST_MM, DEPTH_MOST_MM, Level, Verdict
from gate.errors import DeviceFault
from gate.vision.client import DEPTH_NAMES
from gate.vision.liveness import Liveness
from gate.vision.liveness.depth import DRIVERS, open_depth, protrusion_mm
from gate.vision.pipeline import Pipeline
from gate.vision.scenes import SceneCamera

MARKS = np.array([[270, 200], [330, 200], [300, 230], [275, 260], [325, 260]], np.float32)
ROWS, COLUMNS = np.mgrid[0:480, 0:640]


def depth_of(nose_mm, tilt=0.0):
    """Give a plane, tilted by millimetres to the pixel, out of which a nose stands."""
    bump = nose_mm * np.exp(-(((COLUMNS - 300) / 15) ** 2) - ((ROWS - 230) / 15) ** 2)
    return (600 + tilt * (COLUMNS - 300) - bump).astype(np.uint16)


@pytest.mark.parametrize("tilt", [0.0, 0.5, -1.0])
@pytest.mark.parametrize("nose_mm", [0, 12, 25, 40])
def test_a_nose_is_measured_against_the_faces_own_plane(nose_mm, tilt):
    assert protrusion_mm(depth_of(nose_mm, tilt), MARKS) == pytest.approx(nose_mm, abs=0.25 * nose_mm + 2)


@pytest.mark.parametrize("marks", [MARKS * math.nan, MARKS + math.inf, MARKS + 5000, MARKS - 5000])
def test_a_face_outside_the_picture_is_not_measured(marks):
    assert protrusion_mm(depth_of(25), marks) is None


def test_a_landmark_that_the_camera_did_not_measure_leaves_the_face_unmeasured():
    for x, y in MARKS.astype(int):
        depth = depth_of(25)
        depth[y - 10 : y + 10, x - 10 : x + 10] = 0
        assert protrusion_mm(depth, MARKS) is None


def test_every_driver_has_a_name_that_costs_the_core_process_nothing():
    assert tuple(DRIVERS) == DEPTH_NAMES


def test_no_name_is_no_depth_camera():
    assert open_depth("", object()) is None


def test_an_unknown_driver_is_a_fault_that_lists_those_there_are():
    with pytest.raises(DeviceFault, match="simulated") as fault:
        open_depth("structured-light", object())
    assert fault.value.code == "depth-driver-unknown"


def test_the_simulated_depth_camera_stands_beside_the_simulated_camera_only():
    with pytest.raises(DeviceFault) as fault:
        open_depth("simulated", object())
    assert fault.value.code == "depth-driver"


@pytest.fixture
def seen(settings_for, models_dir):
    """Look at a scene with a depth camera, and give the verdict."""
    pipeline = Pipeline.load(models_dir, ("cpu",), 1)

    def look(scene, level):
        camera = SceneCamera(settings_for("simulated", models_dir / "weights/portraits", frames_per_s=1000))
        camera.scene = scene
        liveness = Liveness()
        liveness.depth = open_depth("simulated", camera)
        for number in range(4):
            frame = camera.read()
            (face,) = pipeline.detect(frame)
            liveness.observe(frame, face, number / 15)
        return liveness.verdict(level, 3 / 15)

    return look


@pytest.mark.models
@pytest.mark.portraits
@pytest.mark.parametrize(("scene", "expected"), [("resident", Verdict.LIVE), ("print", Verdict.ATTACK)])
def test_depth_tells_a_head_from_a_picture(seen, scene, expected):
    assert seen(scene, Level.DEPTH) is expected


@pytest.mark.models
@pytest.mark.portraits
def test_a_simulated_nose_stands_out_as_real_ones_do(settings_for, models_dir):
    camera = SceneCamera(settings_for("simulated", models_dir / "weights/portraits", frames_per_s=1000))
    camera.scene = "resident"
    (face,) = Pipeline.load(models_dir, ("cpu",), 1).detect(camera.read())
    assert DEPTH_LEAST_MM < protrusion_mm(camera.depth(), face.landmarks) < DEPTH_MOST_MM
