"""Traces of a screen or a print: a beat, and surroundings that move. They must stay, and a still room leaves none."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from gate.core.liveness import Cue
from gate.vision.detect import Face
from gate.vision.liveness.cues import MOIRE_LEAST, STAYS, Cues, moire_of

MARKS = np.zeros((5, 2), np.float32)
PLACE = (270.0, 180.0, 100.0, 120.0)
FACE = Face(PLACE, 0.9, MARKS)


def beaten(level, pitch_px=2.6, noise=3.0):
    """Give a grey picture with a regular pattern of that strength."""
    columns = np.arange(640)[None, :, None]
    frame = 140 + level * np.sin(2 * math.pi * columns / pitch_px) + np.zeros((480, 640, 3))
    return np.clip(frame + np.random.default_rng(1).normal(0, noise, frame.shape), 0, 255).astype(np.uint8)


def room(shift=0.0):
    """Give a furnished room seen by a camera, or by way of a picture of it, that was moved so many pixels."""
    blocks = np.random.default_rng(5).integers(60, 200, (24, 32, 3), np.uint8)
    seen = cv2.GaussianBlur(cv2.resize(blocks, (640, 480), interpolation=cv2.INTER_NEAREST), (0, 0), 2)
    return cv2.warpAffine(
        seen, np.float32([[1, 0, shift], [0, 1, shift / 2]]), (640, 480), borderMode=cv2.BORDER_REFLECT
    )


def found(frames, face=FACE):
    cues = Cues()
    for frame in frames:
        cues.observe(frame, face)
    return cues.found


def test_a_screens_cells_beat_with_the_cameras():
    assert moire_of(beaten(12), FACE) > MOIRE_LEAST
    assert Cue.MOIRE in found([beaten(12)] * STAYS)


def test_noise_is_no_beat():
    assert moire_of(beaten(0, noise=8.0), FACE) < MOIRE_LEAST


def test_a_trace_must_stay():
    assert not found([beaten(12)] * (STAYS - 1))


@pytest.mark.portraits
@pytest.mark.parametrize("quality", [95, 60, 30])
def test_a_compressed_portrait_shows_no_beat(photo, quality):
    (x, y), size = photo.middle, 2.2 * photo.eyes_px
    face = Face((float(x - size / 2), float(y - size / 2), size, size), 0.9, MARKS)
    jpeg = cv2.imencode(".jpg", photo.pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    assert moire_of(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), face) < MOIRE_LEAST


def test_a_room_that_moves_with_the_picture_is_found():
    assert Cue.SURROUND in found([room()] + [room(12)] * STAYS)


def test_a_room_that_stands_still_is_none_whatever_passes_on_one_side():
    one_side = room()
    one_side[:, 400:] = room(12)[:, 400:]
    assert Cue.SURROUND not in found([room()] * 4)
    assert Cue.SURROUND not in found([room()] + [one_side] * 4)


def test_a_blank_wall_shows_nothing():
    assert not found([np.full((480, 640, 3), 150, np.uint8)] * 5)


@pytest.mark.parametrize(
    "box", [(math.nan, 0, 9, 9), (0, 0, 0, 0), (-90.0, -90.0, 100.0, 120.0), (600.0, 440.0, 100.0, 120.0)]
)
def test_a_face_at_the_border_or_none_at_all_shows_nothing(box):
    assert Cue.SURROUND not in found([room(), room(12), room(), room(12)], Face(box, 0.9, MARKS))


def test_r31_wiping_overwrites_the_picture():
    cues = Cues()
    for frame in (room(), room(12)):
        cues.observe(frame, FACE)
    picture = cues._room._picture
    assert picture.any()
    cues.wipe()
    assert not picture.any()
    assert not cues.found
