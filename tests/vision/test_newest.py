"""A live camera's frames are taken while the last one is looked at; only the newest waits, and none outlives it."""

from __future__ import annotations

import threading

import cv2
import numpy as np
import pytest

from gate.errors import DeviceFault
from gate.vision.camera import open_camera
from gate.vision.newest import NewestFrame

WAIT_S = 20


class Shutter:
    """A camera that gives a frame each time it is let, of one value each."""

    def __init__(self):
        self.frames, self.given, self.closed = [], threading.Semaphore(0), False
        self.asked = threading.Semaphore(0)
        self.error = None

    def read(self):
        self.asked.release()
        assert self.given.acquire(timeout=WAIT_S)
        if self.error is not None:
            raise self.error
        frame = np.full((4, 4, 3), len(self.frames) + 1, np.uint8)
        self.frames.append(frame)
        return frame

    def close(self):
        self.closed = True

    def shoot(self, times=1):
        """Let frames come, and wait until the camera was asked for the one after."""
        for _ in range(times):
            assert self.asked.acquire(timeout=WAIT_S)
            self.given.release()
        assert self.asked.acquire(timeout=WAIT_S)
        self.asked.release()


@pytest.fixture
def shutter():
    return Shutter()


@pytest.fixture
def camera(shutter):
    camera = NewestFrame(shutter, silence_s=WAIT_S)
    yield camera
    shutter.given.release()
    camera.close()


def test_only_the_newest_frame_is_read(shutter, camera):
    shutter.shoot(3)
    assert camera.read().max() == 3


def test_frames_that_nobody_read_are_overwritten(shutter, camera):
    """R31."""
    shutter.shoot(3)
    assert [frame.max() for frame in shutter.frames] == [0, 0, 3]


def test_no_frame_is_given_twice(shutter, camera):
    shutter.shoot()
    camera.read()
    shutter.shoot()
    assert camera.read().max() == 2


def test_a_frame_that_was_read_is_its_readers(shutter, camera):
    shutter.shoot()
    frame = camera.read()
    shutter.shoot()
    assert frame.max() == 1


@pytest.mark.parametrize(
    "error", [DeviceFault("camera-silent", "It is silent.", remedy="Look at it."), cv2.error("driver")]
)
def test_what_the_camera_raises_is_raised_after_its_last_frame(shutter, error):
    camera = NewestFrame(shutter, silence_s=WAIT_S)
    shutter.shoot()
    shutter.error = error
    shutter.given.release()
    camera._taker.join(WAIT_S)
    assert camera.read().max() == 1
    with pytest.raises(type(error)):
        camera.read()
    camera.close()


def test_a_camera_that_gives_nothing_is_a_fault(shutter):
    camera = NewestFrame(shutter, silence_s=0.01)
    with pytest.raises(DeviceFault, match="no frame"):
        camera.read()
    shutter.given.release()
    camera.close()


def test_closed_it_has_let_go_of_the_device_and_of_every_frame(shutter):
    """R10, R31."""
    camera = NewestFrame(shutter, silence_s=WAIT_S)
    shutter.shoot(2)
    shutter.given.release()
    camera.close()
    assert shutter.closed
    assert not camera._taker.is_alive()
    assert all(frame.max() == 0 for frame in shutter.frames)


def test_a_film_is_shown_frame_by_frame(settings_for, tmp_path):
    """Only a live camera has a newest frame: of a stored film none is left out."""
    film = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 48))
    for value in (40, 120, 200):
        writer.write(np.full((48, 64, 3), value, np.uint8))
    writer.release()
    camera = open_camera(settings_for("stream", film))
    shown = [int(camera.read().mean()) for _ in range(3)]
    camera.close()
    assert shown == pytest.approx([40, 120, 200], abs=6)
