"""The simulated camera: scenes made from two public-domain portraits, moved, lit and blurred as a live person is.

It ships with the product, so that a desk without a camera can run every visit, good and bad.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from gate.errors import DeviceFault
from gate.vision.client import VisionSettings
from gate.vision.images import read_image
from gate.vision.turning import Head

Frame = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Portrait:
    """A portrait's file, and its face: the height, as shares of the picture's; then the width, and the centre."""

    file: str
    face: float
    wide: float
    centre: tuple[float, float]


PORTRAITS: Final = MappingProxyType(
    {
        "resident": Portrait("astronaut.png", 0.215, 0.176, (0.438, 0.232)),
        "stranger": Portrait("grace_hopper.jpg", 0.377, 0.356, (0.515, 0.360)),
    }
)
NEAR: Final = 0.33
"""A face's height at arm's length, as a share of the frame's."""


SWEEP_DEGREES: Final = 28.0
SWEEP_FRAMES: Final = 20
"""A radian of the sweep: both sides are seen within 100 frames."""


class SceneCamera:
    """A camera before which *scene* is played. Frames come at the set rate, as from a real device.

    turning: whoever stands there slowly turns the head to both sides, as an enrolment asks.
    """

    def __init__(self, settings: VisionSettings) -> None:
        self._size = (settings.height_px, settings.width_px)
        self._folder = Path(settings.source)
        self._interval = 1 / settings.frames_per_s
        self._due = time.monotonic()
        self._noise = np.random.default_rng(7)
        self._count = 0
        self._portraits: dict[str, Frame] = {}
        self._heads: dict[str, Head] = {}
        self.scene = "nobody"
        self.turning = False

    def read(self) -> Frame:
        """Give the scene's next frame."""
        self._due = max(self._due + self._interval, time.monotonic() - self._interval)
        time.sleep(max(0.0, self._due - time.monotonic()))
        self._count += 1
        return SCENES[self.scene](self)

    def close(self) -> None:
        """Drop the portraits."""
        self._portraits.clear()
        self._heads.clear()

    def nobody(self) -> Frame:
        """Show an empty, evenly lit wall with the sensor's noise."""
        height, width = self._size
        wall = np.full((height, width, 3), 150, np.uint8)
        wall[:] = np.linspace(130, 170, width, dtype=np.uint8)[None, :, None]
        return self._grain(wall)

    def person(self, who: str, *, centre: float = 0.5, face: float = NEAR) -> Frame:
        """Show one person, swaying a little, at *centre* of the width, the face *face* of the frame's height."""
        return self._grain(self._place(self.nobody(), who, centre, face))

    def two(self) -> Frame:
        """Show two people of one size, side by side: the gate must not choose between them."""
        left = self._place(self.nobody(), "resident", 0.25, 0.25)
        return self._grain(self._place(left, "stranger", 0.75, 0.25))

    def bystander(self) -> Frame:
        """Show the resident before the gate, a stranger smaller behind (R32)."""
        before = self._place(self.nobody(), "resident", 0.4, NEAR)  # whose picture would cover the other
        return self._grain(self._place(before, "stranger", 0.85, 0.15))

    def dark(self) -> Frame:
        """Show what a covered lens sees."""
        return (self.person("resident") // 24).astype(np.uint8)

    def torn(self) -> Frame:
        """Show a frame of which the lower half never arrived."""
        frame = self.person("resident")
        frame[self._size[0] // 3 :] = 128
        return frame

    def frozen(self) -> Frame:
        """Show the same frame again and again."""
        self._count = 0
        self._noise = np.random.default_rng(7)
        return self.person("resident")

    def hanging(self) -> Frame:
        """Hang, as a driver that never comes back."""
        while True:
            time.sleep(60)

    def absent(self) -> Frame:
        """Fail, as a camera that was unplugged."""
        raise DeviceFault(
            "camera-absent", "The simulated camera is unplugged.", remedy="Choose another scene."
        )

    def _place(self, frame: Frame, who: str, centre: float, face: float) -> Frame:
        portrait = self._turned(who) if self.turning else self._portrait(who)
        height = face / PORTRAITS[who].face
        phase = self._count / 9
        scale = height * self._size[0] / portrait.shape[0] * (1 + 0.03 * math.sin(phase))
        matrix = cv2.getRotationMatrix2D(
            (portrait.shape[1] / 2, portrait.shape[0] / 2), 4 * math.sin(phase / 1.7), scale
        )
        matrix[0, 2] += centre * self._size[1] - portrait.shape[1] / 2 + 6 * math.sin(phase / 2.3)
        # A small picture stands on the frame's lower edge, a large one hangs from its upper edge.
        matrix[1, 2] += max(1 - height / 2, height / 2) * self._size[0] - portrait.shape[0] / 2
        lit = cv2.convertScaleAbs(portrait, alpha=1 + 0.08 * math.sin(phase / 3), beta=0)
        cv2.warpAffine(
            lit, matrix, (self._size[1], self._size[0]), dst=frame, borderMode=cv2.BORDER_TRANSPARENT
        )
        return frame

    def _turned(self, who: str) -> Frame:
        """Give the portrait with its head somewhere on a slow sweep from side to side, which begins ahead."""
        portrait, known = self._portrait(who), PORTRAITS[who]
        height, width = portrait.shape[:2]
        if who not in self._heads:
            centre = known.centre[0] * width, known.centre[1] * height
            self._heads[who] = Head(portrait.shape, centre, known.wide * width, known.face * height)
        return self._heads[who].turned(portrait, SWEEP_DEGREES * math.sin(self._count / SWEEP_FRAMES))

    def _portrait(self, who: str) -> Frame:
        if who not in self._portraits:
            path = self._folder / PORTRAITS[who].file
            if not path.is_file():
                raise DeviceFault(
                    "portrait-missing", f"The portrait {path.name} is not there.", remedy="Run make setup."
                )
            self._portraits[who] = read_image(path)
        return self._portraits[who]

    def _grain(self, frame: Frame) -> Frame:
        noise = self._noise.integers(-3, 4, size=(*self._size, 1), dtype=np.int16)
        grained: Frame = np.clip(frame + noise, 0, 255).astype(np.uint8)
        return grained


SCENES: Final[Mapping[str, Callable[[SceneCamera], Frame]]] = MappingProxyType(
    {
        "nobody": SceneCamera.nobody,
        "resident": lambda camera: camera.person("resident"),
        "stranger": lambda camera: camera.person("stranger"),
        "far": lambda camera: camera.person("resident", face=0.11),
        "two": SceneCamera.two,
        "bystander": SceneCamera.bystander,
        "dark": SceneCamera.dark,
        "torn": SceneCamera.torn,
        "frozen": SceneCamera.frozen,
        "hanging": SceneCamera.hanging,
        "absent": SceneCamera.absent,
    }
)
