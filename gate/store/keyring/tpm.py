"""The root key sealed in a TPM 2.0, the epoch secrets in its non-volatile memory.

The key file ``root.tpm`` opens on the chip that made it and nowhere else, and only while the chosen registers (PCRs)
stand as they did. The epoch secrets lie in two slots of the chip itself: an older copy of the storage brings no older
epoch back, not even on the same device. Every session is salted and encrypted, so that the wires to a chip of its own
carry no key in clear. The library comes with the extra ``gate[tpm]``. Sources: TPM 2.0 Library, part 1, 19.6.7 (PCR
policy) and 37 (NV); the library's own documentation, https://tpm2-pytss.readthedocs.io.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Final

from gate.errors import VaultError
from gate.store.keyring.custody import TPM_NAME, KeyPlace, Tpm
from gate.store.keyring.keyfiles import destroy_private, read_private, write_private
from gate.store.keyring.keys import KEY_BYTES

SLOTS: Final = (0x0184_6700, 0x0184_6701)
"""Indexes in the owner's range: epoch N lies in slot N % 2."""
_NUMBER_BYTES = 8
_WRAPPED_BYTES = 60  # nonce, secret and tag of AES-GCM
_SLOT_BYTES = _NUMBER_BYTES + _WRAPPED_BYTES
_FORMAT = 1
_FILE_BYTES_MOST = 8192
_PRIMARY = "ecc256:aes128cfb"
_CLEARED = (
    "If the chip was cleared or replaced its keys are gone: restore the gate from a backup (gate restore)."
)


@dataclass(frozen=True, slots=True)
class SealedRoot:
    """What the key file holds: the chip's own two parts, and the registers they are bound to."""

    pcrs: tuple[int, ...]
    public: bytes = field(repr=False)
    private: bytes = field(repr=False)

    def encode(self) -> bytes:
        """Give the file's bytes."""
        parts = {"public": _text(self.public), "private": _text(self.private)}
        return json.dumps({"format": _FORMAT, "pcrs": self.pcrs} | parts, indent=2).encode() + b"\n"

    @classmethod
    def decode(cls, content: bytes) -> SealedRoot:
        """Read the file's bytes. Raises VaultError ``key-malformed``."""
        try:
            fields = json.loads(content)
            if set(fields) != {"format", "pcrs", "public", "private"} or fields["format"] != _FORMAT:
                raise _malformed()
            pcrs = tuple(int(pcr) for pcr in fields["pcrs"])
            return cls(pcrs, _bytes(fields["public"]), _bytes(fields["private"]))
        except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise _malformed() from error


class TpmCustodian:
    """Keeps the root key in the TPM that the settings name."""

    def __init__(self, place: KeyPlace) -> None:
        self._tpm = place.tpm
        self._path = place.keys_dir / TPM_NAME

    def load(self) -> bytearray | None:
        """Unseal the key. Raises VaultError: ``tpm-absent``, ``tpm-pcr``, ``tpm-reset``, ``tpm-locked`` ..."""
        sealed = self._sealed()
        if sealed is None:
            return None
        with _chip(self._tpm) as chip:
            return chip.unseal(sealed)

    def keep(self, root: bytes | bytearray) -> None:
        """Seal the key to the registers as they stand now; both slots become empty."""
        with _chip(self._tpm) as chip:
            for slot in SLOTS:
                chip.clear_slot(slot)
            sealed = chip.seal(bytes(root), self._tpm.pcrs)
        write_private(self._path, sealed.encode())

    def forget(self) -> None:
        """Destroy the slots, then the file; a chip that is gone has nothing left to destroy in it."""
        with suppress(VaultError), _chip(self._tpm) as chip:
            for slot in SLOTS:
                chip.clear_slot(slot)
        destroy_private(self._path)

    def shelf(self) -> TpmShelf:
        """Give the chip's two slots."""
        return TpmShelf(self._tpm)

    def _sealed(self) -> SealedRoot | None:
        content = read_private(self._path, most=_FILE_BYTES_MOST)
        if content is None:
            return None
        sealed = SealedRoot.decode(bytes(content))
        if sealed.pcrs != self._tpm.pcrs:
            raise VaultError(
                "tpm-registers",
                f"The root key is sealed to the registers {list(sealed.pcrs)}, the settings say {list(self._tpm.pcrs)}.",
                remedy=f"Set storage.tpm_pcrs to {list(sealed.pcrs)}.",
            )
        return sealed


