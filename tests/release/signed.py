"""Releases as their makers sign them, and as nobody should."""

import io
import tarfile

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from gate.release.manifest import LOCK_NAME, Manifest, wheel_name
from gate.release.place import Version
from gate.release.sealed import MANIFEST_NAME, SIGNATURE_NAME, describe, write_release
from gate.release.signing import sign

NOW = Version(0, 2, 0)


class Makers:
    """Somebody with a key, who publishes releases out of a folder."""

    def __init__(self, folder, name="makers"):
        key = Ed25519PrivateKey.generate()
        self.folder = folder
        self.private = folder / f"{name}.private"
        self.private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self.keys = folder / f"{name}.keys"
        self.keys.mkdir()
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (self.keys / "makers.pem").write_bytes(public)
        self.public = (key.public_key(),)

    def files(self, version, **others):
        """Lay out what a release holds: names and bytes."""
        into = self.folder / f"files-{version}"
        into.mkdir(exist_ok=True)
        content = {wheel_name(version): b"a wheel", LOCK_NAME: b"a lock", **others}
        for name, held in content.items():
            (into / name).write_bytes(held)
        return describe(into / name for name in content)

    def publish(self, version=NOW, **told):
        described = self.files(version)
        facts = {"schema": 9, "interface": 1, "pythons": ("3.11", "3.12", "3.13"), **told}
        manifest = Manifest(version=version, files=tuple(each.file for each in described), **facts)
        path = self.folder / f"gate-{version}.release"
        write_release(path, manifest, described, self.private)
        return path

    def publish_raw(self, manifest, files=(), *, signature=None):
        """Sign whatever bytes are given, and add whatever entries: what no publisher of ours writes."""
        path = self.folder / "raw.release"
        with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
            signed = sign(manifest, self.private) if signature is None else signature
            for name, held in ((MANIFEST_NAME, manifest), (SIGNATURE_NAME, signed), *files):
                entry = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
                if not isinstance(name, tarfile.TarInfo):
                    entry.size = len(held)
                tar.addfile(entry, io.BytesIO(held))
        return path
