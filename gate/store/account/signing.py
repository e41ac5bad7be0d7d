"""The device's signature (Ed25519), and signed documents that anybody can verify without the device."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gate.core.canonical import canonical, parsed
from gate.errors import RequestError


@dataclass(frozen=True, slots=True)
class SignedDocument:
    """A document as it was verified. public_key: 32 bytes; whose it is, only a comparison of fingerprints tells."""

    kind: str
    document: dict[str, object] = field(repr=False)
    public_key: bytes

    @property
    def fingerprint(self) -> str:
        """Give the signing key's fingerprint, to be compared with the one the gate shows."""
        return fingerprint(self.public_key)


class Signer:
    """Signs what this device says. seed: 32 bytes."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._key.public_key().public_bytes_raw()

    def sign(self, data: bytes) -> bytes:
        """Give the signature of *data*, 64 bytes."""
        return self._key.sign(data)

    def issue(self, kind: str, document: Mapping[str, object]) -> str:
        """Give *document* as signed JSON text of the given *kind* (``receipt``, ``certificate`` ...)."""
        signed = {"kind": kind, "document": document}
        signature = self.sign(canonical(signed))
        envelope = signed | {"public_key": _text(self.public_key), "signature": _text(signature)}
        return json.dumps(envelope, ensure_ascii=False, indent=2) + "\n"


def fingerprint(public_key: bytes) -> str:
    """Give the first 16 bytes of the key's SHA-256 in groups of four, as people compare them."""
    text = hashlib.sha256(public_key).hexdigest()[:32]
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def is_signed(data: bytes, signature: bytes, public_key: bytes) -> bool:
    """Tell whether *signature* of *data* was made with the private part of *public_key*."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def verify(text: str | bytes, kind: str, *, public_key: bytes | None = None) -> SignedDocument:
    """Read a signed document back, offline.

    public_key: the key it must be signed with, where the caller knows it. Raises RequestError: ``document-malformed``,
    ``document-kind``, ``signature-wrong``, ``signer-unknown``.
    """
    try:
        envelope = parsed(text)
        if not isinstance(envelope, dict):
            raise _malformed()
        signed = {"kind": envelope["kind"], "document": envelope["document"]}
        theirs, signature = _bytes(envelope["public_key"]), _bytes(envelope["signature"])
        spelled, complete = (
            canonical(signed),
            set(envelope) == {"kind", "document", "public_key", "signature"},
        )
        complete = complete and isinstance(envelope["document"], dict)
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as error:
        raise _malformed() from error
    if not complete:
        raise _malformed()
    if not is_signed(spelled, signature, theirs):
        raise RequestError(
            "signature-wrong",
            "The document was altered: its signature does not fit its words.",
            remedy="Ask the gate that issued it for a fresh copy.",
        )
    if signed["kind"] != kind:
        raise RequestError(
            "document-kind", f"The document is no {kind}.", remedy=f"Name the file of a {kind}."
        )
    if public_key is not None and theirs != public_key:
        raise RequestError(
            "signer-unknown",
            "The document is whole, but another device signed it.",
            remedy="Compare its fingerprint with the one on the gate's status page.",
        )
    return SignedDocument(kind, signed["document"], theirs)


def _malformed() -> RequestError:
    return RequestError(
        "document-malformed",
        "This is no signed document of a gate.",
        remedy="Name the file as it was issued.",
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
