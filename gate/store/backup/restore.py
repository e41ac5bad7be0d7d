"""Bringing a backup back: on the same device or a replacement, all of it or nothing, and what was erased stays erased."""

from __future__ import annotations

import errno
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from gate.core.consent import By, Channel, ConsentTerms
from gate.core.consent_record import EventKind, InvalidationReason
from gate.errors import VaultError
from gate.store.account.audit import Action, Actor, AuditLog
from gate.store.account.audit_head import HEAD_NAME, KeptHead
from gate.store.account.signing import Signer
from gate.store.backup.opening import LeftOut, Opened, Siblings, look_beside, open_backup
from gate.store.backup.staging import Staging, no_steps
from gate.store.consent.ledger import Ledger
from gate.store.consent.templates import consent_of
from gate.store.consent.writing import ConsentWriter, Ending
from gate.store.database import Database
from gate.store.db import BUSY_MS, DATABASE_NAME, translated
from gate.store.folders import private_folder
from gate.store.holds import Hold
from gate.store.keyring.custody import CUSTODIANS, KeyPlace
from gate.store.keyring.epochs import SECRET_BYTES, Epochs, EpochSecrets, mark_due
from gate.store.keyring.escrow import EpochSecret
from gate.store.keyring.keys import KeyUse, MasterKey, refuse_keys_beside_data
from gate.store.orders import VOID_AFTER_RESTORE
from gate.store.times import seconds_of, time_of
from gate.store.upkeep import tombstones
from gate.store.upkeep.locks import Locks, lock_again, locks_of
from gate.store.upkeep.tombstones import Tombstone
from gate.store.vault import Vault
from gate.wholefiles import write_whole

_BY_GATE = By(Channel.DEVICE, "gate")
_OF_THE_LIST = {LeftOut.LIST_MISSING, LeftOut.LIST_ALTERED, LeftOut.LIST_FOREIGN, LeftOut.LIST_OLDER}
_GIVEN = "SELECT * FROM consents WHERE state = 'given'"
_BURIED = """SELECT * FROM consents
    WHERE state = 'given' AND id IN (SELECT ref FROM tombstones WHERE kind = 'consent')"""
# What was counted or waited may have gone out since; messages are numbered anew, in an epoch of their own.
_UNTOLD = (
    "DELETE FROM outbox WHERE sent_at IS NULL",
    "DELETE FROM outbox_streams",
    "DELETE FROM tally",
    "DELETE FROM meta WHERE name IN ('outbox-epoch', 'counted-until')",
)
# What is good once or for a while may have been used since: codes and signed orders that were out, and approvals that
# could be used now.
_OUT = (
    "DELETE FROM one_time_codes",
    "DELETE FROM approvals WHERE asked_at > :at - 8 * 86400",
    VOID_AFTER_RESTORE,
)
_CLOCK = (
    "INSERT INTO meta VALUES ('clock', ?) ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)"
)
_TAMPER = "INSERT INTO meta VALUES ('tamper', ?) ON CONFLICT DO NOTHING"


@dataclass(frozen=True, slots=True)
class Site:
    """The device that a backup is restored on, as its settings say."""

    data_dir: Path
    place: KeyPlace
    gate_id: str
    terms: ConsentTerms
    model_sha256: str


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back. ended: consents whose templates were left out. erased_again: records a tombstone took."""

    created: datetime
    listed_at: datetime | None
    people: int
    templates: int
    ended: int
    erased_again: int
    left_out: LeftOut | None


@dataclass(frozen=True, slots=True)
class _Present:
    """What the device itself still knows, where its database opens."""

    stones: frozenset[Tombstone] = field(default=frozenset(), repr=False)
    epoch: int = 0
    clock: int = 0
    tampered_at: int | None = None
    locks: Locks = field(default=Locks(), repr=False)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to come out. epoch: in force afterwards, with its secret."""

    opened: Opened
    siblings: Siblings
    present: _Present
    left_out: LeftOut | None
    epoch: EpochSecret
    replaced: int
    at: datetime


