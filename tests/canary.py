"""What must never leave a gate, every shape it could leave in, and the search for it in all that a gate wrote."""

from __future__ import annotations

import base64
import html
import io
import json
import urllib.parse
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import cv2
import numpy as np

SHORTEST = 8
"""Bytes of the shortest needle: in 100 MB of noise one of them turns up once in 200,000 million searches."""
WINDOW = 16
ROW_RUN = 48
VECTOR = 128
_CHUNK = 1 << 22
_LONGEST = 1 << 12


@dataclass(frozen=True, slots=True)
class Needle:
    """One shape of one secret. what: the secret's name, for whoever reads a failure."""

    what: str
    pattern: bytes = field(repr=False)

    def __post_init__(self):
        assert SHORTEST <= len(self.pattern) <= _LONGEST, self.what


@dataclass(frozen=True, slots=True)
class Hit:
    """A secret where it was found. place: the file's path, and after "!" what was in it."""

    place: str
    what: str


def encodings(what: str, secret: bytes) -> Iterator[Needle]:
    """Give *secret* whole: as it is, in hex and in base64 at all three alignments."""
    yield Needle(what, secret)
    yield Needle(f"{what} in hex", secret.hex().encode())
    yield Needle(f"{what} in hex", secret.hex().upper().encode())
    for offset in range(3):
        # Only the characters whose six bits are all the secret's: no neighbour changes them.
        first, last = -(-offset * 8 // 6), (offset + len(secret)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield Needle(f"{what} in base64", encode(bytes(offset) + secret)[first:last])


def text(what: str, said: str) -> Iterator[Needle]:
    """Give a text as programs write it: UTF-8 and UTF-16, backwards, escaped, in hex and base64."""
    yield from encodings(what, said.encode())
    yield from encodings(f"{what} backwards", said[::-1].encode())
    for coding in ("utf-16-le", "utf-16-be"):
        yield Needle(f"{what} in UTF-16", said.encode(coding))
    for escaped in (json.dumps(said)[1:-1], urllib.parse.quote(said), html.escape(said)):
        yield Needle(f"{what} escaped", escaped.encode())


def windows(what: str, secret: bytes) -> Iterator[Needle]:
    """Give every 16 consecutive bytes of *secret*, and some of them in hex, in base64 and as programs print bytes."""
    for start in range(len(secret) - WINDOW + 1):
        yield Needle(what, secret[start : start + WINDOW])
    for start in range(0, len(secret) - WINDOW + 1, WINDOW):
        piece = secret[start : start + WINDOW]
        yield from encodings(what, piece)
        printed = repr(piece)[2:-1]
        for shown in (printed, printed.replace("\\", "\\\\"), ", ".join(map(str, piece))):
            yield Needle(f"{what} printed", shown.encode())


def numbers(what: str, vector: np.ndarray) -> Iterator[Needle]:
    """Give the first numbers of a vector as ``repr``, JSON and numpy print them, to seven places."""
    for value in vector[:8].tolist():
        if abs(value) > 0.001:
            yield Needle(f"{what} as numbers", f"{abs(value):.12f}"[:9].encode())


def template(what: str, protected: bytes, raw: np.ndarray) -> Iterator[Needle]:
    """Give a template: the 512 bytes that are kept protected, and the embedding they were made of."""
    yield from windows(what, protected)
    yield from numbers(what, np.frombuffer(protected, "<f4"))
    yield from windows(f"{what}, unprotected", raw.astype("<f4").tobytes())
    yield from numbers(f"{what}, unprotected", raw)


def halves(raw: np.ndarray) -> bytes:
    """Give the upper half of each float32: the same for an embedding that was rounded another way."""
    return raw.astype("<f4").view("<u2")[1::2].tobytes()


def picture(file: bytes) -> Iterator[Needle]:
    """Give runs of 48 bytes of an image's file, and of its rows as pixels in the three usual orders."""
    bgr = cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR)
    rgb, gray = bgr[:, :, ::-1], cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
    shapes = {"BGR": bgr, "RGB": rgb, "gray": gray, "RGB, upside down": rgb[::-1]}
    for name, pixels in shapes.items():
        for row in pixels:
            yield from _runs(f"a frame in {name}", row.tobytes())
    yield from _runs("a frame's file", file)


def _runs(what: str, content: bytes) -> Iterator[Needle]:
    for start in range(0, len(content) - ROW_RUN + 1, ROW_RUN):
        yield Needle(what, content[start : start + ROW_RUN])


class Search:
    """All needles at once: a table of the first three bytes says where one may begin, a dictionary of eight which."""

    def __init__(self, needles: Iterable[Needle]) -> None:
        self._by_head: dict[bytes, set[Needle]] = defaultdict(set)
        self._begins = np.zeros(1 << 24, bool)
        for needle in needles:
            head = needle.pattern[:SHORTEST]
            self._by_head[head].add(needle)
            self._begins[int.from_bytes(head[:3], "little")] = True

    def found(self, data: bytes) -> set[str]:
        """Name the secrets in *data*."""
        return {
            needle.what
            for start in range(0, len(data), _CHUNK)
            for needle in self._in_chunk(data[start : start + _CHUNK + _LONGEST])
        }

    def _in_chunk(self, data: bytes) -> Iterator[Needle]:
        octets = np.frombuffer(data, np.uint8).astype(np.uint32)
        keys = octets[:-2] | octets[1:-1] << 8 | octets[2:] << 16
        for place in np.flatnonzero(self._begins[keys]).tolist():
            for needle in self._by_head.get(data[place : place + SHORTEST], ()):
                if data.startswith(needle.pattern, place):
                    yield needle


