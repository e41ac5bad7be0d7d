"""Who may publish a release: Ed25519 keys, of which a device holds the public halves alone (R57)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from gate.errors import ConfigError, RequestError

KEY_FOLDERS: Final = (Path("/usr/share/gate/release-keys"), Path("/etc/gate/release-keys"))
"""The makers' keys, from the package, and the site's own, for releases it builds itself."""
_DOMAIN: Final = b"gate release 1\0"


def sign(manifest: bytes, private_key: Path) -> bytes:
    """Sign the bytes of a manifest. Raises ConfigError ``release-key`` for a file that holds no Ed25519 private key."""
    try:
        key = load_pem_private_key(private_key.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _no_key(private_key) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(private_key)
    return key.sign(_DOMAIN + manifest)


def public_keys(folders: Iterable[Path] = KEY_FOLDERS) -> tuple[Ed25519PublicKey, ...]:
    """Give the keys in *folders*. Raises ConfigError ``release-key`` for a file there that is none."""
    found = []
    for path in (path for folder in folders for path in sorted(folder.glob("*.pem"))):
        try:
            key = load_pem_public_key(path.read_bytes())
        except (OSError, ValueError, UnsupportedAlgorithm) as error:
            raise _no_key(path) from error
        if not isinstance(key, Ed25519PublicKey):
            raise _no_key(path)
        found.append(key)
    return tuple(found)


def verify(manifest: bytes, signature: bytes, keys: Iterable[Ed25519PublicKey]) -> None:
    """Return if one of *keys* signed the manifest. Raises RequestError ``release-unsigned``, ``release-keys-absent``."""
    keys = tuple(keys)
    if not keys:
        raise RequestError(
            "release-keys-absent",
            "This device knows no key that may sign releases, so it takes none.",
            remedy=f"Put the makers' public key (PEM) into {KEY_FOLDERS[1]}, after comparing it with what they publish.",
        )
    for key in keys:
        try:
            key.verify(signature, _DOMAIN + manifest)
        except InvalidSignature:
            continue
        return
    raise RequestError(
        "release-unsigned",
        "Nobody whose key this device knows signed this release, or it was altered since.",
        remedy="Copy it from its makers again; if it is refused still, tell them, and do not install it.",
    )


def _no_key(path: Path) -> ConfigError:
    return ConfigError(
        "release-key",
        f"{path} holds no Ed25519 key in PEM.",
        remedy="Make one with: openssl genpkey -algorithm ed25519 -out FILE (and openssl pkey -in FILE -pubout).",
    )
