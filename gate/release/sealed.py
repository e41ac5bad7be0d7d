"""The release file: a plain tar of manifest, signature and files. Nothing in it is used before the signature holds.

It is written with tarfile and read without: what tar has grown besides plain files (long names, extended heads of any
length, sparse files, negative sizes) is read by tarfile before anybody could ask who signed it.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, NoReturn

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gate.errors import RequestError
from gate.release.manifest import FILES_MOST, MANIFEST_MOST_BYTES, RELEASE_MOST_BYTES, File, Manifest
from gate.release.signing import sign, verify

MANIFEST_NAME: Final = "manifest.json"
SIGNATURE_NAME: Final = "manifest.sig"
SUFFIX: Final = ".release"
SIGNATURE_BYTES: Final = 64
_BLOCK: Final = tarfile.BLOCKSIZE
_PLAIN: Final = (tarfile.REGTYPE, tarfile.AREGTYPE)
_PIECE: Final = 1 << 20
_HEADERS_MOST: Final = 64 * 1024 * FILES_MOST


@dataclass(frozen=True, slots=True)
class Described:
    """A file on disk, to go into a release."""

    path: Path
    file: File


def describe(paths: Iterable[Path]) -> tuple[Described, ...]:
    """Measure and hash each file, sorted by name. Raises OSError."""
    found = []
    for path in sorted(paths, key=lambda path: path.name):
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        found.append(Described(path, File(path.name, path.stat().st_size, sha256)))
    return tuple(found)


def write_release(to: Path, manifest: Manifest, described: Iterable[Described], private_key: Path) -> None:
    """Write the release file: the same bytes for the same content. Raises ConfigError ``release-key``, OSError."""
    content = manifest.encode()
    signature = sign(content, private_key)
    with tarfile.open(to, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, held in ((MANIFEST_NAME, content), (SIGNATURE_NAME, signature)):
            tar.addfile(_entry(name, len(held)), io.BytesIO(held))
        for each in described:
            with each.path.open("rb") as file:
                tar.addfile(_entry(each.file.name, each.file.size), file)


def read_manifest(release: Path, keys: Iterable[Ed25519PublicKey]) -> Manifest:
    """Give what the release says of itself, once its signature holds; its files were not looked at yet.

    Raises RequestError: ``release-absent``, ``release-malformed``, ``release-unsigned``, ``release-keys-absent``,
    ``release-product``, ``release-format``.
    """
    with _opened(release) as file:
        return _verified(file, keys)


def unpack(release: Path, into: Path, keys: Iterable[Ed25519PublicKey]) -> Manifest:
    """Verify signature and files, and write the files into *into*, which is empty and nobody else's.

    What is written is what was hashed: the file is read once. Raises as ``read_manifest``, and ``release-altered``.
    """
    with _opened(release) as file:
        manifest = _verified(file, keys)
        wanted = {each.name: each for each in manifest.files}
        while (head := _next(file)) is not None:
            each = wanted.pop(head.name, None)
            if each is None or not _is_plain(head) or head.size != each.size:
                _altered()
            _copy(file, into / each.name, each)
            file.seek(-head.size % _BLOCK, io.SEEK_CUR)
        if wanted:
            _altered()
    return manifest


def _verified(file: IO[bytes], keys: Iterable[Ed25519PublicKey]) -> Manifest:
    content = _first(file, MANIFEST_NAME, MANIFEST_MOST_BYTES)
    signature = _first(file, SIGNATURE_NAME, SIGNATURE_BYTES)
    verify(content, signature, keys)
    return Manifest.decode(content)


def _next(file: IO[bytes]) -> tarfile.TarInfo | None:
    """Give the head of the next entry, whatever it is; None at the end. Raises ``release-malformed``."""
    head = file.read(_BLOCK)
    if not head.strip(b"\0"):
        return None
    try:
        return tarfile.TarInfo.frombuf(head, "ascii", "strict")
    except tarfile.HeaderError:
        _malformed()


def _is_plain(head: tarfile.TarInfo) -> bool:
    """Tell whether it is a file's, with its bytes behind it and nothing to be read besides."""
    return head.type in _PLAIN and head.size >= 0


def _first(file: IO[bytes], name: str, most: int) -> bytes:
    """Give the next entry, which must be *name* and no larger than *most*."""
    head = _next(file)
    if head is None or head.name != name or not _is_plain(head) or head.size > most:
        _malformed()
    content = file.read(head.size)
    if len(content) != head.size:
        _malformed()
    file.seek(-head.size % _BLOCK, io.SEEK_CUR)
    return content


def _copy(source: IO[bytes], to: Path, each: File) -> None:
    digest, left = hashlib.sha256(), each.size
    with to.open("xb") as file:
        while piece := source.read(min(left, _PIECE)):
            left -= len(piece)
            digest.update(piece)
            file.write(piece)
    if digest.hexdigest() != each.sha256:
        to.unlink()
        _altered()


@contextmanager
def _opened(release: Path) -> Iterator[IO[bytes]]:
    try:
        with release.open("rb") as file:
            told = os.fstat(file.fileno())
            if not stat.S_ISREG(told.st_mode) or told.st_size > RELEASE_MOST_BYTES + _HEADERS_MOST:
                _malformed()
            yield file
    except OSError as error:
        raise RequestError(
            "release-absent",
            f"The release {release} cannot be read: {error.strerror or 'it is cut short'}.",
            remedy="Name a release file, gate-VERSION.release, that is there.",
        ) from error
    except (UnicodeError, ValueError):
        _malformed()


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o644
    return entry


def _malformed() -> NoReturn:
    raise RequestError(
        "release-malformed",
        "This file is no release of the gate, or it is cut short.",
        remedy="Copy it from its makers again.",
    ) from None


def _altered() -> NoReturn:
    raise RequestError(
        "release-altered",
        "A file in this release is not the one that its makers signed.",
        remedy="Copy it from its makers again; if it is refused still, tell them, and do not install it.",
    )
