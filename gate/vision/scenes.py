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

from gate.core.liveness import Challenge
from gate.core.types import Seconds
from gate.errors import DeviceFault
from gate.vision.client import VisionSettings
from gate.vision.images import read_image
from gate.vision.turning import Head

Frame = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.float32]


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
SWAY_DEGREES: Final = (7.0, 2.0)
"""How far a head turns and nods by itself while its person looks at a screen."""
SWAY_FRAMES: Final = 6
ANSWERS: Final = MappingProxyType(
    {
        Challenge.TURN_LEFT: (26.0, 0.0),
        Challenge.TURN_RIGHT: (-26.0, 0.0),
        Challenge.NOD: (0.0, 20.0),
        Challenge.COME_CLOSER: (0.0, 0.0),
    }
)
"""Degrees to the person's own left, and down, at the height of what was asked."""
REACTION_S, ANSWER_S, GROWTH = 0.4, 1.6, 0.4
HEAD_HALF: Final = 0.85
"""Half a head with its hair, in widths of the face."""
WALL_MM, STANDING_MM = 1500, 500
"""What a depth camera would see."""
SHEET: Final = (1.05, 1.5)
"""Half the sides of a print or a screen, in widths and heights of the face."""
CELL_PX: Final = 2.3
"""The pitch of the simulated screen's cells, in the camera's pixels: they beat with its own."""