@dataclass(frozen=True, slots=True)
class TpmShelf:
    """The chip's two slots as a shelf of epoch secrets."""

    tpm: Tpm

    def numbers(self) -> frozenset[int]:
        """Give the numbers in the slots."""
        with _chip(self.tpm) as chip:
            return frozenset(filter(None, (_number(chip.read_slot(slot, self.tpm.pcrs)) for slot in SLOTS)))

    def get(self, number: int) -> bytes | None:
        """Read the slot, if it holds *number*."""
        with _chip(self.tpm) as chip:
            content = chip.read_slot(_slot(number), self.tpm.pcrs)
        return content[_NUMBER_BYTES:] if content is not None and _number(content) == number else None

    def put(self, number: int, wrapped: bytes) -> None:
        """Write the slot; what lay in it is overwritten."""
        if len(wrapped) != _WRAPPED_BYTES:
            raise ValueError("a wrapped epoch secret has 60 bytes")
        with _chip(self.tpm) as chip:
            chip.write_slot(_slot(number), number.to_bytes(_NUMBER_BYTES) + wrapped, self.tpm.pcrs)

    def destroy(self, number: int) -> None:
        """Overwrite the slot with zeros, if it holds *number*."""
        with _chip(self.tpm) as chip:
            if _number(chip.read_slot(_slot(number), self.tpm.pcrs)) == number:
                chip.write_slot(_slot(number), bytes(_SLOT_BYTES), self.tpm.pcrs)


