"""What a release says of itself: a closed form, read strictly, the bytes of which are what is signed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from gate.errors import RequestError
from gate.release.place import Version

PRODUCT: Final = "gate"
FORMAT: Final = 1
INTERFACE: Final = 1
"""What of the Debian package a release leans on: its units, its account, its folders. Raised when one of them changes."""
MANIFEST_MOST_BYTES: Final = 256 * 1024
FILES_MOST: Final = 400
PYTHONS_MOST: Final = 10
FILE_MOST_BYTES: Final = 512 * 1024 * 1024
RELEASE_MOST_BYTES: Final = 1024 * 1024 * 1024
LOCK_NAME: Final = "requirements.lock"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,199}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_PYTHON = re.compile(r"3\.[0-9]{1,2}", re.ASCII)
_KEYS = {"format", "product", "version", "schema", "interface", "pythons", "files"}


@dataclass(frozen=True, slots=True)
class File:
    """One file of a release: a plain name, its bytes and their SHA-256."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """One release. schema: of the database it brings. interface: of the package it needs. pythons: that it runs on."""

    version: Version
    schema: int
    interface: int
    pythons: tuple[str, ...]
    files: tuple[File, ...]

    @property
    def wheel(self) -> str:
        """Give the name of the gate's own wheel."""
        return wheel_name(self.version)

    @property
    def carries_wheels(self) -> bool:
        """Tell whether it brings its dependencies, so that no network is needed."""
        return any(each.name.endswith(".whl") and each.name != self.wheel for each in self.files)

    @property
    def size(self) -> int:
        """Give the bytes of all files."""
        return sum(each.size for each in self.files)

    def encode(self) -> bytes:
        """Give the bytes to sign: sorted keys, no spaces."""
        told = {
            "format": FORMAT,
            "product": PRODUCT,
            "version": str(self.version),
            "schema": self.schema,
            "interface": self.interface,
            "pythons": list(self.pythons),
            "files": [{"name": f.name, "size": f.size, "sha256": f.sha256} for f in self.files],
        }
        return json.dumps(told, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, content: bytes) -> Manifest:
        """Read it. Raises RequestError: ``release-malformed``, ``release-product``, ``release-format``, ``release-version``."""
        try:
            told = json.loads(content)
        except (ValueError, RecursionError):
            _malformed("its manifest is not JSON")
        if not isinstance(told, dict):
            _malformed("its manifest is no object")
        if told.get("product") != PRODUCT:
            raise RequestError(
                "release-product",
                "This is a release of another product.",
                remedy="Take a release of the gate.",
            )
        if told.get("format") != FORMAT:
            raise RequestError(
                "release-format",
                "This release is written in a way that this gate does not know.",
                remedy="Install the newest Debian package first, then this release.",
            )
        if set(told) != _KEYS:
            _malformed("its manifest has other keys than it should")
        return cls(
            version=Version.parse(_text(told, "version")),
            schema=_number(told, "schema"),
            interface=_number(told, "interface"),
            pythons=_pythons(told["pythons"]),
            files=_files(told["files"], Version.parse(_text(told, "version"))),
        )


def wheel_name(version: Version) -> str:
    """Give the file name of the gate's wheel."""
    return f"gate-{version}-py3-none-any.whl"


def _files(told: object, version: Version) -> tuple[File, ...]:
    if not isinstance(told, list) or not 0 < len(told) <= FILES_MOST:
        _malformed(f"it lists no files, or more than {FILES_MOST}")
    files = tuple(_file(each) for each in told)
    names = [each.name for each in files]
    if len(set(names)) != len(names) or not {LOCK_NAME, wheel_name(version)} <= set(names):
        _malformed("it lists a file twice, or lacks its wheel or its lock")
    if sum(each.size for each in files) > RELEASE_MOST_BYTES:
        _malformed(f"it is larger than {RELEASE_MOST_BYTES >> 20} MB")
    return files


def _file(told: object) -> File:
    if not isinstance(told, dict) or set(told) != {"name", "size", "sha256"}:
        _malformed("a file is not described as it should be")
    name, sha256, size = _text(told, "name"), _text(told, "sha256"), _number(told, "size")
    if not _NAME.fullmatch(name) or not _SHA256.fullmatch(sha256) or size > FILE_MOST_BYTES:
        _malformed("a file has a name, a hash or a size that no file of a release has")
    return File(name, size, sha256)


def _pythons(told: object) -> tuple[str, ...]:
    if not isinstance(told, list) or not 0 < len(told) <= PYTHONS_MOST:
        _malformed(f"it names no Python, or more than {PYTHONS_MOST}")
    for each in told:
        if not isinstance(each, str) or not _PYTHON.fullmatch(each):
            _malformed("it names a Python that is none")
    return tuple(told)


def _text(told: Mapping[str, object], key: str) -> str:
    found = told[key]
    if not isinstance(found, str):
        _malformed(f"{key} is no text")
    return found


def _number(told: Mapping[str, object], key: str) -> int:
    found = told[key]
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        _malformed(f"{key} is no number")
    return found


def _malformed(why: str) -> NoReturn:
    raise RequestError(
        "release-malformed",
        f"This is not a release as its makers publish one: {why}.",
        remedy="Copy it from its makers again.",
    )
