"""The whole store behind one door: opened once, on one thread."""

from __future__ import annotations

import hmac
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Final

from gate.core.anonymity import Counting
from gate.core.consent import ConsentTerms
from gate.errors import VaultError
from gate.store.account.assessments import Assessments
from gate.store.account.audit import AuditLog
from gate.store.account.figures import Figures
from gate.store.account.registers import Registers
from gate.store.account.signing import Signer
from gate.store.backup.backups import Backups
from gate.store.backup.staging import Staging, hold_settled
from gate.store.certificates import Certificates
from gate.store.consent.consents import Consents
from gate.store.consent.ledger import Ledger
from gate.store.consent.templates import Templates
from gate.store.credentials import CredentialKeys, Credentials
from gate.store.database import Database
from gate.store.db import DATABASE_NAME
from gate.store.decisions import Decisions
from gate.store.device_keys import DeviceKeys
from gate.store.folders import private_folder, unusable
from gate.store.holds import Hold
from gate.store.intake import Intake
from gate.store.keyring.custody import CUSTODIANS, DEVICE_TPM, Ask, KeyPlace, Tpm, load_root
from gate.store.keyring.epochs import FIRST_EPOCH, Epochs, EpochSecrets
from gate.store.keyring.hashing import USUAL, Cost
from gate.store.keyring.keys import Custody, KeyUse, MasterKey, refuse_keys_beside_data
from gate.store.keyring.rotation import Rotation
from gate.store.lockdown import Lockdown
from gate.store.notice_texts import NoticeTexts
from gate.store.notices import Notices
from gate.store.orders import OrderBook
from gate.store.outbox import Outbox
from gate.store.overrides import Overrides
from gate.store.people import People
from gate.store.permits import Permits
from gate.store.requests import Requests
from gate.store.residents import Residents
from gate.store.rings import Rings
from gate.store.staff.room import StaffRoom
from gate.store.tally import Tally
from gate.store.throttle import Throttle
from gate.store.upkeep.clock import ClockMark
from gate.store.upkeep.erasures import Erasures
from gate.store.upkeep.retention import Retention
from gate.store.upkeep.tamper import Tamper
from gate.store.vault import Vault
from gate.store.visits import Visits

_USUAL_COUNTING: Final = Counting()


