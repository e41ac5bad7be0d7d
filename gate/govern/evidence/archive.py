"""The archive as a file: the same bytes for the same contents, every file's hash in one signed manifest."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Final

from gate.core.canonical import Json
from gate.errors import RequestError
from gate.store.account.signing import SignedDocument, Signer, verify

KIND: Final = "evidence"
SCHEMA: Final = "gate-evidence-1"
MANIFEST: Final = "manifest.json"
BYTES_MOST: Final = 256 << 20
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold: the real one stands in the manifest
_MODE: Final = 0o100600


def packed(files: Mapping[str, bytes], signer: Signer, about: Mapping[str, Json]) -> bytes:
    """Give the archive of *files* by name, with the manifest that signs them. about: gate, controller, time."""
    hashes: dict[str, Json] = {name: _sha256(content) for name, content in sorted(files.items())}
    document = {"schema": SCHEMA, **about, "files": hashes}
    return _zipped({**files, MANIFEST: signer.issue(KIND, document).encode()})


def verified(archive: bytes) -> tuple[SignedDocument, int]:
    """Check an archive without any gate; give its manifest and the number of files it speaks for.

    Whose key signed it, only a comparison of the fingerprint tells. Raises RequestError: ``evidence-unreadable``,
    ``evidence-files`` where one is extra, missing or altered, ``document-...``, ``signature-wrong``.
    """
    files = _unzipped(archive)
    if MANIFEST not in files:
        raise _files_wrong("it has no manifest")
    manifest = verify(files.pop(MANIFEST), KIND)
    hashes = manifest.document.get("files")
    if manifest.document.get("schema") != SCHEMA or not isinstance(hashes, dict):
        raise _unreadable("its manifest is of no release known here")
    if missing := sorted(set(hashes) - set(files)):
        raise _files_wrong(f"{missing[0]} is missing")
    if extra := sorted(set(files) - set(hashes)):
        raise _files_wrong(f"{extra[0]} does not belong to it")
    for name, content in files.items():
        if _sha256(content) != hashes[name]:
            raise _files_wrong(f"{name} was altered")
    return manifest, len(files)


def json_file(value: Json) -> bytes:
    """Give *value* as the text of a JSON file that people can read too."""
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def _zipped(files: Mapping[str, bytes]) -> bytes:
    """Pack without compression and with fixed times: nothing in the bytes but names and contents."""
    packed_bytes = io.BytesIO()
    with zipfile.ZipFile(packed_bytes, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3  # Unix, whatever the system
            entry.external_attr = _MODE << 16
            archive.writestr(entry, content)
    return packed_bytes.getvalue()


def _unzipped(archive: bytes) -> dict[str, bytes]:
    """Read every file. Bytes that packing the same files would not give are refused: there is no room for others."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            entries = opened.infolist()
            if sum(entry.file_size for entry in entries) > len(archive):
                raise _unreadable("it is packed otherwise than a gate packs")
            files = {entry.filename: opened.read(entry) for entry in entries}
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError, OSError) as error:
        raise _unreadable("it is no whole zip file") from error
    if _zipped(files) != archive:
        raise _unreadable("it holds bytes that no gate packed")
    return files


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _unreadable(why: str) -> RequestError:
    return RequestError(
        "evidence-unreadable",
        f"The archive cannot be verified: {why}.",
        remedy="Ask for the file as the gate exported it.",
    )


def _files_wrong(why: str) -> RequestError:
    return RequestError(
        "evidence-files",
        f"The archive is not as it was signed: {why}.",
        remedy="Ask for the file as the gate exported it.",
    )