def restore(
    backup: Path,
    site: Site,
    master: MasterKey,
    *,
    at: datetime,
    keep_root: bool,
    faces: bool = True,
    steps: Callable[[str], None] = no_steps,
) -> Restored:
    """Put the *backup* in the place of what this device holds; until the very end that stays as it was.

    master: the root key, from the device or from shares. keep_root: it came from shares, so that the device must keep
    it from now on. faces: False leaves the templates out. steps: see Staging. Raises VaultError: ``gate-running``,
    ``folder-owner``, ``restore-no-room``, ``restore-failed``, and all that ``open_backup``, the custody and the database raise; nothing
    has changed then, unless it is ``restore-unfinished``: the next start goes on with it.
    """
    refuse_keys_beside_data(site.place.keys_dir, site.data_dir)
    private_folder(site.place.keys_dir)
    with closing(Hold.alone(private_folder(site.data_dir))):
        for folder in (site.data_dir, site.place.keys_dir):
            _refuse_others(folder)
        staging = Staging(site.data_dir, site.place.keys_dir, steps)
        staging.settle()
        opened = open_backup(backup, master)
        plan = _plan(opened, site, master, at, faces=faces)
        with _all_or_nothing(staging):
            staging.begin()
            steps("image")
            write_whole(staging.database, opened.image)
            restored = _prepare(staging, plan, site, master)
            steps("keys")
            _keep_keys(staging, plan, site, master, keep_root=keep_root)
            staging.commit()
    return restored


def _refuse_others(folder: Path) -> None:
    """Refuse to write into another account's folder: the gate could not open what it finds there afterwards."""
    owner = folder.stat().st_uid
    if owner != os.geteuid():
        raise VaultError(
            "folder-owner",
            f"The folder {folder} belongs to another account (user {owner}).",
            remedy=f"Run the command as that account: sudo -u '#{owner}' gate restore ...",
        )


def _plan(opened: Opened, site: Site, master: MasterKey, at: datetime, *, faces: bool) -> _Plan:
    siblings = look_beside(opened, master)
    present = _present(site.data_dir / DATABASE_NAME)
    numbers = CUSTODIANS[site.place.custody](site.place).shelf().numbers()
    # The shelf knows of an erasure even where somebody put an older database in place (R51).
    known = max(present.epoch, *numbers, 0)
    left_out = LeftOut.ASKED if not faces else siblings.trouble
    if left_out is None and known > opened.head.epoch:
        left_out = LeftOut.EPOCH_OVER  # this device erased something since, and its escrow was not replaced
    if left_out is None and siblings.epoch is not None:
        epoch = siblings.epoch
    else:
        escrowed = siblings.epoch.number if siblings.epoch else 0
        last = max(opened.head.epoch, known, escrowed, *numbers)
        # A TPM has two places, for odd and even epochs: until the end the present one's must stay as it is.
        fresh = last + 1 if (last + 1 - known) % 2 else last + 2
        epoch = EpochSecret(fresh, secrets.token_bytes(SECRET_BYTES))
    return _Plan(
        opened=opened,
        siblings=siblings,
        present=present,
        left_out=left_out,
        epoch=epoch,
        replaced=_kept_line(site.place.keys_dir),
        at=max(at, opened.head.created, time_of(present.clock)),
    )


def _present(path: Path) -> _Present:
    """Read what the device's own database knows; one that is not there or does not open knows nothing."""
    if not path.exists():
        return _Present()
    address = f"{path.resolve().as_uri()}?mode=rw"
    try:
        with translated(), closing(sqlite3.connect(address, uri=True)) as connection:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
            meta = dict(connection.execute("SELECT name, value FROM meta").fetchall())
            stones, locks = frozenset(tombstones.buried(connection)), locks_of(connection)
    except (VaultError, ValueError, OverflowError, OSError):
        return _Present()
    numbers = {name: value for name, value in meta.items() if type(value) is int and 0 <= value < 1 << 40}
    return _Present(stones, numbers.get("epoch", 0), numbers.get("clock", 0), numbers.get("tamper"), locks)


def _kept_line(keys_dir: Path) -> int:
    """Give the last line of the audit log that is replaced, 0 where none is known."""
    with suppress(ValueError):
        kept = KeptHead(keys_dir / HEAD_NAME).read()
        return kept.seq if kept else 0
    return 0


def _prepare(staging: Staging, plan: _Plan, site: Site, master: MasterKey) -> Restored:
    """Bring the staged database to where it may be started, and keep its audit log's head beside the staged keys."""
    staging.steps("migrate")
    with closing(Database(staging.database)) as database:
        signer = Signer(master.derive(KeyUse.SIGNING))
        audit = AuditLog(database, signer, staging.keys)
        ledger = Ledger(database, Vault(master.derive(KeyUse.CONSENT)), signer, audit)
        shelf = CUSTODIANS[site.place.custody](replace(site.place, keys_dir=staging.keys)).shelf()
        writer = ConsentWriter(
            ledger,
            audit,
            Epochs(database, EpochSecrets(shelf, master), staging.keys),
            terms=site.terms,
            gate_id=site.gate_id,
            model_sha256=site.model_sha256,
        )
        staging.steps("write")
        restored = database.write(lambda connection: _rewrite(connection, plan, writer, audit))
        database.scrub()
        KeptHead(staging.keys / HEAD_NAME).write(audit.heads()[-1])
    return restored


