"""Fuzz release files: what its makers did not sign is refused with a RequestError, and a signed manifest has one shape."""

import io
import json
import tarfile

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.errors import RequestError
from gate.release.manifest import Manifest
from gate.release.sealed import MANIFEST_NAME, SIGNATURE_BYTES, SIGNATURE_NAME, read_manifest
from tests.fuzz.harness import Cut, as_file

MAKERS = (Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key(),)
NAMES = ("gate-1.2.3-py3-none-any.whl", "requirements.lock")
MANIFEST = {
    "format": 1,
    "product": "gate",
    "version": "1.2.3",
    "schema": 9,
    "interface": 1,
    "pythons": ["3.11"],
    "files": [{"name": name, "size": 1, "sha256": "ab" * 32} for name in NAMES],
}
SPELLED = json.dumps(MANIFEST).encode()


def _tar(**held):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in held.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue().rstrip(b"\0")


SEEDS = (
    b"\x00" + _tar(**{MANIFEST_NAME: SPELLED, SIGNATURE_NAME: bytes(SIGNATURE_BYTES)}),
    b"\x00" + _tar(**{MANIFEST_NAME: b"{}"}),
    b"\x01" + SPELLED,
    b"\x01" + SPELLED.replace(b"requirements.lock", b"../../etc/passwd"),
    b"\x01" + SPELLED.replace(b'"schema": 9', b'"schema": 1e999'),
    b"\x01" + b"[" * 4000,
)


def one_input(raw):
    """Read it as a release; or, from an odd first byte on, as a manifest whose signature held."""
    data = Cut(raw)
    if data.number(0, 1):
        try:
            manifest = Manifest.decode(data.rest())
        except RequestError:
            return
        assert Manifest.decode(manifest.encode()) == manifest
        assert not any("/" in each.name or each.name.startswith(".") for each in manifest.files)
        return
    with as_file(data.rest()) as path:
        try:
            read_manifest(path, MAKERS)
        except RequestError:
            return
    raise AssertionError("a release that nobody signed was taken")
