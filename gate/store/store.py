"""The whole store behind one door: opened once, on one thread."""

from __future__ import annotations

import hmac
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from gate.core.types import NoticeVersion
from gate.errors import VaultError
from gate.store.audit import AuditLog
from gate.store.consents import Consents
from gate.store.credentials import CredentialKeys, Credentials
from gate.store.database import Database
from gate.store.decisions import Decisions
from gate.store.epochs import Epochs
from gate.store.folders import private_folder, unusable
from gate.store.keys import Custody, KeyUse, MasterKey, load_master_key, refuse_keys_beside_data
from gate.store.notices import Notices
from gate.store.outbox import Outbox
from gate.store.people import People
from gate.store.residents import Residents
from gate.store.signing import Signer
from gate.store.templates import Templates
from gate.store.throttle import Throttle
from gate.store.vault import Vault

DATABASE_NAME = "gate.sqlite3"
_FIRST_EPOCH = 1


@dataclass(frozen=True, slots=True)
class Store:
    """Everything the gate remembers. Every method raises VaultError when database, disk or keys cannot serve."""

    people: People
    credentials: Credentials
    residents: Residents
    consents: Consents
    templates: Templates
    notices: Notices
    epochs: Epochs
    decisions: Decisions
    audit: AuditLog
    signer: Signer
    outbox: Outbox
    custody: Custody
    _database: Database

    @staticmethod
    def exists(data_dir: Path) -> bool:
        """Tell whether a first start made the store already; makes nothing. Raises VaultError ``folder-unusable``."""
        try:
            return (data_dir / DATABASE_NAME).exists()
        except OSError as error:
            raise unusable(data_dir, error) from error

    @classmethod
    def open(
        cls,
        data_dir: Path,
        keys_dir: Path,
        *,
        credentials_dir: Path | None,
        gate_id: str,
        notice_version: NoticeVersion,
        model_sha256: str,
    ) -> Store:
        """Open the store, or make it on a first start. Only the thread that opened it may use it.

        credentials_dir: systemd's, or None. Raises VaultError: ``keys-beside-data``, ``folder-open``, ``key-...``,
        ``key-wrong``, ``database-...``.
        """
        refuse_keys_beside_data(keys_dir, data_dir)
        path = private_folder(data_dir) / DATABASE_NAME
        master = load_master_key(keys_dir, credentials_dir, create=not path.exists())
        database = Database(path)
        try:
            epoch = _agree_on_key(database, master)
        except BaseException:
            database.close()
            raise
        people = People(
            database, Vault(master.derive(KeyUse.PEOPLE)), master.derive(KeyUse.UNIT_LOOKUP), epoch
        )
        epochs = Epochs(master, epoch)
        notices = Notices(notice_version)
        throttle = Throttle(database, master.derive(KeyUse.THROTTLE))
        keys = CredentialKeys(master.derive(KeyUse.CARD_LOOKUP), master.derive(KeyUse.PIN_PEPPER))
        signer = Signer(master.derive(KeyUse.SIGNING))
        master.wipe()
        templates = Templates(database, epochs, notices, model_sha256)
        outbox = Outbox(database)
        credentials = Credentials(database, people, throttle, keys)
        return cls(
            people=people,
            credentials=credentials,
            residents=Residents(database, people, credentials),
            consents=Consents(database, people, epochs, notices, model_sha256),
            templates=templates,
            notices=notices,
            epochs=epochs,
            decisions=Decisions(database, templates, outbox, gate_id),
            audit=AuditLog(database, signer, keys_dir),
            signer=signer,
            outbox=outbox,
            custody=master.custody,
            _database=database,
        )

    @property
    def space_low(self) -> bool:
        """Tell whether the disk was found full: switch face off and raise an alarm; cards and PINs go on."""
        return self._database.space_low

    def reclaim(self) -> None:
        """Catch up on what had to wait, ballast and log; call it every half minute or so (R24: within 60 s)."""
        self._database.reclaim()

    def close(self) -> None:
        """Close the database. Closing twice is fine."""
        self._database.close()


def _agree_on_key(database: Database, master: MasterKey) -> int:
    """Give the epoch once the key is known to be the database's own; a fresh database takes this key."""
    ours = master.derive(KeyUse.CHECK)

    def settle(connection: sqlite3.Connection) -> tuple[bytes, int]:
        connection.execute("INSERT INTO meta VALUES ('key-check', ?) ON CONFLICT DO NOTHING", (ours,))
        connection.execute("INSERT INTO meta VALUES ('epoch', ?) ON CONFLICT DO NOTHING", (_FIRST_EPOCH,))
        rows = dict(connection.execute("SELECT name, value FROM meta").fetchall())
        return rows["key-check"], rows["epoch"]

    theirs, epoch = database.write(settle)
    if not hmac.compare_digest(ours, theirs):
        raise VaultError(
            "key-wrong",
            f"The master key ({master.custody}) is not the one this database was sealed with.",
            remedy="Put the right key back, or restore the backup that belongs to this key.",
        )
    return epoch