def _rewrite(connection: sqlite3.Connection, plan: _Plan, writer: ConsentWriter, audit: AuditLog) -> Restored:
    """Erase again what was erased, end what may not live on, and tell of it all, in one transaction."""
    before = _count(connection, "people"), _count(connection, "templates")
    tombstones.add(connection, plan.siblings.stones | plan.present.stones)
    _end(connection, _BURIED, writer, plan.at, InvalidationReason.ERASED_BEFORE)
    tombstones.apply(connection)
    erased_again = sum(before) - _count(connection, "people") - _count(connection, "templates")
    ended = 0
    if plan.left_out is None:
        # The device this came from knows the secret too: a new epoch begins at the first start.
        mark_due(connection)
    else:
        listed = plan.left_out in _OF_THE_LIST
        reason = (
            InvalidationReason.RESTORED_WITHOUT_TOMBSTONES if listed else InvalidationReason.TEMPLATE_LOST
        )
        ended = _end(connection, _GIVEN, writer, plan.at, reason)
        connection.execute("DELETE FROM templates")
        connection.execute("DELETE FROM meta WHERE name = 'rotation-due'")
    connection.execute("UPDATE meta SET value = ? WHERE name = 'epoch'", (plan.epoch.number,))
    for sql in _UNTOLD:
        connection.execute(sql)
    for sql in _OUT:
        connection.execute(sql, {"at": seconds_of(plan.at)})
    connection.execute(_CLOCK, (seconds_of(plan.at),))
    if plan.present.tampered_at is not None:
        connection.execute(_TAMPER, (plan.present.tampered_at,))
    locks = plan.siblings.locks | plan.present.locks
    lock_again(connection, locks, audit, gate=plan.opened.head.gate_id, at=plan.at)
    restored = Restored(
        created=plan.opened.head.created,
        listed_at=plan.siblings.listed_at,
        people=_count(connection, "people"),
        templates=_count(connection, "templates"),
        ended=ended,
        erased_again=erased_again,
        left_out=plan.left_out,
    )
    detail = {
        "created": seconds_of(restored.created),
        "people": restored.people,
        "templates": restored.templates,
        "ended": ended,
        "erased_again": erased_again,
        "left_out": plan.left_out.value if plan.left_out else "",
        "replaced": plan.replaced,
    }
    audit.note(connection, Actor.INSTALLER, Action.BACKUP_RESTORED, at=plan.at, detail=detail)
    return restored


def _end(
    connection: sqlite3.Connection,
    which: str,
    writer: ConsentWriter,
    at: datetime,
    reason: InvalidationReason,
) -> int:
    consents = [consent_of(row) for row in connection.execute(which).fetchall()]
    for consent in consents:
        writer.end(connection, consent, Ending(EventKind.INVALIDATED, _BY_GATE, at, reason))
    return len(consents)


def _keep_keys(staging: Staging, plan: _Plan, site: Site, master: MasterKey, *, keep_root: bool) -> None:
    """Put the epoch's secret, and the root key where the device lacks it, beside the staged audit head."""
    custodian = CUSTODIANS[site.place.custody](replace(site.place, keys_dir=staging.keys))
    if keep_root:
        custodian.keep(master.secret)
    epoch_secrets = EpochSecrets(custodian.shelf(), master)
    if epoch_secrets.read(plan.epoch.number) != plan.epoch.secret:
        epoch_secrets.write(plan.epoch.number, plan.epoch.secret)


def _count(connection: sqlite3.Connection, table: str) -> int:
    counted: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - our own words
    return counted


@contextmanager
def _all_or_nothing(staging: Staging) -> Iterator[None]:
    """Drop what was built when the block fails before it counted, and say which it was."""
    try:
        yield
    except BaseException as error:
        if staging.is_committed:
            raise VaultError(
                "restore-unfinished",
                "The backup is restored, but not all of it is in its place yet.",
                remedy="Check the disk, then start the gate: it moves the rest before it opens anything.",
            ) from error
        with suppress(OSError, VaultError):
            staging.discard()
        if isinstance(error, OSError):
            raise _failed(error) from error
        raise


def _failed(error: OSError) -> VaultError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return VaultError(
            "restore-no-room",
            "The disk has no room to build the restored gate; nothing was changed.",
            remedy="Free some space, at least twice the backup's size, then try again.",
        )
    return VaultError(
        "restore-failed",
        f"The restored gate cannot be written: {error.strerror}. Nothing was changed.",
        remedy="Give data_dir and keys_dir to the account that runs this command, on a disk mounted for writing.",
    )