@dataclass(frozen=True, slots=True)
class Store:
    """Everything the gate remembers. Every method raises VaultError when database, disk or keys cannot serve."""

    people: People
    credentials: Credentials
    visits: Visits
    residents: Residents
    intake: Intake
    consents: Consents
    ledger: Ledger
    templates: Templates
    notices: Notices
    notice_texts: NoticeTexts
    epochs: Epochs
    rotation: Rotation
    permits: Permits
    device_keys: DeviceKeys
    certificates: Certificates
    decisions: Decisions
    audit: AuditLog
    clock: ClockMark
    retention: Retention
    requests: Requests
    tamper: Tamper
    lockdown: Lockdown
    orders: OrderBook
    registers: Registers
    assessments: Assessments
    figures: Figures
    signer: Signer
    staff: StaffRoom
    outbox: Outbox
    tally: Tally
    overrides: Overrides
    rings: Rings
    custody: Custody
    backups: Backups
    _database: Database
    _hold: Hold

    @staticmethod
    def exists(data_dir: Path) -> bool:
        """Tell whether a first start made the store already; makes nothing. Raises VaultError ``folder-unusable``."""
        try:
            return (data_dir / DATABASE_NAME).exists() or Staging(data_dir, data_dir).is_committed
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
        terms: ConsentTerms,
        model_sha256: str,
        custody: Custody = Custody.FILE,
        ask: Ask | None = None,
        tpm: Tpm = DEVICE_TPM,
        zone: tzinfo = UTC,
        duress: bool = False,
        cost: Cost = USUAL,
        counting: Counting = _USUAL_COUNTING,
    ) -> Store:
        """Open the store, or make it on a first start. Only the thread that opened it may use it.

        credentials_dir: systemd's, or None. terms: what the site fixes for every consent. ask, tpm: as
        custody.KeyPlace has them. zone: the site's, in which hours are meant. duress: whether duress PINs open.
        cost: what one try of a new PIN or password costs. counting: as the site has its counts.
        Raises VaultError: ``keys-beside-data``, ``folder-open``, ``key-...``, ``key-wrong``, ``database-...``.
        """
        refuse_keys_beside_data(keys_dir, data_dir)
        path = private_folder(data_dir) / DATABASE_NAME
        place = KeyPlace(custody, keys_dir, credentials_dir, ask, tpm)
        hold = hold_settled(data_dir, keys_dir)
        try:
            master = load_root(place, create=not path.exists())
            database = Database(path)
        except BaseException:
            hold.close()
            raise
        try:
            _agree_on_key(database, master)
            epochs = Epochs(database, EpochSecrets(CUSTODIANS[custody](place).shelf(), master), keys_dir)
            epochs.settle()
            people = _people(database, master)
        except BaseException:
            database.close()
            hold.close()
            raise
        throttle = Throttle(database, master.derive(KeyUse.THROTTLE))
        keys = CredentialKeys(master.derive(KeyUse.CARD_LOOKUP), master.derive(KeyUse.PIN_PEPPER), cost)
        signer = Signer(master.derive(KeyUse.SIGNING))
        audit = AuditLog(database, signer, keys_dir)
        lockdown = Lockdown(database, audit)
        notices = Notices(database, audit)
        permits = Permits(database, people, audit, master.derive(KeyUse.HOURS), zone)
        device_keys = DeviceKeys(database, Vault(master.derive(KeyUse.DEVICES)), audit)
        certificates = Certificates(database, Vault(master.derive(KeyUse.CERTIFICATES)), audit)
        governance = Vault(master.derive(KeyUse.GOVERNANCE))
        rights = Vault(master.derive(KeyUse.RIGHTS))
        request_lookup = master.derive(KeyUse.REQUEST_LOOKUP)
        visits = Visits(database, people, permits, audit, signer, master.derive(KeyUse.VISIT_LOOKUP), gate_id)
        staff = StaffRoom.open(database, master, throttle, audit, cost)
        ledger = Ledger(database, Vault(master.derive(KeyUse.CONSENT)), signer, audit)
        backups = Backups(path, backup_key=master.derive(KeyUse.BACKUP), signer=signer, gate_id=gate_id)
        outbox = Outbox(database, Vault(master.derive(KeyUse.OUTBOX)))
        tally = Tally(database, Vault(master.derive(KeyUse.TALLY)), outbox, counting)
        master.wipe()
        templates = Templates(database, people, epochs, notices, model_sha256)
        credentials = Credentials(database, people, throttle, keys, duress=duress)
        consents = Consents(
            database,
            people,
            epochs,
            notices,
            ledger,
            audit,
            signer,
            terms=terms,
            gate_id=gate_id,
            model_sha256=model_sha256,
        )
        return cls(
            people=people,
            credentials=credentials,
            visits=visits,
            residents=Residents(database, people, credentials, visits, consents, audit),
            intake=Intake(database, people, credentials, audit),
            consents=consents,
            ledger=ledger,
            templates=templates,
            notices=notices,
            notice_texts=NoticeTexts(database, notices),
            epochs=epochs,
            rotation=Rotation(database, epochs, audit),
            permits=permits,
            device_keys=device_keys,
            certificates=certificates,
            decisions=Decisions(database, people, templates, permits, tally, audit, gate_id),
            audit=audit,
            clock=ClockMark(database, audit),
            requests=Requests(database, rights, request_lookup, audit),
            retention=Retention(
                database,
                audit,
                Erasures(database, audit, people, credentials, visits, consents, ledger, epochs),
            ),
            tamper=Tamper(database, audit, epochs),
            lockdown=lockdown,
            orders=OrderBook(database, audit, lockdown),
            registers=Registers(database, governance, audit),
            assessments=Assessments(database, governance, signer, audit),
            figures=Figures(database),
            signer=signer,
            staff=staff,
            outbox=outbox,
            tally=tally,
            overrides=Overrides(database, audit, signer),
            rings=Rings(database, audit),
            custody=master.custody,
            backups=backups,
            _database=database,
            _hold=hold,
        )

    @property
    def space_low(self) -> bool:
        """Tell whether the disk was found full: switch face off and raise an alarm; cards and PINs go on."""
        return self._database.space_low

    def reclaim(self) -> None:
        """Catch up on what had to wait, ballast and log; call it every half minute or so (R24: within 60 s)."""
        self._database.reclaim()
        self.audit.keep_head()

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Let another thread than the opener's read from this store while the block runs, as ``Database.beside``."""
        with self._database.beside():
            yield

    def close(self) -> None:
        """Close the database. Closing twice is fine."""
        # The next start keeps the head if this one cannot; a database closed already has nothing to keep.
        with suppress(VaultError, sqlite3.ProgrammingError):
            self.audit.keep_head()
        self._database.close()
        self._hold.close()


def _people(database: Database, master: MasterKey) -> People:
    """Give the people table; records from before an upgrade are brought up to it."""
    people = People(
        database,
        Vault(master.derive(KeyUse.PEOPLE)),
        unit_key=master.derive(KeyUse.UNIT_LOOKUP),
        subject_key=master.derive(KeyUse.SUBJECT_LOOKUP),
    )
    people.fill_subjects()
    return people


def _agree_on_key(database: Database, master: MasterKey) -> None:
    """Make sure that the key is the database's own; a fresh database takes this key. Raises VaultError ``key-wrong``."""
    ours = master.derive(KeyUse.CHECK)

    def settle(connection: sqlite3.Connection) -> bytes:
        connection.execute("INSERT INTO meta VALUES ('key-check', ?) ON CONFLICT DO NOTHING", (ours,))
        connection.execute("INSERT INTO meta VALUES ('epoch', ?) ON CONFLICT DO NOTHING", (FIRST_EPOCH,))
        theirs: bytes = connection.execute("SELECT value FROM meta WHERE name = 'key-check'").fetchone()[0]
        return theirs

    theirs = database.write(settle)
    if not hmac.compare_digest(ours, theirs):
        raise VaultError(
            "key-wrong",
            f"The master key ({master.custody}) is not the one this database was sealed with.",
            remedy="Put the right key back, or restore the backup that belongs to this key (gate restore).",
        )
