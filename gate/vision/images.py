"""Pixels as the rest of vision expects them: (h, w, 3) uint8 BGR, upright, in one piece of memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.errors import DeviceFault, RequestError

Frame = NDArray[np.uint8]
"""(h, w, 3) uint8 BGR."""

GREY, BGR, BGRA = 1, 3, 4
PNG = b"\x89PNG\r\n\x1a\n"
CHUNK_BYTES = 12
"""Of a PNG's chunk: its length, its name and its checksum (PNG 1.2, 3.2)."""
TO_BGR = {GREY: cv2.COLOR_GRAY2BGR, BGRA: cv2.COLOR_BGRA2BGR}


def read_image(path: Path) -> Frame:
    """Decode a photograph: turned as its EXIF tag says, grey and 16-bit brought to BGR of 8 bits, no alpha.

    For set-up, evaluation, demonstrations, and the folder and simulated cameras; no file given to the gate is ever
    enrolled from (R26: the vision child refuses it). Raises RequestError if the file is missing, empty, damaged, no
    image, or has more pixels than OPENCV_IO_MAX_IMAGE_PIXELS.
    """
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise _unreadable(path, error.strerror or "cannot be opened") from error
    if _is_torn_png(data.data):
        raise _unreadable(path, "is damaged")
    try:
        image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    except cv2.error as error:  # empty, or larger than the limit
        raise _unreadable(path, "is empty or far too large") from error
    if image is None:
        raise _unreadable(path, "is damaged or no image")
    return image  # type: ignore[return-value]  # IMREAD_COLOR gives uint8; cv2 types every array alike


def normalise_frame(pixels: NDArray[Any]) -> Frame:
    """Bring a camera's frame to BGR: grey (h, w) or (h, w, 1), BGR, or BGRA, all uint8.

    A BGR frame in one piece is given back as it is, without a copy; any other is overwritten once it is converted
    (R31). Raises DeviceFault on anything else.
    """
    channels = pixels.shape[2] if pixels.ndim == 3 else GREY  # noqa: PLR2004 rows, columns, channels
    if (
        pixels.dtype != np.uint8
        or pixels.ndim not in {2, 3}
        or not pixels.size
        or channels not in {GREY, BGR, BGRA}
    ):
        raise DeviceFault(
            "camera-frame",
            f"The camera gave a frame of shape {pixels.shape} and type {pixels.dtype}.",
            remedy="Set the camera to a plain 8-bit colour or grey format.",
        )
    whole = np.ascontiguousarray(pixels)
    frame = whole if channels == BGR else cv2.cvtColor(whole, TO_BGR[channels])
    for replaced in (pixels, whole):
        if replaced is not frame:
            replaced.fill(0)
    return frame  # type: ignore[return-value]  # uint8 in, uint8 out


def _is_torn_png(data: memoryview) -> bool:
    """Tell whether *data* is a PNG with a chunk that claims more bytes than there are.

    OpenCV 5.0 allocates what such a chunk claims, gigabytes, whatever OPENCV_IO_MAX_IMAGE_PIXELS says.
    """
    if data[: len(PNG)] != PNG:
        return False
    at = len(PNG)
    while at < len(data):
        name = bytes(data[at + 4 : at + 8])
        at += CHUNK_BYTES + int.from_bytes(data[at : at + 4])
        if name == b"IEND":
            break
    return at > len(data)


def _unreadable(path: Path, why: str) -> RequestError:
    return RequestError(
        "image-unreadable", f"{path} {why}.", remedy="Use a whole JPEG, PNG, TIFF or WebP photograph."
    )