class _Chip:
    """One conversation with the TPM. What it loads is flushed: the chip has room for very little."""

    def __init__(self, library: ModuleType, esapi: Any) -> None:
        self._lib = library
        self._esapi = esapi
        attributes = library.TPMA_OBJECT
        primary = library.TPMT_PUBLIC.parse(
            _PRIMARY,
            objectAttributes=attributes.FIXEDTPM
            | attributes.FIXEDPARENT
            | attributes.SENSITIVEDATAORIGIN
            | attributes.USERWITHAUTH
            | attributes.RESTRICTED
            | attributes.DECRYPT
            | attributes.NODA,
        )
        # The same primary key comes out every time, from the owner's seed, which clearing the chip replaces.
        self._primary = esapi.create_primary(None, library.TPM2B_PUBLIC(primary), library.ESYS_TR.OWNER)[0]

    def close(self) -> None:
        self._esapi.flush_context(self._primary)

    def seal(self, root: bytes, pcrs: tuple[int, ...]) -> SealedRoot:
        lib = self._lib
        attributes = lib.TPMA_OBJECT.FIXEDTPM | lib.TPMA_OBJECT.FIXEDPARENT | lib.TPMA_OBJECT.NODA
        template = lib.TPMT_PUBLIC.parse(
            "keyedhash", objectAttributes=attributes, authPolicy=self._policy(pcrs)
        )
        sensitive = lib.TPMS_SENSITIVE_CREATE(data=lib.TPM2B_SENSITIVE_DATA(root))
        with self._session(lib.TPM2_SE.HMAC) as session:
            private, public, *_ = self._esapi.create(
                self._primary,
                lib.TPM2B_SENSITIVE_CREATE(sensitive),
                lib.TPM2B_PUBLIC(template),
                session1=session,
            )
        return SealedRoot(pcrs, public.marshal(), private.marshal())

    def unseal(self, sealed: SealedRoot) -> bytearray:
        lib = self._lib
        private = lib.TPM2B_PRIVATE.unmarshal(sealed.private)[0]
        public = lib.TPM2B_PUBLIC.unmarshal(sealed.public)[0]
        item = self._esapi.load(self._primary, private, public)
        try:
            with self._session(lib.TPM2_SE.POLICY, sealed.pcrs) as session:
                root = bytearray(bytes(self._esapi.unseal(item, session1=session)))
        finally:
            self._esapi.flush_context(item)
        if len(root) != KEY_BYTES:
            raise _malformed()
        return root

    def read_slot(self, slot: int, pcrs: tuple[int, ...]) -> bytes | None:
        """Give the slot's content, None where it is not there or was never written."""
        lib = self._lib
        index = self._index(slot)
        if index is None:
            return None
        try:
            with self._session(lib.TPM2_SE.POLICY, pcrs) as session:
                return bytes(self._esapi.nv_read(index, _SLOT_BYTES, auth_handle=index, session1=session))
        except lib.TSS2_Exception as error:
            if error.error == lib.TPM2_RC.NV_UNINITIALIZED:
                return None
            raise

    def write_slot(self, slot: int, content: bytes, pcrs: tuple[int, ...]) -> None:
        lib = self._lib
        index = self._index(slot)
        if index is None:
            public = lib.TPMS_NV_PUBLIC(
                nvIndex=slot,
                nameAlg=lib.TPM2_ALG.SHA256,
                attributes=self._slot_attributes,
                authPolicy=self._policy(pcrs),
                dataSize=_SLOT_BYTES,
            )
            index = self._esapi.nv_define_space(b"", lib.TPM2B_NV_PUBLIC(public))
        with self._session(lib.TPM2_SE.HMAC) as session:
            self._esapi.nv_write(index, content, auth_handle=lib.ESYS_TR.OWNER, session1=session)

    def clear_slot(self, slot: int) -> None:
        """Remove the slot with all it held."""
        index = self._index(slot)
        if index is not None:
            self._esapi.nv_undefine_space(index)

    @property
    def _slot_attributes(self) -> Any:
        # Written by the owner, read under the registers' policy: another system on this device cannot copy it.
        nv = self._lib.TPMA_NV
        return nv.OWNERWRITE | nv.POLICYREAD | nv.NO_DA

    def _index(self, slot: int) -> Any | None:
        """Find the slot. Raises VaultError ``tpm-slot`` if other software made something there."""
        lib = self._lib
        try:
            index = self._esapi.tr_from_tpmpublic(slot)
        except lib.TSS2_Exception as error:
            if error.error == lib.TPM2_RC.HANDLE:
                return None
            raise
        public = self._esapi.nv_read_public(index)[0].nvPublic
        is_ours = public.dataSize == _SLOT_BYTES and (
            int(public.attributes) & ~int(lib.TPMA_NV.WRITTEN) == int(self._slot_attributes)
        )
        if not is_ours:
            raise VaultError(
                "tpm-slot",
                f"Other software uses the TPM's index {slot:#x}, which this gate needs.",
                remedy="Free it (tpm2_nvundefine) if nothing needs it, or choose another storage.custody.",
            )
        return index

    def _policy(self, pcrs: tuple[int, ...]) -> Any:
        with self._session(self._lib.TPM2_SE.TRIAL, pcrs) as session:
            return self._esapi.policy_get_digest(session)

    @contextmanager
    def _session(self, kind: Any, pcrs: tuple[int, ...] = ()) -> Iterator[Any]:
        lib, esapi = self._lib, self._esapi
        cipher = lib.TPMT_SYM_DEF(
            algorithm=lib.TPM2_ALG.AES,
            keyBits=lib.TPMU_SYM_KEY_BITS(aes=128),
            mode=lib.TPMU_SYM_MODE(aes=lib.TPM2_ALG.CFB),
        )
        session = esapi.start_auth_session(self._primary, lib.ESYS_TR.NONE, kind, cipher, lib.TPM2_ALG.SHA256)
        try:
            attributes = lib.TPMA_SESSION
            esapi.trsess_set_attributes(
                session, attributes.CONTINUESESSION | attributes.ENCRYPT | attributes.DECRYPT
            )
            if pcrs:
                esapi.policy_pcr(session, b"", "sha256:" + ",".join(map(str, pcrs)))
            yield session
        finally:
            esapi.flush_context(session)


