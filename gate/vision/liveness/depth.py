"""A depth camera beside the colour one: what a driver owes, the table of drivers, and how far a nose stands out.

No depth or infrared camera was at hand: the only driver is the simulated one. To add one, write a class that meets
``DepthCamera``, name it in ``DRIVERS`` and in ``DEPTH_NAMES`` of gate/vision/client.py, and run the contract's tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from gate.errors import DeviceFault
from gate.vision.scenes import SceneCamera
from gate.vision.sessions import Floats

Depth = NDArray[np.uint16]
"""(h, w) millimetres from the camera, laid over the colour frame pixel by pixel; 0 where nothing was measured."""

REACH = 0.12
"""Half the side of the squares that are looked at, in distances between the eyes."""
MEASURED_LEAST = 0.5
"""The share of a square that must have been measured."""


class DepthCamera(Protocol):
    """An open depth camera. It is open no longer than the colour camera (R10)."""

    def read(self) -> Depth:
        """Give the depth that belongs to the colour frame read last, of its size. Raises DeviceFault when none comes."""

    def close(self) -> None:
        """Let go of the device."""


def protrusion_mm(depth: Depth, landmarks: Floats) -> float | None:
    """Give how far the nose stands before the plane of eyes and mouth; None where too little of them was measured.

    landmarks: (5, 2), in the depth's pixels.
    """
    if not np.isfinite(landmarks).all():
        return None
    reach = REACH * float(np.hypot(*(landmarks[1] - landmarks[0]).astype(np.float64)))
    distances = [_distance(depth, float(x), float(y), reach) for x, y in landmarks]
    known = [each for each in distances if each is not None]
    if len(known) < len(distances):
        return None
    corners = [0, 1, 3, 4]
    places = np.column_stack((landmarks[corners].astype(np.float64), np.ones(4)))
    plane, *_ = np.linalg.lstsq(places, np.array(known)[corners], rcond=None)
    return float(plane @ (float(landmarks[2, 0]), float(landmarks[2, 1]), 1.0)) - known[2]


def _distance(depth: Depth, x: float, y: float, reach: float) -> float | None:
    rows = slice(max(0, round(y - reach)), max(0, round(y + reach) + 1))
    columns = slice(max(0, round(x - reach)), max(0, round(x + reach) + 1))
    square = depth[rows, columns]
    measured = square[square > 0]
    if not square.size or measured.size < MEASURED_LEAST * square.size:
        return None
    return float(np.median(measured))


class SimulatedDepth:
    """What a depth camera would see of the simulated camera's scene: heads for its people, a plane for its pictures."""

    def __init__(self, camera: SceneCamera) -> None:
        self._camera = camera

    def read(self) -> Depth:
        """Give the depth of the scene's last frame."""
        return self._camera.depth()

    def close(self) -> None:
        """Close nothing: the scene is the camera's."""


def _simulated(camera: object) -> DepthCamera:
    if not isinstance(camera, SceneCamera):
        raise DeviceFault(
            "depth-driver",
            "camera.depth is the simulated depth camera, and the camera is not the simulated one.",
            remedy="Choose the depth camera that stands beside this camera, or face.liveness without depth.",
        )
    return SimulatedDepth(camera)


DRIVERS: Final[Mapping[str, Callable[[object], DepthCamera]]] = MappingProxyType({"simulated": _simulated})


def open_depth(name: str, camera: object) -> DepthCamera | None:
    """Open the depth camera of that name beside *camera*; None for the empty name. Raises DeviceFault otherwise."""
    if not name:
        return None
    if name not in DRIVERS:
        raise DeviceFault(
            "depth-driver-unknown",
            "camera.depth names no driver of this release.",
            remedy=f"Choose one of: {', '.join(DRIVERS)}; or leave it empty.",
        )
    return DRIVERS[name](camera)
