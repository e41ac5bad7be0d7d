"""The vision child from inside, with planted networks and cameras: what it says, and what it keeps."""

from __future__ import annotations

import math
import socket

import cv2
import numpy as np
import pytest

from gate.core.policy import Hint
from gate.vision import wire
from gate.vision.camera import SILENCE_S
from gate.vision.client import Patience
from gate.vision.detect import STRIDES
from gate.vision.pipeline import Pipeline
from gate.vision.worker import BEAT_S, Worker

HEADS = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}


class OneFace:
    """A detector that sees one large face, whose landmarks all stand at one point if it is *degenerate*."""

    def __init__(self, *, degenerate=False):
        self.points = [0.0] * 10 if degenerate else [1, 1, 3, 1, 2, 2, 1, 3, 3, 3]

    def run(self, outputs, inputs):
        (blob,) = inputs.values()
        rows = {stride: math.prod(side // stride for side in blob.shape[2:]) for stride in STRIDES}
        answers = {
            f"{head}_{stride}": np.zeros((1, rows[stride], width), np.float32)
            for head, width in HEADS.items()
            for stride in STRIDES
        }
        row = 3 * (blob.shape[3] // 32) + 4
        answers["cls_32"][0, row] = answers["obj_32"][0, row] = 1
        answers["bbox_32"][0, row, 2:] = math.log(4)
        answers["kps_32"][0, row] = self.points
        return [answers[name] for name in outputs]


class OneVector:
    """An embedder that finds everybody alike."""

    def run(self, _outputs, _inputs):
        return [np.ones((1, 128), np.float32)]


class Lens:
    """A camera that gives one frame after another, or raises what it is told to."""

    def __init__(self, error=None):
        self.error = error
        self.frames = []

    def read(self):
        if self.error:
            raise self.error
        self.frames.append(np.random.default_rng(len(self.frames)).integers(60, 200, (480, 640, 3), np.uint8))
        return self.frames[-1]

    def close(self):
        pass


class Child:
    """A worker in this process, and what it said."""

    def __init__(self, link, ours, settings):
        self.worker, self.ours = Worker(link), ours
        self.worker._settings = settings
        self.sees(OneFace())

    def sees(self, detector):
        self.worker._pipeline = Pipeline(detector, OneVector())

    def look(self, camera):
        self.worker._camera = camera
        self.worker._look(camera)
        return self.said()

    def told(self, message):
        self.worker._heed(message)
        return self.said()

    def said(self):
        self.ours.setblocking(False)
        return wire.Decoder().feed(self.ours.recv(1 << 20))

    def pixels(self):
        detector, embedder = self.worker._pipeline._detector, self.worker._pipeline._embedder
        return np.concatenate(
            [
                part.ravel()
                for part in (detector._work.canvas, detector._work.blob, embedder._aligned, embedder._blob)
            ]
        )


@pytest.fixture
def child_of():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield lambda settings: Child(theirs, ours, settings)


@pytest.fixture
def child(child_of, settings_for):
    return child_of(settings_for("folder"))


# --- frames ---


def test_a_face_without_a_shape_is_asked_to_hold_still_and_the_camera_stays(child):
    child.sees(OneFace(degenerate=True))
    camera = Lens()
    (found,) = child.look(camera)
    assert found.hint == Hint.HOLD_STILL
    assert child.worker._camera is camera


def test_what_opencv_raises_about_a_camera_is_a_fault_of_the_camera(child):
    (fault,) = child.look(Lens(cv2.error("secret")))
    assert (fault.code, "secret" in f"{fault}", child.worker._camera) == ("camera-driver", False, None)


def test_what_opencv_raises_while_it_opens_is_a_fault_of_the_camera(child_of, settings_for):
    child = child_of(settings_for("v4l2", "9" * 20))
    fault, _ = child.told(wire.StartCapture("x"))
    assert fault.code == "camera-driver"


def test_a_frame_counts_as_held_until_it_and_its_crops_are_overwritten(child):
    """R31."""
    camera = Lens()
    (found,) = child.look(camera)
    assert found.hint == Hint.COMPARED
    assert not any(frame.any() for frame in camera.frames)
    child.worker._beat_now()
    assert (child.said(), child.pixels().any()) == ([wire.Beat(1)], True)
    assert (child.told(wire.Wipe()), child.pixels().any()) == ([wire.Beat(0)], False)


def test_a_closed_camera_is_confirmed_and_leaves_no_pixel(child):
    """R10, R31."""
    child.look(Lens())
    assert (child.told(wire.StopCapture()), child.pixels().any()) == ([wire.Closed()], False)
    child.worker._beat_now()
    assert child.said() == [wire.Beat(0)]


def test_closing_what_is_not_open_is_confirmed_as_well(child):
    assert child.told(wire.StopCapture()) == [wire.Closed()]


# --- the parent's patience ---


def test_the_child_beats_as_soon_as_a_camera_has_opened(child):
    child.worker._beat_now()
    child.said()
    assert child.told(wire.StartCapture("x")) == [wire.Beat(0)]


def test_neither_opening_nor_reading_outlasts_the_parent_s_patience():
    assert Patience().silence_s > BEAT_S + SILENCE_S


# --- enrolment ---


@pytest.mark.parametrize(
    ("driver", "source"),
    [
        ("folder", ""),
        ("stream", "film.avi"),
        ("stream", "/somewhere/film.avi"),
        ("stream", "file:///somewhere/film.avi"),
        ("stream", "FILE:/somewhere/film.avi"),
        ("stream", "concat:a.avi|b.avi"),
        ("stream", ""),
    ],
)
def test_nobody_is_enrolled_from_stored_files(child_of, settings_for, driver, source):
    """R26."""
    child = child_of(settings_for(driver, source))
    fault, beat = child.told(wire.StartCapture("x", enrol=True))
    assert (fault.attempt, fault.code, bool(fault.remedy)) == ("x", "enrol-not-live", True)
    assert (beat, child.worker._camera) == (wire.Beat(0), None)


def test_a_folder_may_be_looked_at_without_enrolling(child):
    child.told(wire.StartCapture("x"))
    assert child.worker._camera is not None


def test_a_live_stream_may_be_enrolled_from_and_is_only_absent_here(child_of, settings_for):
    child = child_of(settings_for("stream", "RTSP://127.0.0.1:1/yard"))
    fault, _ = child.told(wire.StartCapture("x", enrol=True))
    assert fault.code == "camera-absent"