class SceneCamera:
    """A camera before which *scene* is played. Frames come at the set rate, as from a real device.

    turning: whoever stands there slowly turns the head to both sides, as an enrolment asks. Otherwise a head sways a
    little as a living one does, and does what it is asked.
    """

    def __init__(self, settings: VisionSettings, clock: Callable[[], Seconds] = time.monotonic) -> None:
        self._clock = clock
        self._size = (settings.height_px, settings.width_px)
        self._folder = Path(settings.source)
        self._interval = 1 / settings.frames_per_s
        self._due = clock()
        self._noise = np.random.default_rng(7)
        self._count = 0
        self._portraits: dict[str, Frame] = {}
        self._heads: dict[str, Head] = {}
        self._masks: dict[str, Plane] = {}
        self._asked: tuple[Challenge, Seconds] | None = None
        self._standing: list[tuple[float, float, float, bool]] = []
        self.scene = "nobody"
        self.turning = False

    def read(self) -> Frame:
        """Give the scene's next frame."""
        self._due = max(self._due + self._interval, self._clock() - self._interval)
        time.sleep(max(0.0, self._due - self._clock()))
        self._count += 1
        self._standing.clear()
        return SCENES[self.scene](self)

    def close(self) -> None:
        """Drop the portraits."""
        self._portraits.clear()
        self._heads.clear()
        self._masks.clear()

    def ask(self, challenge: Challenge) -> None:
        """Let the people of the scene hear what is asked of them; they do it, and a picture does not."""
        self._asked = challenge, self._clock()

    def depth(self) -> npt.NDArray[np.uint16]:
        """Give the depth of the last frame's scene, (h, w) millimetres: heads before a wall, pictures as planes."""
        height, width = self._size
        rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
        far = np.full(self._size, WALL_MM, np.float32)
        for x, y, face_px, is_head in self._standing:
            across, down = (columns - x) / face_px, (rows - y) / face_px
            out = np.hypot(across, down / 1.3)
            nose = np.exp(-((across / 0.15) ** 2) - ((down - 0.08) / 0.2) ** 2)
            shape = 40 * np.sqrt(np.clip(1 - (across / HEAD_HALF) ** 2, 0, 1)) + 25 * nose if is_head else 0.0
            far = np.where(out < HEAD_HALF, STANDING_MM - shape, far).astype(np.float32)
        return far.astype(np.uint16)

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

    def flat(self, who: str, *, is_replay: bool) -> Frame:
        """Show a picture of a person, by a hand: a print, or a screen on which the person moves."""
        frame, known = self.nobody(), PORTRAITS[who]
        shown = self._turned(who, *self._swayed()) if is_replay else self._portrait(who)
        high, wide = shown.shape[:2]
        x, y = known.centre[0] * wide, known.centre[1] * high
        half = np.array([SHEET[0] * known.wide * wide, SHEET[1] * known.face * high])
        corners = np.array([(x, y)] * 4) + np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
        matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), self._held(corners - (x, y), known))
        size = self._size[1], self._size[0]
        sheet = cv2.fillConvexPoly(np.zeros(shown.shape[:2], np.uint8), corners.round().astype(np.int32), 255)
        picture, seen = (
            cv2.warpPerspective(shown, matrix, size),
            cv2.warpPerspective(sheet, matrix, size) > 0,
        )
        if is_replay:
            cells = 1 + 0.25 * np.sin(2 * math.pi * np.arange(size[0]) / CELL_PX)[None, :, None]
            picture = np.clip(picture * cells, 0, 255).astype(np.uint8)
        frame[seen] = picture[seen]
        middle = cv2.perspectiveTransform(np.array([[[x, y]]], np.float32), matrix)[0, 0]
        self._standing.append((float(middle[0]), float(middle[1]), NEAR * self._size[0], False))
        return self._grain(frame)

    def _held(self, corners: npt.NDArray[np.float64], known: Portrait) -> npt.NDArray[np.float32]:
        """Give where the corners of a sheet are seen that a hand holds, turns and moves."""
        phase = self._count / 9
        yaw, pitch, roll = 0.3 * math.sin(phase), 0.2 * math.sin(phase / 1.4), 0.06 * math.sin(phase / 1.9)
        face = (
            known.face * self._portrait(next(each for each, of in PORTRAITS.items() if of is known)).shape[0]
        )
        across, down = (corners * (NEAR * self._size[0] / face)).T
        distance = 1.5 * self._size[0]
        away = across * math.sin(yaw) + down * math.sin(pitch)
        near = distance / (distance + away)
        x, y = across * math.cos(yaw) * near, down * math.cos(pitch) * near
        turned = np.array((x * math.cos(roll) - y * math.sin(roll), x * math.sin(roll) + y * math.cos(roll)))
        middle = self._size[1] / 2 + 14 * math.sin(phase / 2.3), self._size[0] / 2 + 8 * math.sin(phase / 1.7)
        held: npt.NDArray[np.float32] = (turned.T + middle).astype(np.float32)
        return held

    def _place(self, frame: Frame, who: str, centre: float, face: float) -> Frame:
        yaw, nod, closer = self._motion()
        portrait = self._turned(who, yaw, nod)
        height = face * (1 + closer) / PORTRAITS[who].face
        phase = self._count / 9
        scale = height * self._size[0] / portrait.shape[0] * (1 + 0.03 * math.sin(phase))
        matrix = cv2.getRotationMatrix2D(
            (portrait.shape[1] / 2, portrait.shape[0] / 2), 4 * math.sin(phase / 1.7), scale
        )
        matrix[0, 2] += centre * self._size[1] - portrait.shape[1] / 2 + 6 * math.sin(phase / 2.3)
        # A small picture stands on the frame's lower edge, a large one hangs from its upper edge.
        matrix[1, 2] += max(1 - height / 2, height / 2) * self._size[0] - portrait.shape[0] / 2
        lit = cv2.convertScaleAbs(portrait, alpha=1 + 0.08 * math.sin(phase / 3), beta=0)
        size = self._size[1], self._size[0]
        mask: Plane = cv2.warpAffine(self._mask(who), matrix, size)  # type: ignore[assignment]  # float32 in and out
        shown = cv2.warpAffine(lit, matrix, size, borderMode=cv2.BORDER_REPLICATE)
        cv2.blendLinear(shown, frame, mask, 1 - mask, dst=frame)
        known = PORTRAITS[who].centre
        x, y = matrix @ (known[0] * portrait.shape[1], known[1] * portrait.shape[0], 1.0)
        self._standing.append((float(x), float(y), face * self._size[0], True))
        return frame

    def _motion(self) -> tuple[float, float, float]:
        """Give how far the head is turned and nodded, in degrees, and how much nearer its person came."""
        if self.turning:  # a slow sweep from side to side, which begins ahead
            return SWEEP_DEGREES * math.sin(self._count / SWEEP_FRAMES), 0.0, 0.0
        yaw, nod = self._swayed()
        if self._asked is None:
            return yaw, nod, 0.0
        challenge, since = self._asked
        # A person moves by the clock, however few frames a busy computer takes of it.
        share = (self._clock() - since - REACTION_S) / ANSWER_S
        height = math.sin(math.pi * min(max(share, 0.0), 1.0))
        turn, tilt = ANSWERS[challenge]
        return (
            yaw + turn * height,
            nod + tilt * height,
            GROWTH * height * (challenge is Challenge.COME_CLOSER),
        )

    def _swayed(self) -> tuple[float, float]:
        phase = self._count / SWAY_FRAMES
        return SWAY_DEGREES[0] * math.sin(phase), SWAY_DEGREES[1] * math.sin(phase / 1.3)

    def _turned(self, who: str, yaw: float, nod: float) -> Frame:
        portrait, known = self._portrait(who), PORTRAITS[who]
        height, width = portrait.shape[:2]
        if who not in self._heads:
            centre = known.centre[0] * width, known.centre[1] * height
            self._heads[who] = Head(portrait.shape, centre, known.wide * width, known.face * height)
        return self._heads[who].turned(portrait, yaw, nod)

    def _mask(self, who: str) -> Plane:
        """Give where the portrait shows its person: what is behind belongs to the portrait, and must not move along."""
        if who not in self._masks:
            portrait, known = self._portrait(who), PORTRAITS[who]
            rows, columns = np.mgrid[0 : portrait.shape[0], 0 : portrait.shape[1]].astype(np.float32)
            across = (columns / portrait.shape[1] - known.centre[0]) / known.wide
            down = (rows / portrait.shape[0] - known.centre[1]) / known.face
            head = HEAD_HALF - np.hypot(across, (down + 0.15) / 1.25)
            body = np.minimum(down - 0.5, 0.75 + 1.2 * (down - 0.6) - abs(across))
            self._masks[who] = np.clip(8 * np.maximum(head, body), 0, 1).astype(np.float32)
        return self._masks[who]

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
        "print": lambda camera: camera.flat("resident", is_replay=False),
        "replay": lambda camera: camera.flat("resident", is_replay=True),
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
