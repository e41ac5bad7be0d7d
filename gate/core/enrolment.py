"""Several captures of one live person, made into one template, if they agree."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from itertools import combinations

CAPTURES = 5
"""Looks at the person that make one template: pose and light vary, the person must not."""
EMBEDDING_SIZE = 128
UNIT_TOLERANCE = 1e-3

_FORMAT = f"<{EMBEDDING_SIZE}f"


def combine(captures: Sequence[bytes], *, at_least: float) -> bytes | None:
    """Give the unit mean of *captures*, or None when any two of them are less alike than *at_least*.

    captures: each EMBEDDING_SIZE little-endian float32, length 1; at least two. at_least: a cosine. Total: a capture of
    another size or length, or with a NaN, agrees with nothing.
    """
    vectors = [_floats(capture) for capture in captures]
    if len(vectors) < 2 or not all(map(_is_unit, vectors)):  # noqa: PLR2004 - a pair
        return None
    if not all(_dot(a, b) >= at_least for a, b in combinations(vectors, 2)):
        return None
    total = [math.fsum(values) for values in zip(*vectors, strict=True)]
    norm = math.sqrt(_dot(total, total))
    return struct.pack(_FORMAT, *(value / norm for value in total)) if norm > 0 else None


def _floats(capture: bytes) -> Sequence[float]:
    return struct.unpack(_FORMAT, capture) if len(capture) == struct.calcsize(_FORMAT) else ()


def _is_unit(vector: Sequence[float]) -> bool:
    return abs(_dot(vector, vector) - 1) <= UNIT_TOLERANCE


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return math.fsum(x * y for x, y in zip(a, b, strict=True))
