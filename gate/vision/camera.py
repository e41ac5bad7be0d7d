"""Cameras: one explicit table of drivers, each of which is open only between OpenCamera and CloseCamera (R10).

A driver is a context-free object with ``read`` and ``close``: opening is constructing. To add one, write a class that
meets ``Camera`` and name it in ``DRIVERS``.
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from gate.core.types import Seconds
from gate.errors import DeviceFault, RequestError
from gate.vision.client import VisionSettings
from gate.vision.images import normalise_frame, read_image
from gate.vision.scenes import SceneCamera

Frame = npt.NDArray[np.uint8]

SILENCE_S = 3.0
"""A camera is at fault after this long without a frame; the parent's patience with the whole child is longer."""
MAX_JPEG_BYTES = 16 << 20
_STREAM_PATIENCE = (
    *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(SILENCE_S * 1000)),
    *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(SILENCE_S * 1000)),
)
_JPEG_START, _JPEG_END = b"\xff\xd8", b"\xff\xd9"


class Camera(Protocol):
    """An open camera."""

    def read(self) -> Frame:
        """Give the next frame, (height, width, 3) uint8 BGR. Raises DeviceFault when none comes or it cannot be read."""

    def close(self) -> None:
        """Let go of the device."""


class _OpenCvCamera:
    """Whatever OpenCV's VideoCapture opens: a V4L2 device by number or path, a stream's URL, a video file."""

    def __init__(
        self,
        source: int | str,
        backend: int,
        settings: VisionSettings,
        name: str,
        options: Sequence[int] = (),
    ) -> None:
        self._name = name
        self._capture = cv2.VideoCapture(source, backend, options)
        if not self._capture.isOpened():
            raise DeviceFault(
                "camera-absent",
                f"The camera {name} cannot be opened.",
                remedy="Check its cable and power, that no other program uses it, and camera.source in the settings.",
            )
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, settings.width_px)
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, settings.height_px)
        self._capture.set(cv2.CAP_PROP_FPS, settings.frames_per_s)
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)

    def read(self) -> Frame:
        ok, frame = self._capture.read()
        if not ok or frame is None:
            raise DeviceFault(
                "camera-silent",
                f"The camera {self._name} gives no frame.",
                remedy="Check its cable and power.",
            )
        return normalise_frame(frame)

    def close(self) -> None:
        self._capture.release()


def v4l2(settings: VisionSettings) -> Camera:
    """Open a USB or other V4L2 camera; source is its number or /dev path."""
    source: int | str = int(settings.source) if settings.source.isdigit() else settings.source or 0
    return _OpenCvCamera(
        source, cv2.CAP_V4L2, settings, f"/dev/video{source}" if isinstance(source, int) else source
    )


def stream(settings: VisionSettings) -> Camera:
    """Open an RTSP or other URL, or a video file. The address may hold a password: it is never named in an error."""
    return _OpenCvCamera(settings.source, cv2.CAP_FFMPEG, settings, "stream", _STREAM_PATIENCE)


class PipeCamera:
    """A program that writes JPEG frames one after the other to its standard output."""

    def __init__(self, command: list[str], *, silence_s: Seconds = SILENCE_S) -> None:
        self._program = command[0]
        self._silence_s = silence_s
        if shutil.which(self._program) is None:
            raise DeviceFault(
                "camera-program",
                f"The program {self._program} is not installed.",
                remedy="Install it (see deploy/) or choose another camera.driver.",
            )
        self._process = subprocess.Popen(  # noqa: S603 - the command is one of the two below
            command, bufsize=0, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self._process.stdout is not None
        self._pipe = self._process.stdout
        os.set_blocking(self._pipe.fileno(), False)
        self._buffer = bytearray()

    def read(self) -> Frame:
        """Give the newest frame the program wrote."""
        due = time.monotonic() + self._silence_s
        while True:
            jpeg = self._next_jpeg()
            if jpeg is not None:
                frame = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
                if frame is not None:
                    return normalise_frame(frame)
            self._fill(due - time.monotonic())

    def close(self) -> None:
        """Stop the program and overwrite what it had written."""
        self._process.kill()
        self._process.wait()
        self._pipe.close()
        self._buffer[:] = bytes(len(self._buffer))

    def _next_jpeg(self) -> bytes | None:
        """Take the newest whole frame out of the buffer: an old one would only make the person wait."""
        end = self._buffer.rfind(_JPEG_END)
        start = self._buffer.rfind(_JPEG_START, 0, end) if end >= 0 else -1
        if start < 0:
            return None
        jpeg = bytes(self._buffer[start : end + 2])
        del self._buffer[: end + 2]
        return jpeg

    def _fill(self, patience: Seconds) -> None:
        readable = patience > 0 and select.select([self._pipe], [], [], patience)[0]
        data = self._pipe.read(1 << 20) if readable else None
        if not data or len(self._buffer) + len(data) > MAX_JPEG_BYTES:
            raise DeviceFault(
                "camera-silent",
                f"{self._program} gives no frame.",
                remedy="Check the camera's cable, and that it works with the program on its own.",
            )
        self._buffer += data


def rpicam(settings: VisionSettings) -> Camera:
    """Open the Raspberry Pi's camera through rpicam-vid; source is the camera's number, 0 unless given."""
    size = ["--width", str(settings.width_px), "--height", str(settings.height_px)]
    rate = ["--framerate", str(settings.frames_per_s), "--camera", settings.source or "0"]
    return PipeCamera(
        ["rpicam-vid", "--nopreview", "--timeout", "0", "--codec", "mjpeg", *size, *rate, "--output", "-"]
    )


def jetson(settings: VisionSettings) -> Camera:
    """Open a Jetson's CSI camera through GStreamer; source is the sensor's number, 0 unless given."""
    shape = f"width={settings.width_px},height={settings.height_px},framerate={settings.frames_per_s}/1"
    pipeline = f"nvarguscamerasrc sensor-id={settings.source or '0'} ! video/x-raw(memory:NVMM),{shape}"
    return PipeCamera(["gst-launch-1.0", "--quiet", *f"{pipeline} ! nvjpegenc ! fdsink fd=1".split()])


class FolderCamera:
    """The images of a folder, in the order of their names, once each: for trials without a camera."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._paths = iter(
            sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else ()
        )

    def read(self) -> Frame:
        """Give the next image."""
        path = next(self._paths, None)
        if path is None:
            raise DeviceFault(
                "camera-silent",
                f"The folder {self._folder} has no further image.",
                remedy="Put images there, or choose another camera.driver.",
            )
        try:
            return read_image(path)
        except RequestError as error:
            raise DeviceFault(error.code, error.what, remedy=error.remedy) from error

    def close(self) -> None:
        """Forget the images not yet read."""
        self._paths = iter(())


def folder(settings: VisionSettings) -> Camera:
    """Open a folder of images; source is its path."""
    return FolderCamera(Path(settings.source))


DRIVERS: Mapping[str, Callable[[VisionSettings], Camera]] = MappingProxyType(
    {
        "v4l2": v4l2,
        "stream": stream,
        "rpicam": rpicam,
        "jetson": jetson,
        "folder": folder,
        "simulated": SceneCamera,
    }
)


def open_camera(settings: VisionSettings) -> Camera:
    """Open the camera the settings name. Raises DeviceFault with the remedy."""
    return DRIVERS[settings.driver](settings)
