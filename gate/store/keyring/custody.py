"""Where the root key lies: one explicit table. What the settings name is used, and nothing else ever in its place."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from gate.errors import VaultError
from gate.store.folders import private_folder
from gate.store.keyring.keyfiles import alone_in, destroy_private, read_private, write_private
from gate.store.keyring.keys import KEY_BYTES, Custody, MasterKey
from gate.store.keyring.passphrase import SEALED_BYTES_MOST, open_root, seal_root
from gate.store.keyring.shelf import FileShelf, Shelf

KEY_NAME = "gate-master-key"
SEALED_NAME = "root.sealed"
TPM_NAME = "root.tpm"
PASSPHRASE_NAME = "gate-passphrase"  # noqa: S105 - a credential's name, not the credential
_PASSPHRASE_BYTES_MOST = 1024
# systemd grants us the right to read through the group bits (an ACL mask): only "others" can be judged.
_EVERYBODY = 0o007
_NAMES = {Custody.FILE: KEY_NAME, Custody.PASSPHRASE: SEALED_NAME, Custody.TPM: TPM_NAME}

Ask = Callable[[str], str]
"""Asks a question on the terminal, without showing what is typed, and gives the answer."""


@dataclass(frozen=True, slots=True)
class Tpm:
    """How to reach the TPM, and the registers (SHA-256 bank) whose state at sealing must be there again to unseal."""

    tcti: str = "device:/dev/tpmrm0"
    pcrs: tuple[int, ...] = (7,)


DEVICE_TPM = Tpm()


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where one gate's keys are, as its settings say.

    credentials_dir: systemd's. ask: None where nobody sits at a terminal. tpm: heeded by Custody.TPM only.
    """

    custody: Custody
    keys_dir: Path
    credentials_dir: Path | None = None
    ask: Ask | None = None
    tpm: Tpm = DEVICE_TPM


class Custodian(Protocol):
    """One way to keep a root key. Every method may raise VaultError with its remedy."""

    def load(self) -> bytearray | None:
        """Give the root key, or None if this custodian never got one."""

    def keep(self, root: bytes | bytearray) -> None:
        """Keep *root*, durably, in place of an earlier one."""

    def forget(self) -> None:
        """Destroy what is kept; nothing kept is fine."""

    def shelf(self) -> Shelf:
        """Give the place of the epoch secrets, apart from every database."""


@dataclass(frozen=True, slots=True)
class FileCustodian:
    """A 0600 file: software-held, whoever copies it has it."""

    place: KeyPlace

    def load(self) -> bytearray | None:
        """Read the file. Raises VaultError: ``custody-unclear``, ``key-readable``, ``key-length``."""
        handed = self.place.credentials_dir
        if handed is not None and (handed / KEY_NAME).exists():
            raise VaultError(
                "custody-unclear",
                f"systemd hands over {KEY_NAME}, but the settings keep the key in a file.",
                remedy='Set storage.custody to "credential", or take the credential out of the unit.',
            )
        return _whole(read_private(self._path, most=KEY_BYTES), self._path)

    def keep(self, root: bytes | bytearray) -> None:
        """Write the file."""
        write_private(self._path, root)

    def forget(self) -> None:
        """Destroy the file."""
        destroy_private(self._path)

    def shelf(self) -> Shelf:
        """Give the key folder."""
        return FileShelf(self.place.keys_dir)

    @property
    def _path(self) -> Path:
        return self.place.keys_dir / KEY_NAME


@dataclass(frozen=True, slots=True)
class CredentialCustodian:
    """A systemd credential, which the system keeps for us, with the machine's own key or its TPM."""

    place: KeyPlace

    def load(self) -> bytearray | None:
        """Read the credential. Raises VaultError: ``credential-missing``, ``key-readable``, ``key-length``."""
        path = self._path
        root = None if path is None else read_private(path, most=KEY_BYTES, forbidden=_EVERYBODY)
        if path is None or root is None:
            raise self._missing()
        return _whole(root, path)

    def keep(self, root: bytes | bytearray) -> None:  # noqa: ARG002 - every custodian is offered it
        """Refuse: only the system can keep it. Raises VaultError ``credential-missing``."""
        raise self._missing()

    def forget(self) -> None:
        """Do nothing: the credential is the system's, and whoever resets the gate is told to delete it there."""

    def shelf(self) -> Shelf:
        """Give the key folder."""
        return FileShelf(self.place.keys_dir)

    @property
    def _path(self) -> Path | None:
        folder = self.place.credentials_dir
        return None if folder is None else folder / KEY_NAME

    @staticmethod
    def _missing() -> VaultError:
        return VaultError(
            "credential-missing",
            f"storage.custody is credential, but systemd hands over no {KEY_NAME}.",
            remedy="If one was made, only the running service has it: systemctl start gate. Only for a gate that never had "
            f"one make it, of {KEY_BYTES} bytes (systemd-creds encrypt --name={KEY_NAME}), never over an existing file, and "
            "name it in the unit with LoadCredentialEncrypted=.",
        )