class Roundings:
    """Finds an embedding of which only the last bits differ from the one that is sought."""

    def __init__(self, embeddings: dict[str, np.ndarray]) -> None:
        self._search = Search(
            Needle(what, piece.pattern)
            for what, raw in embeddings.items()
            for piece in windows(what, halves(raw))
            if len(piece.pattern) == WINDOW
        )

    def found(self, data: bytes) -> set[str]:
        """Name the embeddings of which *data* holds eight numbers in a row."""
        found: set[str] = set()
        for shift in range(4):
            whole = (len(data) - shift) // 4 * 4
            upper = np.frombuffer(data[shift : shift + whole], "<u2")[1::2]
            found |= self._search.found(upper.tobytes())
        return found


def unit_vectors(data: bytes) -> set[str]:
    """Tell whether 128 numbers of length 1 lie anywhere in *data*: every embedding, also one that nobody knows."""
    return {
        f"a unit vector of {VECTOR} {dtype}"
        for dtype, width in (("<f4", 4), ("<f8", 8))
        for shift in range(width)
        if _has_unit_vector(data, dtype, width, shift)
    }


def _has_unit_vector(data: bytes, dtype: str, width: int, shift: int) -> bool:
    count = (len(data) - shift) // width
    if count < VECTOR:
        return False
    values = np.frombuffer(data, dtype, count, shift)
    with np.errstate(invalid="ignore", over="ignore"):
        size = np.abs(values.astype(np.float64))
        fits = (size > 1e-9) & (size < 0.9)
        squares = np.where(fits, size * size, 4.0)  # anything else makes its surroundings too long
    sums = np.concatenate(([0.0], np.cumsum(squares)))
    return bool(np.any(np.abs(sums[VECTOR:] - sums[:-VECTOR] - 1) < 1e-3))


def images(data: bytes) -> set[str]:
    """Name the image formats of which a plausible header lies anywhere in *data*."""
    kinds = {
        "a JPEG": (b"\xff\xd8\xff", _is_jpeg),
        "a PNG": (b"\x89PNG\r\n\x1a\n", lambda head: head[12:16] == b"IHDR"),
        "a BMP": (b"BM", _is_bmp),
        "a WebP": (b"RIFF", lambda head: head[8:12] == b"WEBP"),
    }
    return {name for name, (magic, fits) in kinds.items() if any(map(fits, _heads(data, magic)))}


def _heads(data: bytes, magic: bytes) -> Iterator[bytes]:
    place = data.find(magic)
    while place >= 0:
        yield data[place : place + (1 << 17)]
        place = data.find(magic, place + 1)


def _is_jpeg(head: bytes) -> bool:
    """Follow two segments: marker, length, and the next marker where the length says."""
    place = 2
    for _ in range(2):
        segment = head[place : place + 4]
        length = int.from_bytes(segment[2:], "big")
        if segment[:1] != b"\xff" or not b"\xc0" <= segment[1:2] < b"\xff" or length < 2:
            return False
        place += 2 + length
    return head[place : place + 1] == b"\xff"


def _is_bmp(head: bytes) -> bool:
    header = int.from_bytes(head[14:18], "little")
    return header in {12, 40, 108, 124} and head[26:28] == b"\x01\x00"


def is_core_dump(data: bytes) -> bool:
    """Tell whether *data* is the memory of a process, as the kernel writes it."""
    return data[:4] == b"\x7fELF" and data[16:18] == b"\x04\x00"


def places(*roots: Path) -> Iterator[tuple[str, bytes]]:
    """Give every file below *roots* with its content, and what archives hold; what goes meanwhile is gone."""
    for path in chain.from_iterable([root] if root.is_file() else sorted(root.rglob("*")) for root in roots):
        try:
            if path.is_symlink() or not path.is_file():
                continue
            content = path.read_bytes()
        except OSError:
            continue
        yield str(path), content
        if content.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                yield from ((f"{path}!{name}", archive.read(name)) for name in archive.namelist())


@dataclass(frozen=True, slots=True)
class Detectors:
    """Everything that is looked for in one go."""

    search: Search
    roundings: Roundings

    def found(self, data: bytes) -> set[str]:
        """Name every secret, every face-like vector, every image and every core dump in *data*."""
        found = self.search.found(data) | self.roundings.found(data) | unit_vectors(data) | images(data)
        return found | {"a core dump"} if is_core_dump(data) else found

    def hits(self, *roots: Path) -> list[Hit]:
        """Give what is found in the files below *roots*."""
        return [Hit(place, what) for place, data in places(*roots) for what in sorted(self.found(data))]
