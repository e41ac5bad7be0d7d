"""Take frames from a live stream while the last one is looked at, and keep the newest only."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from gate.core.types import Seconds
from gate.errors import DeviceFault
from gate.vision.images import Frame

if TYPE_CHECKING:
    from gate.vision.camera import Camera


class NewestFrame:
    """A camera whose frames a thread of its own takes and decodes; at most one of them waits to be read.

    A frame that nobody read in time is overwritten when the next one comes (R31): whoever stands at the gate is looked
    at as they stand now, not as they stood when a slow look began. What the camera raises is raised by the read after
    its last frame.
    """

    def __init__(self, camera: Camera, *, silence_s: Seconds) -> None:
        self._camera = camera
        self._silence_s = silence_s
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._error: Exception | None = None
        self._closing = False
        self._taker = threading.Thread(target=self._take, name="camera", daemon=True)
        self._taker.start()

    def read(self) -> Frame:
        """Give the newest frame that was not given yet; waits for one. Raises DeviceFault when none comes in time."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._frame is not None or self._error is not None, self._silence_s
            )
            frame, self._frame = self._frame, None
            if frame is None and self._error is not None:
                raise self._error
        if frame is None:
            raise DeviceFault(
                "camera-silent", "The camera gives no frame.", remedy="Check its cable and power."
            )
        return frame

    def close(self) -> None:
        """Let go of the device once the frame under way has come, and overwrite what was not read.

        A device that gives none for ever holds this up as it would hold up a read: then the child is killed (R10).
        """
        with self._changed:
            self._closing = True
        self._taker.join()
        self._camera.close()
        _wipe(self._frame)
        self._frame = None

    def _take(self) -> None:
        while True:
            try:
                frame = self._camera.read()
            except Exception as error:  # noqa: BLE001 - the thread that reads is the one to hear of it
                with self._changed:
                    self._error = error
                    self._changed.notify()
                return
            with self._changed:
                _wipe(self._frame)
                self._frame = frame
                self._changed.notify()
                if self._closing:
                    return


def _wipe(frame: Frame | None) -> None:
    if frame is not None:
        frame.fill(0)
