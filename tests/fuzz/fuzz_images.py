"""Fuzz what OpenCV is given to read: an upright picture of bytes, or the one declared error; a camera's stream likewise."""

import os

import numpy as np

import gate.vision  # noqa: F401 - bounds what OpenCV may allocate, before it is loaded

os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")

import cv2

from gate.errors import DeviceFault, RequestError
from gate.vision.camera import _JPEG_START, _decoded
from gate.vision.images import normalise_frame, read_image
from tests.fuzz.harness import Cut, as_file

PICTURE = np.arange(12 * 16 * 3, dtype=np.uint8).reshape(12, 16, 3)
KINDS = (".png", ".jpg", ".bmp", ".webp", ".tiff", ".ppm")
ENCODED = tuple(cv2.imencode(kind, PICTURE)[1].tobytes() for kind in KINDS)
HUGE = ENCODED[0][:16] + (60_000).to_bytes(4) * 2 + ENCODED[0][24:]
SEEDS = (
    *(b"\x00" + each for each in (*ENCODED, HUGE, b"")),
    b"\x01" + ENCODED[1].removeprefix(_JPEG_START),
    b"\x02\x0c\x10\x03" + bytes(600),
)
TYPES = (np.uint8, np.uint16, np.float32, np.bool_)


def one_input(raw):
    """Read a file; a frame of a stream; or whatever array a camera's driver may hand over."""
    data = Cut(raw)
    match data.number(0, 2):
        case 0:
            check_file(data.rest())
        case 1:
            jpeg = _JPEG_START + data.rest()  # as it is cut out of a stream
            frame = _decoded(np.frombuffer(jpeg, np.uint8))
            assert frame is None or frame.dtype == np.uint8
        case _:
            check_frame(data)


def check_file(content):
    with as_file(content) as path:
        try:
            picture = read_image(path)
        except RequestError as error:
            assert error.code == "image-unreadable"
            return
    assert picture.dtype == np.uint8
    assert picture.ndim == 3
    assert picture.shape[2] == 3
    assert picture.size


def check_frame(data):
    rows, columns, channels = data.number(0, 32), data.number(0, 32), data.number(0, 6)
    kind = TYPES[data.number(0, 3)]
    shape = (rows, columns) if channels == 0 else (rows, columns, channels)
    try:
        frame = normalise_frame(np.zeros(shape, kind))
    except DeviceFault as error:
        assert error.code == "camera-frame"
        return
    assert frame.shape == (rows, columns, 3)
