"""What the child does of a movement that is asked for, and when its depth camera is open."""

import cv2
import numpy as np
import pytest

from gate.core.liveness import Challenge
from gate.errors import DeviceFault
from gate.vision import wire
from gate.vision.scenes import SceneCamera
from tests.vision.planted import Lens


class Closable(Lens):
    """A camera that remembers whether it was closed."""

    closed = False

    def close(self):
        self.closed = True


@pytest.fixture
def at_scenes(child_of, settings_for, models_dir):
    def build(depth=""):
        return child_of(settings_for("simulated", models_dir / "weights/portraits", depth=depth))

    return build


def hears(child):
    """Tell what whoever stands before the simulated camera was asked."""
    asked = child.worker._camera._asked
    return asked and asked[0]


def test_whoever_stands_before_the_simulated_camera_is_asked_as_a_person_is(at_scenes):
    child = at_scenes()
    child.told(wire.StartCapture("x", liveness="challenge"))
    child.told(wire.Challenge("x", "nod"))
    assert hears(child) is Challenge.NOD
    assert child.worker._senses.liveness._answer.is_awaited


@pytest.mark.parametrize("attempt", ["", "y"])
def test_a_movement_asked_of_another_attempt_is_let_go(at_scenes, attempt):
    child = at_scenes()
    child.told(wire.StartCapture("x", liveness="challenge"))
    child.told(wire.Challenge(attempt, "nod"))
    assert hears(child) is None
    assert not child.worker._senses.liveness._answer.is_awaited


def test_a_movement_asked_of_one_visit_is_forgotten_with_it_r31(at_scenes):
    child = at_scenes()
    child.told(wire.StartCapture("x", liveness="challenge"))
    child.told(wire.Challenge("x", "nod"))
    child.told(wire.StopCapture())
    assert not child.worker._senses.liveness._answer.is_awaited


def test_r10_the_depth_camera_is_open_as_long_as_the_colour_camera_and_no_longer(at_scenes):
    child = at_scenes(depth="simulated")
    liveness = child.worker._senses.liveness
    assert not liveness.depth_fitted
    child.told(wire.StartCapture("x", liveness="depth"))
    assert isinstance(child.worker._camera, SceneCamera)
    assert liveness.depth_fitted
    child.told(wire.StopCapture())
    assert not liveness.depth_fitted


def test_r10_a_depth_camera_that_does_not_open_closes_the_colour_camera(child_of, settings_for):
    lens, child = Closable(), child_of(settings_for("folder", depth="simulated"))
    with pytest.raises(DeviceFault) as fault:
        child.worker._open_depth(lens)
    assert fault.value.code == "depth-driver"
    assert lens.closed


def test_a_depth_camera_that_does_not_open_is_told_and_nothing_is_looked_at(child_of, settings_for, tmp_path):
    cv2.imwrite(str(tmp_path / "one.png"), np.full((480, 640, 3), 120, np.uint8))
    child = child_of(settings_for("folder", tmp_path, depth="simulated"))
    heard = child.told(wire.StartCapture("x", liveness="depth"))
    assert [each.code for each in heard if isinstance(each, wire.Fault)] == ["depth-driver"]
    assert child.worker._camera is None
