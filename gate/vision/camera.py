"""Cameras: one explicit table of drivers, each of which is open only between OpenCamera and CloseCamera (R10).

A driver is a context-free object with ``read`` and ``close``: opening is constructing. To add one, write a class that
meets ``Camera`` and name it in ``DRIVERS``.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from gate.vision.memory import lacks_memory
from gate.vision.newest import NewestFrame
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
LIVE_SCHEMES = frozenset({"http", "https", "rtmp", "rtmps", "rtp", "rtsp", "rtsps", "srt", "tcp", "udp"})
"""Addresses of devices; a plain path, file:// and whatever else a decoder resolves to a file are not among them."""


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
    source: int | str = int(settings.source) if settings.source.isdecimal() else settings.source or 0
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
            frame = self._next_frame()
            if frame is not None:
                return normalise_frame(frame)
            self._fill(due - time.monotonic())

    def close(self) -> None:
        """Stop the program and overwrite what it had written."""
        self._process.kill()
        self._process.wait()
        self._pipe.close()
        self._buffer[:] = bytes(len(self._buffer))

    def _next_frame(self) -> cv2.typing.MatLike | None:
        """Decode the newest whole frame of the buffer, and overwrite it with all before it (R31).

        An old one would only make the person wait.
        """
        end = self._buffer.rfind(_JPEG_END)
        start = self._buffer.rfind(_JPEG_START, 0, end) if end >= 0 else -1
        if start < 0:
            return None
        end += len(_JPEG_END)
        frame = _decoded(np.frombuffer(self._buffer, np.uint8)[start:end])
        self._buffer[:end] = bytes(end)
        del self._buffer[:end]
        return frame

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


def _decoded(jpeg: Frame) -> cv2.typing.MatLike | None:
    try:
        return cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    except cv2.error:  # a header that claims more pixels than OpenCV takes
        return None


def _sensor(settings: VisionSettings) -> str:
    """Give the camera's number. Anything else would become part of another program's command, and is refused."""
    number = settings.source or "0"
    if not (number.isascii() and number.isdigit()):
        raise DeviceFault(
            "camera-source",
            f"camera.source is no number, as {settings.driver} needs it.",
            remedy="Give the camera's number, such as 0, or choose another camera.driver.",
        )
    return number


def rpicam(settings: VisionSettings) -> Camera:
    """Open the Raspberry Pi's camera through rpicam-vid; source is the camera's number, 0 unless given."""
    size = ["--width", str(settings.width_px), "--height", str(settings.height_px)]
    rate = ["--framerate", str(settings.frames_per_s), "--camera", _sensor(settings)]
    return PipeCamera(
        ["rpicam-vid", "--nopreview", "--timeout", "0", "--codec", "mjpeg", *size, *rate, "--output", "-"]
    )


def jetson(settings: VisionSettings) -> Camera:
    """Open a Jetson's CSI camera through GStreamer; source is the sensor's number, 0 unless given."""
    shape = f"width={settings.width_px},height={settings.height_px},framerate={settings.frames_per_s}/1"
    pipeline = f"nvarguscamerasrc sensor-id={_sensor(settings)} ! video/x-raw(memory:NVMM),{shape}"
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
    driver = known_driver(settings.driver)
    with camera_faults():
        camera = driver(settings)
    # A stream queues what a slow look leaves, and would show the past. Other drivers hold one frame by themselves, and
    # decoding those that nobody looks at costs more than it saves (ADR 0030); of a stored film none may be left out.
    if settings.driver != "stream" or _is_stored(settings):
        return camera
    return NewestFrame(camera, silence_s=SILENCE_S)


def known_driver(name: str) -> Callable[[VisionSettings], Camera]:
    """Give the driver of that name. Raises DeviceFault that lists those there are."""
    if name not in DRIVERS:
        raise DeviceFault(
            "camera-driver-unknown",
            "camera.driver names no driver of this release.",
            remedy=f"Choose one of: {', '.join(DRIVERS)}.",
        )
    return DRIVERS[name]


@contextlib.contextmanager
def camera_faults() -> Iterator[None]:
    """Make one DeviceFault of whatever OpenCV raises about a camera: it is no reason to end the process. Lack of memory is."""
    try:
        yield
    except cv2.error as error:
        if lacks_memory(error):
            raise
        raise DeviceFault(
            "camera-driver",
            "The camera's driver failed.",
            remedy="Check camera.source in the settings, then unplug the camera and plug it in again.",
        ) from error


def require_live(settings: VisionSettings) -> None:
    """Refuse, with DeviceFault, a camera that plays stored files: nobody is enrolled from a picture (R26)."""
    if _is_stored(settings):
        raise DeviceFault(
            "enrol-not-live",
            "This camera plays stored files, and nobody is enrolled from those.",
            remedy="Choose a camera.driver that shows the person who is present.",
        )


def _is_stored(settings: VisionSettings) -> bool:
    """Tell whether the camera plays stored files."""
    scheme, separator, _ = settings.source.partition("://")
    live = bool(separator) and scheme.lower() in LIVE_SCHEMES
    return settings.driver == "folder" or (settings.driver == "stream" and not live)
