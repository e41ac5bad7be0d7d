"""The release file: a plain tar of manifest, signature and files. Nothing in it is used before the signature holds."""

from __future__ import annotations

import hashlib
import io
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
    with _opened(release) as tar:
        return _verified(tar, keys)


def unpack(release: Path, into: Path, keys: Iterable[Ed25519PublicKey]) -> Manifest:
    """Verify signature and files, and write the files into *into*, which is empty and nobody else's.

    What is written is what was hashed: the file is read once. Raises as ``read_manifest``, and ``release-altered``.
    """
    with _opened(release) as tar:
        manifest = _verified(tar, keys)
        wanted = {each.name: each for each in manifest.files}
        while (entry := tar.next()) is not None:
            each = wanted.pop(entry.name, None)
            if each is None or not entry.isreg() or entry.size != each.size:
                _altered()
            source = tar.extractfile(entry)
            assert source is not None
            _copy(source, into / each.name, each)
        if wanted:
            _altered()
    return manifest


def _verified(tar: tarfile.TarFile, keys: Iterable[Ed25519PublicKey]) -> Manifest:
    content = _first(tar, MANIFEST_NAME, MANIFEST_MOST_BYTES)
    signature = _first(tar, SIGNATURE_NAME, SIGNATURE_BYTES)
    verify(content, signature, keys)
    return Manifest.decode(content)


def _first(tar: tarfile.TarFile, name: str, most: int) -> bytes:
    """Give the next entry, which must be *name* and no larger than *most*."""
    entry = tar.next()
    if entry is None or entry.name != name or not entry.isreg() or entry.size > most:
        _malformed()
    source = tar.extractfile(entry)
    assert source is not None
    return source.read()


def _copy(source: IO[bytes], to: Path, each: File) -> None:
    digest = hashlib.sha256()
    with to.open("xb") as file:
        while piece := source.read(_PIECE):
            digest.update(piece)
            file.write(piece)
    if digest.hexdigest() != each.sha256:
        to.unlink()
        _altered()


@contextmanager
def _opened(release: Path) -> Iterator[tarfile.TarFile]:
    try:
        size = release.stat().st_size
        if size > RELEASE_MOST_BYTES + _HEADERS_MOST:
            _malformed()
        with tarfile.open(release, "r:") as tar:
            yield tar
    except OSError as error:
        raise RequestError(
            "release-absent",
            f"The release {release} cannot be read: {error.strerror or 'it is cut short'}.",
            remedy="Name a release file, gate-VERSION.release, that is there.",
        ) from error
    except (tarfile.TarError, EOFError, ValueError):
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
