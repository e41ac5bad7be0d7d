"""Any photograph becomes upright BGR; anything else is an error with a remedy."""

from __future__ import annotations

import os
import subprocess
import sys

import cv2
import numpy as np
import pytest

from gate.errors import DeviceFault, RequestError
from gate.vision.images import normalise_frame, read_image

COLOUR = np.zeros((20, 30, 3), np.uint8)
COLOUR[:, :15] = (200, 100, 50)


def written(folder, image, suffix=".png"):
    path = folder / f"image{suffix}"
    path.write_bytes(cv2.imencode(suffix, image)[1].tobytes())
    return path


def exif(orientation):
    tiff = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0" + bytes([orientation]) + b"\0" * 7
    segment = b"Exif\0\0" + tiff
    return b"\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment


def test_a_colour_image_comes_as_it_is(tmp_path):
    np.testing.assert_array_equal(read_image(written(tmp_path, COLOUR)), COLOUR)


def test_a_photograph_taken_sideways_is_turned_upright(tmp_path):
    jpeg = cv2.imencode(".jpg", COLOUR)[1].tobytes()
    path = tmp_path / "sideways.jpg"
    path.write_bytes(jpeg[:2] + exif(6) + jpeg[2:])
    image = read_image(path)
    assert image.shape == (30, 20, 3)
    assert image[2, 10, 0] > 150  # what was on the left is now at the top
    assert image[-3, 10, 0] < 50


@pytest.mark.parametrize(
    "image",
    [
        np.full((8, 9), 77, np.uint8),
        np.full((8, 9), 77 * 257, np.uint16),
        np.full((8, 9, 3), 77 * 257, np.uint16),
        np.full((8, 9, 4), 77, np.uint8),
    ],
    ids=["grey", "16-bit grey", "16-bit colour", "with alpha"],
)
def test_other_kinds_of_pixels_become_8_bit_bgr(tmp_path, image):
    read = read_image(written(tmp_path, image))
    assert (read.dtype, read.shape) == (np.uint8, (8, 9, 3))
    assert (read == 77).all()


@pytest.mark.parametrize("content", [b"", b"GIF", b"\x89PNG\r\n\x1a\n" + b"\0" * 64, bytes(1000)])
def test_what_is_no_image_is_refused_with_its_name(tmp_path, content):
    path = tmp_path / "strange.jpg"
    path.write_bytes(content)
    with pytest.raises(RequestError, match=r"strange\.jpg") as refused:
        read_image(path)
    assert refused.value.code == "image-unreadable"


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_an_image_cut_short_is_refused(tmp_path, suffix):
    noise = np.random.default_rng(1).integers(0, 255, (200, 200, 3), np.uint8)
    path = written(tmp_path, noise, suffix)
    path.write_bytes(path.read_bytes()[:9000])
    with pytest.raises(RequestError):
        read_image(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "absent.png", tmp_path):
        with pytest.raises(RequestError):
            read_image(path)


def test_an_absurdly_large_image_is_refused_before_it_is_decoded(tmp_path):
    path = written(tmp_path, np.zeros((8000, 8000), np.uint8))
    code = (
        "import sys, pathlib; from gate.vision.images import read_image; from gate.errors import RequestError\n"
        "try: read_image(pathlib.Path(sys.argv[1]))\nexcept RequestError: sys.exit(7)"
    )
    environment = {key: value for key, value in os.environ.items() if key != "OPENCV_IO_MAX_IMAGE_PIXELS"}
    ran = subprocess.run(
        [sys.executable, "-c", code, path], env=environment, capture_output=True, check=False
    )
    assert ran.returncode == 7


def test_a_png_that_claims_more_bytes_than_it_has_is_refused_before_memory_is_given_for_them(tmp_path):
    path = written(tmp_path, np.zeros((12, 16, 3), np.uint8), ".png")
    content = bytearray(path.read_bytes())
    content[29] ^= 1  # the first chunk's checksum: OpenCV reads on nevertheless
    path.write_bytes(content[:33] + b"\x5f\xff\xff\xffIDAT" + content[33:])
    code = (
        "import re, sys, pathlib; from gate.vision.images import read_image; from gate.errors import RequestError\n"
        "try: read_image(pathlib.Path(sys.argv[1]))\nexcept RequestError: pass\n"
        "most_kb = re.search(r'VmHWM:\\s+(\\d+)', pathlib.Path('/proc/self/status').read_text())[1]\n"
        "sys.exit(int(most_kb) > 400_000)"
    )
    assert (
        subprocess.run([sys.executable, "-c", code, path], capture_output=True, check=False).returncode == 0
    )


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 1), (4, 5, 3), (4, 5, 4)])
def test_every_8_bit_camera_format_becomes_bgr(shape):
    frame = normalise_frame(np.full(shape, 9, np.uint8))
    assert frame.shape == (4, 5, 3)
    assert (frame == 9).all()


@pytest.mark.parametrize(
    "source",
    [np.full((4, 5), 9, np.uint8), np.full((4, 5, 4), 9, np.uint8), np.full((8, 5, 3), 9, np.uint8)[::2]],
    ids=["grey", "with alpha", "in pieces"],
)
def test_what_a_frame_was_made_from_is_overwritten(source):
    """R31."""
    assert (normalise_frame(source) == 9).all()
    assert not source.any()


def test_a_bgr_frame_is_not_copied():
    frame = np.zeros((4, 5, 3), np.uint8)
    assert normalise_frame(frame) is frame


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 5, 3), np.float32),
        np.zeros((4, 5, 2), np.uint8),
        np.zeros((0, 5, 3), np.uint8),
        np.zeros(5, np.uint8),
    ],
)
def test_a_frame_of_another_kind_is_a_fault_of_the_camera(pixels):
    with pytest.raises(DeviceFault, match="shape"):
        normalise_frame(pixels)