@contextmanager
def _chip(tpm: Tpm) -> Iterator[_Chip]:
    """Talk to the TPM; every trouble it reports becomes a VaultError with its remedy, the cause chained."""
    library = _library()
    try:
        with library.ESAPI(tpm.tcti) as esapi:
            chip = _Chip(library, esapi)
            try:
                yield chip
            finally:
                with suppress(library.TSS2_Exception):  # what went wrong before says more
                    chip.close()
    except library.TSS2_Exception as error:
        raise _fault(library, error, tpm) from error


def _library() -> ModuleType:
    os.environ.setdefault("TSS2_LOG", "all+none")  # it would write to standard error what our errors say
    try:
        import tpm2_pytss
    except ImportError as error:
        raise VaultError(
            "tpm-library",
            "storage.custody is tpm, but the library for it is not installed.",
            remedy="As root: gate update add tpm, which names what it wants; in a checkout: make tpm.",
        ) from error
    library: ModuleType = tpm2_pytss
    return library


def _fault(library: ModuleType, error: Any, tpm: Tpm) -> VaultError:
    """Say what the TPM means, by its code (TPM 2.0 Library, part 2, 6.6.3; the layer stands in bits 16 to 23)."""
    codes, layers = library.TPM2_RC, library.TSS2_RC
    layer = int(error.rc) & int(layers.RC_LAYER_MASK)
    if layer == int(layers.TCTI_RC_LAYER):
        return VaultError(
            "tpm-absent",
            f"There is no TPM at {tpm.tcti}.",
            remedy="Check storage.tpm_tcti, the chip and the gate's right to use it (group tss); nothing else is used in "
            "its place.",
        )
    if layer == int(layers.MU_RC_LAYER):
        return _malformed()
    match error.error:
        case codes.POLICY_FAIL | codes.PCR_CHANGED:
            what = "The TPM's registers changed since the root key was sealed: firmware or boot settings are others now."
            return VaultError(
                "tpm-pcr",
                what,
                remedy="Start the device as it was then; after a wanted change, restore the gate (gate restore).",
            )
        case codes.INTEGRITY:
            what = "This TPM did not seal this root key: it was cleared, or the storage is another device's."
            return VaultError(
                "tpm-reset", what, remedy=f"Put the storage back into its own device. {_CLEARED}"
            )
        case codes.BAD_AUTH | codes.AUTH_FAIL | codes.LOCKOUT | codes.HIERARCHY:
            what = (
                "The TPM is locked: its owner has a password, is disabled, or too many wrong ones were tried."
            )
            return VaultError(
                "tpm-locked", what, remedy="Take the owner password off, or wait until the lockout is over."
            )
        case _:
            return VaultError(
                "tpm-failed",
                f"The TPM refused with the code {int(error.rc):#x}.",
                remedy=f"Cut the device's power for a minute, then start it again. {_CLEARED}",
            )


def _slot(number: int) -> int:
    return SLOTS[number % len(SLOTS)]


def _number(content: bytes | None) -> int | None:
    return None if content is None else int.from_bytes(content[:_NUMBER_BYTES]) or None


def _malformed() -> VaultError:
    return VaultError(
        "key-malformed",
        f"The key file {TPM_NAME} is not as this gate writes it.",
        remedy="Put the file back as it was, or restore the gate (gate restore).",
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
