"""A pinhole camera before one surface in space: a plane, a bent sheet, or a head. All are height fields over a photograph.

Not the code that the gate moves its own simulated people with, so that neither can flatter the other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

WIDTH, HEIGHT = 640, 480
FOCAL_PX = 600.0
STEPS = 4
EYES_MM = 62.0


@dataclass(frozen=True)
class Pose:
    """Degrees about the upright, the level and the viewing axis; millimetres before the camera."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    x: float = 0.0
    y: float = 0.0
    z: float = 450.0

    @property
    def matrix(self):
        yaw, pitch, roll = (math.radians(each) for each in (self.yaw, self.pitch, self.roll))
        about_y = np.array([[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]])
        about_x = np.array(
            [[1, 0, 0], [0, math.cos(pitch), -math.sin(pitch)], [0, math.sin(pitch), math.cos(pitch)]]
        )
        about_z = np.array(
            [[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]]
        )
        return about_z @ about_x @ about_y


@dataclass(frozen=True)
class Photo:
    """A photograph, the five landmarks in it, and what is in front of the wall: pixels, (5, 2), (h, w) 0..1."""

    pixels: np.ndarray
    landmarks: np.ndarray

    @property
    def eyes_px(self):
        return float(np.hypot(*(self.landmarks[1] - self.landmarks[0])))

    @property
    def middle(self):
        return self.landmarks[[0, 1, 3, 4]].mean(axis=0)

    @property
    def upright(self):
        """The turn in the picture that sets the eyes level, radians."""
        across = self.landmarks[1] - self.landmarks[0]
        return math.atan2(across[1], across[0])


def head(across, down):
    """Height of a head, in distances between the eyes, above the plane of eyes and mouth: a dome, nose, sockets, chin."""
    dome = 0.9 * (np.sqrt(np.clip(1 - (across / 1.35) ** 2 - (down / 2.0) ** 2, 0, 1)) - 0.93)
    bridge = 0.16 * np.exp(-((across / 0.16) ** 2) - ((down + 0.15) / 0.45) ** 2)
    tip = 0.34 * np.exp(-((across / 0.24) ** 2) - ((down - 0.12) / 0.22) ** 2)
    sockets = -0.08 * np.exp(-(((np.abs(across) - 0.5) / 0.25) ** 2) - ((down + 0.5) / 0.18) ** 2)
    lips = 0.08 * np.exp(-((across / 0.4) ** 2) - ((down - 0.58) / 0.16) ** 2)
    return dome + bridge + tip + sockets + lips


def flat(across, down):
    return np.zeros_like(across)


def bent(radius, axis_degrees):
    """A sheet bent about an axis in it; radius in distances between the eyes."""
    turn = math.radians(axis_degrees)

    def height(across, down):
        aside = np.clip((across * math.cos(turn) + down * math.sin(turn)) / radius, -0.95, 0.95)
        return radius * (np.sqrt(1 - aside**2) - 1)

    return height


_COLUMNS, _ROWS = np.meshgrid(np.arange(WIDTH, dtype=np.float32), np.arange(HEIGHT, dtype=np.float32))
_RAYS = np.stack(
    ((_COLUMNS - WIDTH / 2) / FOCAL_PX, (_ROWS - HEIGHT / 2) / FOCAL_PX, np.ones_like(_COLUMNS)), axis=-1
)


def surface(pose, height):
    """Give where each pixel's ray meets the surface: across and down from the face's middle, in millimetres."""
    turn = pose.matrix
    start = -turn.T @ np.array([pose.x, pose.y, pose.z])
    rays = _RAYS @ turn.astype(np.float32)  # each is turn.T applied to the ray
    rise = np.zeros_like(_COLUMNS)
    for _ in range(1 if height is flat else STEPS):
        # Local z points away from the camera, heights towards it.
        along = (-rise * EYES_MM - start[2]) / rays[..., 2]
        across, down = start[0] + along * rays[..., 0], start[1] + along * rays[..., 1]
        rise = height(across / EYES_MM, down / EYES_MM).astype(np.float32)
    return across.astype(np.float32), down.astype(np.float32)


def texture_place(photo, across, down):
    """Give the photograph's pixel for places on the surface."""
    scale, turn = photo.eyes_px / EYES_MM, photo.upright
    x = photo.middle[0] + scale * (across * math.cos(turn) - down * math.sin(turn))
    y = photo.middle[1] + scale * (across * math.sin(turn) + down * math.cos(turn))
    return x.astype(np.float32), y.astype(np.float32)


def wall(rng):
    """A room behind: soft light, shelves, edges, all of it still."""
    room = np.full((HEIGHT, WIDTH, 3), 150, np.uint8)
    room[:] = np.linspace(120, 180, WIDTH, dtype=np.uint8)[None, :, None]
    for _ in range(14):
        x, y = int(rng.integers(0, WIDTH)), int(rng.integers(0, HEIGHT))
        w, h = (int(each) for each in rng.integers(20, 160, 2))
        cv2.rectangle(room, (x, y), (x + w, y + h), tuple(int(each) for each in rng.integers(60, 220, 3)), -1)
    return cv2.GaussianBlur(room, (0, 0), 1.5)


def person_mask(across, down):
    """Where a person is in front of the room: head, hair, neck and shoulders; soft at the edge."""
    u, v = across / EYES_MM, down / EYES_MM
    head_is = 1.35 - np.hypot(u / 1.25, (v + 0.35) / 1.75)
    body_is = np.minimum(v - 1.6, 3.0 - np.abs(u))
    return np.clip(np.maximum(head_is * 4, body_is * 3), 0, 1).astype(np.float32)


def place(room, shown, mask):
    return (room * (1 - mask[..., None]) + shown * mask[..., None]).astype(np.uint8)


def sensor(frame, rng, *, gain=1.0, blur=0.6, noise=3.0, jpeg=None):
    """What a small camera makes of it."""
    soft = cv2.GaussianBlur(frame, (0, 0), blur) if blur else frame
    lit = soft.astype(np.float32) * gain + noise * rng.standard_normal(soft.shape, np.float32)
    taken = np.clip(lit, 0, 255).astype(np.uint8)
    if jpeg is None:
        return taken
    return cv2.imdecode(cv2.imencode(".jpg", taken, [cv2.IMWRITE_JPEG_QUALITY, jpeg])[1], cv2.IMREAD_COLOR)
