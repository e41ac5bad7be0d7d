"""Templates as renewable pseudonymous identifiers (ISO/IEC 24745): a keyed rotation that comparisons do not notice.

Every embedding is turned by one secret rotation per site and epoch before it is kept or compared. Cosines stay as they
are, so nothing is lost in accuracy. Without the seed, two rotations of one face have nothing to do with each other, and
with both seeds a template moves from one epoch to the next without its person. Whoever holds the seed can turn it back:
this is no encryption, and templates are sealed besides (docs/adr/0008).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

Vectors = npt.NDArray[np.float32]
"""(n, 128) float32, one vector in each row."""
Vector = npt.NDArray[np.float32]
"""(128,) float32."""
_Views = tuple[
    npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]
]
"""Neighbours apart, as they are read, and the halves of where their sums and differences are written to."""

SEED_BYTES = 32
SIZE = 128
ROUNDS = 3
_HALF = SIZE // 2
_STAGES = SIZE.bit_length() - 1
_SCALE = float.fromhex("0x1.6a09e667f3bcdp+0") * 2.0**-11
"""128 ** -1.5, for three sums of 128: sqrt(2) as written here, and a power of two, which is exact."""
_LABEL = "gate template protection 1"
_BLOCK_BYTES = 512
_BYTE_VALUES = 256


class Protection:
    """The rotation that belongs to one seed: three rounds of sign flips, Walsh-Hadamard transform and permutation.

    seed: SEED_BYTES uniformly random bytes; ValueError for any other number. The same bits come out on every machine:
    float64 additions, subtractions and one multiplication in a fixed order, rounded to float32 once at the end.
    """

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise ValueError("a seed has 32 bytes")
        rounds = [f"round {number}" for number in range(1, ROUNDS + 1)]
        signs = [_signs(_stream(seed, f"{each} signs")) for each in rounds]
        self._signs = np.array(signs, np.float64).reshape(ROUNDS, SIZE, 1)
        self._places = np.array(
            [_permutation(_stream(seed, f"{each} permutation")) for each in rounds], np.intp
        )
        self._sources = self._places.argsort(axis=1)
        self._whole = self.apply(np.eye(SIZE, dtype=np.float32))

    def apply(self, vectors: Vectors) -> Vectors:
        """Give the protected form of each row; cosines between rows are kept to float32's precision."""
        columns = _Columns(vectors)
        self._turn(columns)
        return columns.rows()

    def probe(self, vector: Vector) -> Vector:
        """Give the protected form of one vector that is compared and not kept: ``apply``'s, to float32's precision.

        One product with the whole rotation takes a tenth of the time. Its last bits differ by machine.
        """
        with np.errstate(
            invalid="ignore", over="ignore"
        ):  # what is not a number is refused where it is compared
            protected: Vector = vector @ self._whole
        return protected

    def undo(self, vectors: Vectors) -> Vectors:
        """Give back the rows that ``apply`` protected, to float32's precision."""
        columns = _Columns(vectors)
        self._turn_back(columns)
        return columns.rows()

    def renewed(self, vectors: Vectors, new: Protection) -> Vectors:
        """Give rows protected under this seed as they are under *new*, of length 1; between the two nothing is rounded."""
        columns = _Columns(vectors)
        self._turn_back(columns)
        new._turn(columns)
        columns.divide(columns.lengths())
        return columns.rows()

    def wipe(self) -> None:
        """Overwrite the rotation with zeros; what it gives afterwards is of no use."""
        for secret in (self._signs, self._places, self._sources, self._whole):
            secret.fill(0)

    def _turn(self, columns: _Columns) -> None:
        for signs, places in zip(self._signs, self._places, strict=True):
            columns.multiply(signs)
            columns.mix()
            columns.reorder(places)
        columns.multiply(_SCALE)

    def _turn_back(self, columns: _Columns) -> None:
        for signs, sources in zip(self._signs[::-1], self._sources[::-1], strict=True):
            columns.reorder(sources)
            columns.mix()
            columns.multiply(signs)
        columns.multiply(_SCALE)


class _Columns:
    """Vectors as the columns of a (128, n) float64 matrix, and room of the same size for the next step's result."""

    def __init__(self, vectors: Vectors) -> None:
        self._now, self._next = np.empty((2, SIZE, len(vectors)))
        self._now[:] = vectors.T
        self._views = _views(self._now, self._next)
        self._views_next = _views(self._next, self._now)

    def multiply(self, factors: npt.NDArray[np.float64] | float) -> None:
        """Multiply each row by its factor."""
        np.multiply(self._now, factors, out=self._now)

    def divide(self, divisors: npt.NDArray[np.float64]) -> None:
        """Divide each column by its divisor."""
        np.divide(self._now, divisors, out=self._now)

    def reorder(self, sources: npt.NDArray[np.intp]) -> None:
        """Put row sources[i] in place i."""
        np.take(self._now, sources, axis=0, out=self._next, mode="clip")
        self._swap()

    def mix(self) -> None:
        """Replace each column by its sums under the 128 Walsh patterns of signs.

        Each stage has the same shape: sums of neighbours above, their differences below (Pease 1968). All seven are
        together their own transpose, and their own inverse but for a factor of 128.
        """
        for _ in range(_STAGES):
            even, odd, sums, differences = self._views
            np.add(even, odd, out=sums)
            np.subtract(even, odd, out=differences)
            self._swap()

    def lengths(self) -> npt.NDArray[np.float64]:
        """Give each column's length, (1, n). By halves, since numpy's own sum has another order on another machine."""
        squares = self._now * self._now
        while len(squares) > 1:
            half = len(squares) // 2
            squares = squares[:half] + squares[half:]
        return np.sqrt(squares)

    def rows(self) -> Vectors:
        """Round to rows, and leave nothing here: it held faces (R31)."""
        rows = np.ascontiguousarray(self._now.T, dtype="<f4")
        self._now.fill(0)
        self._next.fill(0)
        return rows

    def _swap(self) -> None:
        self._now, self._next = self._next, self._now
        self._views, self._views_next = self._views_next, self._views


def _views(source: npt.NDArray[np.float64], target: npt.NDArray[np.float64]) -> _Views:
    return source[0::2], source[1::2], target[:_HALF], target[_HALF:]


def _signs(stream: Iterator[int]) -> list[int]:
    return [1 - 2 * (byte & 1) for byte in islice(stream, SIZE)]


def _permutation(stream: Iterator[int]) -> list[int]:
    """Draw one of all permutations, each as likely (Fisher-Yates; bytes that would favour some places are left out)."""
    places = list(range(SIZE))
    for last in range(SIZE - 1, 0, -1):
        fair = _BYTE_VALUES - _BYTE_VALUES % (last + 1)
        other = next(byte for byte in stream if byte < fair) % (last + 1)
        places[last], places[other] = places[other], places[last]
    return places


def _stream(seed: bytes, use: str) -> Iterator[int]:
    """Give pseudorandom bytes without end, for one use of the seed (HKDF-SHA256's expansion, RFC 5869)."""
    for block in count():
        info = f"{_LABEL}, {use}, block {block}".encode()
        yield from HKDFExpand(SHA256(), _BLOCK_BYTES, info).derive(seed)
