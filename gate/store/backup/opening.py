"""Looking into a backup: is it whole, whose is it, what is in it, and may its face templates live on."""

from __future__ import annotations

import hmac
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from gate.errors import RequestError, VaultError
from gate.store.account.signing import Signer, verify
from gate.store.backup import archive
from gate.store.backup.archive import Head
from gate.store.backup.backups import (
    LIST_MOST_BYTES,
    LIST_NAME,
    SUFFIX,
    Backups,
    backups_in,
    head_of,
    opened_image,
)
from gate.store.keyring.escrow import ESCROW_MOST_BYTES, ESCROW_NAME, EpochSecret, Escrow, unwrap
from gate.store.keyring.keys import KeyUse, MasterKey
from gate.store.times import time_of
from gate.store.upkeep import tombstones
from gate.store.upkeep.locks import Locks, from_document
from gate.store.upkeep.tombstones import Tombstone
from gate.wholefiles import read_whole


class LeftOut(StrEnum):
    """Why a restored gate keeps no face template. Cards, PINs and people come back all the same."""

    ASKED = "asked"
    LIST_MISSING = "list-missing"
    LIST_ALTERED = "list-altered"
    LIST_FOREIGN = "list-foreign"
    LIST_OLDER = "list-older"  # it lacks what the backup itself knows to be erased
    ESCROW_MISSING = "escrow-missing"
    ESCROW_ALTERED = "escrow-altered"
    EPOCH_OVER = "epoch-over"  # something was erased since: a newer epoch began


@dataclass(frozen=True, slots=True)
class Opened:
    """A whole backup of this gate. people, templates: how many records it holds."""

    path: Path
    head: Head
    people: int
    templates: int
    stones: frozenset[Tombstone] = field(repr=False)
    image: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Siblings:
    """What lies beside a backup. listed_at: when the list was signed. epoch: the escrowed secret, where it opens."""

    stones: frozenset[Tombstone] = field(default=frozenset(), repr=False)
    locks: Locks = field(default=Locks(), repr=False)
    listed_at: datetime | None = None
    epoch: EpochSecret | None = None
    trouble: LeftOut | None = None


def choose(source: Path, master: MasterKey) -> Path:
    """Give the backup that *source* names: the file itself, or the newest of this key's in a folder.

    Raises VaultError: ``backup-missing``, ``backup-foreign``, ``backup-unreadable``.
    """
    try:
        if not source.is_dir():
            return source
        found = backups_in(source)
    except OSError as error:
        raise _unreadable(source, error) from error
    if not found:
        raise VaultError(
            "backup-missing",
            f"There is no backup in {source}.",
            remedy=f"Name the folder that holds the files gate-...{SUFFIX}, or one of them.",
        )
    public_key = Signer(master.derive(KeyUse.SIGNING)).public_key
    ours = [each.path for each in found if each.head.public_key == public_key]
    if not ours:
        raise _foreign()
    return ours[-1]


def open_backup(path: Path, master: MasterKey) -> Opened:
    """Open one backup and check all of it; nothing is written.

    Raises VaultError: ``backup-missing``, ``backup-unreadable``, ``backup-malformed``, ``backup-newer``,
    ``backup-foreign``, ``backup-altered``, ``database-corrupt``.
    """
    try:
        with path.open("rb") as file:
            if archive.read_head(file).public_key != Signer(master.derive(KeyUse.SIGNING)).public_key:
                raise _foreign()
            file.seek(0)
            head, image = archive.unsealed(file, master.derive(KeyUse.BACKUP))
    except FileNotFoundError as error:
        raise VaultError(
            "backup-missing", f"There is no backup {path}.", remedy="Name a file or folder that is there."
        ) from error
    except OSError as error:
        raise _unreadable(path, error) from error
    with opened_image(image) as connection:
        check: bytes = connection.execute("SELECT value FROM meta WHERE name = 'key-check'").fetchone()[0]
        if not hmac.compare_digest(check, master.derive(KeyUse.CHECK)):
            raise _altered()
    return _looked_into(path, head, image)


def look_into(path: Path, backups: Backups) -> Opened:
    """Open one backup by the keys of a gate at work, and check all of it; nothing is written. Any thread may call it.

    Raises VaultError as ``Backups.unseal`` does, and ``database-corrupt``.
    """
    return _looked_into(path, *backups.unseal(path))


def _looked_into(path: Path, head: Head, image: bytes) -> Opened:
    with opened_image(image) as connection:
        said = head_of(
            connection,
            gate_id=head.gate_id,
            created=head.created,
            size=len(image),
            public_key=head.public_key,
        )
        if replace(said, salt=head.salt) != head:
            raise _altered()
        return Opened(
            path=path,
            head=head,
            people=connection.execute("SELECT count(*) FROM people").fetchone()[0],
            templates=connection.execute("SELECT count(*) FROM templates").fetchone()[0],
            stones=frozenset(tombstones.buried(connection)),
            image=image,
        )


def look_beside(opened: Opened, master: MasterKey) -> Siblings:
    """Read list and escrow beside the backup. Their troubles are told, not raised: only the templates depend on them."""
    signer, folder = Signer(master.derive(KeyUse.SIGNING)), opened.path.parent
    siblings = _list(folder / LIST_NAME, opened, signer.public_key)
    if siblings.trouble is not None:
        return siblings
    try:
        escrow = Escrow.decode(read_whole(folder / ESCROW_NAME, most=ESCROW_MOST_BYTES))
        epoch = unwrap(escrow, master.derive(KeyUse.BACKUP))
    except OSError:
        return replace(siblings, trouble=LeftOut.ESCROW_MISSING)
    except ValueError:
        return replace(siblings, trouble=LeftOut.ESCROW_ALTERED)
    over = None if epoch.number == opened.head.epoch else LeftOut.EPOCH_OVER
    return replace(siblings, epoch=epoch, trouble=over)


def _list(path: Path, opened: Opened, public_key: bytes) -> Siblings:
    try:
        text = read_whole(path, most=LIST_MOST_BYTES)
        stones = tombstones.read(text, public_key)
        document = verify(text, tombstones.DOCUMENT, public_key=public_key).document
        at, locks = document["at"], from_document(document)
    except OSError:
        return Siblings(trouble=LeftOut.LIST_MISSING)
    except (RequestError, VaultError, ValueError) as error:
        foreign = isinstance(error, RequestError) and error.code == "signer-unknown"
        return Siblings(trouble=LeftOut.LIST_FOREIGN if foreign else LeftOut.LIST_ALTERED)
    listed_at = None
    with suppress(ValueError, VaultError):
        listed_at = time_of(int(str(at)))
    known = {(stone.kind, stone.ref) for stone in stones}
    older = any((stone.kind, stone.ref) not in known for stone in opened.stones)
    return Siblings(stones, locks, listed_at, trouble=LeftOut.LIST_OLDER if older else None)


def _altered() -> VaultError:
    return VaultError(
        "backup-altered",
        "The backup does not hold what its head says.",
        remedy="Take the backup before it, and report this one.",
    )


def _foreign() -> VaultError:
    return VaultError(
        "backup-foreign",
        "The backup was made by another gate than the key, or the shares, at hand belong to.",
        remedy="Name this gate's own backup, or give the shares of the gate that made it (--shares).",
    )


def _unreadable(path: Path, error: OSError) -> VaultError:
    return VaultError(
        "backup-unreadable",
        f"The backup {path} cannot be read: {error.strerror}.",
        remedy="Give it to the account that runs this command, or check its medium.",
    )