@dataclass(frozen=True, slots=True)
class PassphraseCustodian:
    """A file that opens with an operator's passphrase: from systemd's credential, else asked for."""

    place: KeyPlace

    def load(self) -> bytearray | None:
        """Read the file and open it. Raises VaultError: ``passphrase-wrong``, ``key-passphrase-missing`` ..."""
        sealed = read_private(self._path, most=SEALED_BYTES_MOST)
        if sealed is None:
            return None
        return open_root(sealed, self._handed_over() or self._asked("Passphrase of this gate's root key"))

    def keep(self, root: bytes | bytearray) -> None:
        """Seal the key under the passphrase handed over, else under one that is asked for twice."""
        write_private(self._path, seal_root(root, self._handed_over() or self._chosen()))

    def change(self, root: bytes | bytearray) -> None:
        """Seal the key under another passphrase, asked for twice; the credential, if any, is not consulted."""
        write_private(self._path, seal_root(root, self._chosen()))

    def forget(self) -> None:
        """Destroy the file."""
        destroy_private(self._path)

    def shelf(self) -> Shelf:
        """Give the key folder."""
        return FileShelf(self.place.keys_dir)

    @property
    def _path(self) -> Path:
        return self.place.keys_dir / SEALED_NAME

    @property
    def is_handed_over(self) -> bool:
        """Tell whether systemd hands the passphrase over."""
        return self._handed_over() is not None

    def _handed_over(self) -> str | None:
        folder = self.place.credentials_dir
        if folder is None:
            return None
        path = folder / PASSPHRASE_NAME
        content = read_private(path, most=_PASSPHRASE_BYTES_MOST, forbidden=_EVERYBODY)
        if content is None:
            return None
        try:
            passphrase = content.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            passphrase = ""
        if not passphrase or len(content) > _PASSPHRASE_BYTES_MOST:
            raise VaultError(
                "passphrase-malformed",
                f"The credential {PASSPHRASE_NAME} is no line of text.",
                remedy=f"Hand the passphrase over as UTF-8, at most {_PASSPHRASE_BYTES_MOST} bytes.",
            )
        return passphrase

    def _asked(self, question: str) -> str:
        if self.place.ask is None:
            raise VaultError(
                "key-passphrase-missing",
                "The root key needs its passphrase, and nobody is there to be asked.",
                remedy=f"Start the gate on a terminal, or hand it over as the systemd credential {PASSPHRASE_NAME}.",
            )
        return self.place.ask(question)

    def _chosen(self) -> str:
        passphrase = self._asked("New passphrase, at least 12 characters")
        if self._asked("The new passphrase again") != passphrase:
            raise VaultError(
                "passphrase-differs",
                "The two passphrases differ; nothing was changed.",
                remedy="Try again.",
            )
        return passphrase


def _tpm(place: KeyPlace) -> Custodian:
    from gate.store.keyring.tpm import TpmCustodian  # needs the extra gate[tpm]

    return TpmCustodian(place)


CUSTODIANS: Final[Mapping[Custody, Callable[[KeyPlace], Custodian]]] = {
    Custody.FILE: FileCustodian,
    Custody.CREDENTIAL: CredentialCustodian,
    Custody.PASSPHRASE: PassphraseCustodian,
    Custody.TPM: _tpm,
}


def load_root(place: KeyPlace, *, create: bool) -> MasterKey:
    """Give the root key from where the settings say it lies.

    create: a first start may draw one; later a missing key is an error, for a new one would open nothing. Raises
    VaultError: ``key-missing``, or what the custodian finds.
    """
    private_folder(place.keys_dir)
    custodian = CUSTODIANS[place.custody](place)
    root = custodian.load()
    if root is None and create:
        root = _drawn(place, custodian)
    if root is None:
        raise VaultError(
            "key-missing",
            f"The database is there, its master key is not in {place.keys_dir}.{_elsewhere(place)}",
            remedy="Put the key back, or restore a backup with the recovery shares (gate restore --shares), or start "
            "anew (gate reset).",
        )
    return MasterKey(root, place.custody)


def _drawn(place: KeyPlace, custodian: Custodian) -> bytearray | None:
    """Draw a root key and keep it; of two first starts at the same moment the later one takes the earlier one's."""
    with alone_in(place.keys_dir, wait=True):
        root = custodian.load()
        if root is None:
            custodian.keep(secrets.token_bytes(KEY_BYTES))
            root = custodian.load()
    return root


def _elsewhere(place: KeyPlace) -> str:
    found = [str(custody) for custody, name in _NAMES.items() if (place.keys_dir / name).exists()]
    return f' There is one of storage.custody = "{found[0]}".' if found else ""


def _whole(root: bytearray | None, path: Path) -> bytearray | None:
    if root is not None and len(root) != KEY_BYTES:
        raise VaultError(
            "key-length",
            f"The master key {path} does not hold exactly {KEY_BYTES} bytes.",
            remedy="Put the right key back.",
        )
    return root
