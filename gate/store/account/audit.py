"""The audit log: who did what to which record, chained, its head signed with every line and kept apart (R55)."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from gate.core.canonical import canonical
from gate.core.chain import GENESIS, Break, Link, first_break, link_hash
from gate.core.roles import Program, Staff
from gate.errors import VaultError
from gate.store.account.audit_head import HEAD_NAME, Head, KeptHead
from gate.store.account.signing import Signer, is_signed
from gate.store.database import Database, Row
from gate.store.times import seconds_of, time_of

CHAIN = "audit"
ANCHOR_EVERY = 64
"""Of so many signed heads one is kept, besides the last of each day."""
# Text as bytes: what somebody wrote there may be no text, and the log must still be read and judged.
_LINES = """SELECT seq, at, CAST(actor AS BLOB), CAST(action AS BLOB), CAST(object AS BLOB), CAST(detail AS BLOB), hash
    FROM audit_log"""
_ENDLESS = 1 << 62
_BASE = "audit-base"
_WAS_KEPT = "audit-head-kept"


class Actor(StrEnum):
    """Who acted, as a role: no account and no name."""

    GATE = "gate"  # by itself: retention, expiry, rotation
    RESIDENT = "resident"  # at the gate's screen, or signed in on the resident's own page
    DESK = "desk"  # staff, with the resident present
    INSTALLER = "installer"  # at the device's own command line


Who = Actor | Staff | Program
"""Who acted: a role where there is no account, else the account or the API token by its random id."""


class Action(StrEnum):
    """What was done. The object is a random id, a version or a file's hash."""

    STARTED = "started"
    NOTICE_PUBLISHED = "notice-published"
    PERSON_ADDED = "person-added"
    PERSON_CORRECTED = "person-corrected"
    PERSON_REMOVED = "person-removed"
    TENANCY_ENDED = "tenancy-ended"
    CREDENTIAL_ISSUED = "credential-issued"
    CREDENTIAL_REVOKED = "credential-revoked"
    CONSENT_GIVEN = "consent-given"
    CONSENT_REFUSED = "consent-refused"
    CONSENT_RECONFIRMED = "consent-reconfirmed"
    CONSENT_WITHDRAWN = "consent-withdrawn"
    CONSENT_EXPIRED = "consent-expired"
    CONSENT_INVALIDATED = "consent-invalidated"
    FACE_RESTRICTED = "face-restricted"
    FACE_RELEASED = "face-released"
    EPOCH_ROTATED = "epoch-rotated"
    RETENTION_RAN = "retention-ran"
    RETENTION_FAILED = "retention-failed"
    BACKUP_MADE = "backup-made"
    BACKUP_RESTORED = "backup-restored"
    RECOVERY_SHARED = "recovery-shared"
    REQUEST_OPENED = "request-opened"
    REQUEST_CLOSED = "request-closed"
    RECORD_EXPORTED = "record-exported"
    MINOR_OPENED = "minor-opened"
    ASSESSMENT_APPROVED = "assessment-approved"
    CALIBRATED = "calibrated"
    REGISTER_CHANGED = "register-changed"
    EVIDENCE_EXPORTED = "evidence-exported"
    AUDIT_EXPORTED = "audit-exported"
    SERVICE_STOPPED = "service-stopped"
    TAMPERED = "tampered"
    TAMPER_CLEARED = "tamper-cleared"
    CLOCK_ACCEPTED = "clock-accepted"
    HOURS_SET = "hours-set"
    HOURS_REMOVED = "hours-removed"
    HOURS_GIVEN = "hours-given"
    DOOR_HOURS_SET = "door-hours-set"
    DEVICE_KEY_OFFERED = "device-key-offered"
    DEVICE_KEY_CONFIRMED = "device-key-confirmed"
    DEVICE_KEY_FORGOTTEN = "device-key-forgotten"
    LOCKDOWN_BEGUN = "lockdown-begun"
    LOCKDOWN_ENDED = "lockdown-ended"
    PASSPHRASE_CHANGED = "passphrase-changed"  # noqa: S105 - the name of an act
    SETUP_CODE_MADE = "setup-code-made"
    ACCOUNT_CREATED = "account-created"
    ACCOUNT_INVITED = "account-invited"
    ACCOUNT_CHANGED = "account-changed"  # detail: the roles, where they changed
    ACCOUNT_DISABLED = "account-disabled"
    ACCOUNT_RESET = (
        "account-reset"  # password and second factor taken back, to be set anew with an invitation
    )
    SIGNED_IN = "signed-in"  # refused tries are counted by the throttle, never written down one by one
    PASSWORD_CHANGED = "password-changed"  # noqa: S105 - the name of an act
    SECOND_FACTOR_CHANGED = "second-factor-changed"
    PASSKEY_ADDED = "passkey-added"
    PASSKEY_REMOVED = "passkey-removed"
    RECOVERY_CODES_MADE = "recovery-codes-made"
    RECOVERY_CODE_USED = "recovery-code-used"
    SESSIONS_ENDED = "sessions-ended"
    TOKEN_MADE = "token-made"  # noqa: S105 - the name of an act
    TOKEN_REVOKED = "token-revoked"  # noqa: S105 - the name of an act
    APPROVAL_ASKED = "approval-asked"
    APPROVAL_ALLOWED = "approval-allowed"
    APPROVAL_DENIED = "approval-denied"
    APPROVAL_USED = "approval-used"
    SETTINGS_CHANGED = "settings-changed"
    DOOR_RELEASED = "door-released"  # by staff, from a page
    ALARM_ACKNOWLEDGED = "alarm-acknowledged"
    PEOPLE_IMPORTED = "people-imported"
    PEOPLE_EXPORTED = "people-exported"
    AUTHORITY_MADE = "authority-made"  # the gate's own certificate authority, by its fingerprint
    CERTIFICATE_MADE = "certificate-made"
    ORDER_TAKEN = "order-taken"  # signed, over the network; what it did has a line of its own
    ORDER_REFUSED = "order-refused"  # rightly signed; what nobody of ours signed is only logged


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log, as it stands in the table: whether it was altered, ``verify`` tells.

    actor, action: an Actor and an Action, unless the line was altered. detail: a few words or numbers of the
    action's own, as canonical JSON, never personal data. hash: the chain's, after this line.
    """

    seq: int
    at: datetime
    actor: str
    action: str
    object: str
    detail: str = field(repr=False)
    hash: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines are looked for. since: from then on; until: before then. actor: how it begins; empty: every one."""

    since: datetime | None = None
    until: datetime | None = None
    actor: str = ""
    action: str = ""


class AuditLog:
    """The audit_log and anchors tables. *folder*, apart from the data, keeps the newest signed head.

    The newest line is always signed, so that no line can be altered or added without the device's key. An older
    state of the whole database is told from the present one by the head that is kept apart.
    """

    def __init__(self, database: Database, signer: Signer, folder: Path) -> None:
        self._database = database
        self._signer = signer
        self._kept = KeptHead(folder / HEAD_NAME)

    def note(
        self,
        connection: sqlite3.Connection,
        actor: Who,
        action: Action,
        *,
        at: datetime,
        object: str = "",  # noqa: A002 - the field's own word
        detail: Mapping[str, str | int] | None = None,
    ) -> None:
        """Add one line and sign it as the head, inside the caller's transaction."""
        row = connection.execute("SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1").fetchone()
        base = _base_in(connection)
        last, previous = row or base
        seq, when = last + 1, seconds_of(at)
        values = (when, actor.value, action.value, object, canonical(dict(detail or {})).decode())
        linked = link_hash(CHAIN, seq, previous, _digest(values))
        connection.execute("INSERT INTO audit_log VALUES (?, ?, ?, ?, ?, ?, ?)", (seq, *values, linked))
        # One signed head a day, and one in 64 lines, stays for good: purging ends at one of them.
        sql = "DELETE FROM anchors WHERE seq = ? AND seq <> ? AND seq % ? <> 0 AND at / 86400 = ? / 86400"
        connection.execute(sql, (last, base[0], ANCHOR_EVERY, when))
        unsigned = Head(seq, when, linked)
        signature = self._signer.sign(unsigned.signed_bytes)
        connection.execute("INSERT INTO anchors VALUES (?, ?, ?, ?)", (seq, when, linked, signature))

    def write(
        self,
        actor: Who,
        action: Action,
        *,
        at: datetime,
        object: str = "",  # noqa: A002 - the field's own word
        detail: Mapping[str, str | int] | None = None,
    ) -> None:
        """Add one line in a transaction of its own."""
        self._database.write(lambda c: self.note(c, actor, action, at=at, object=object, detail=detail))

    def keep_head(self) -> None:
        """Keep a copy of the newest signed head apart from the data; ``Store`` calls it often.

        Never in the place of one that the log does not bear out: that one is the evidence. Raises VaultError
        ``audit-head-unwritable``.
        """
        rows = self._database.rows("SELECT * FROM anchors ORDER BY seq DESC LIMIT 1")
        if not rows:
            return
        newest = Head(*rows[0])
        try:
            kept = self._kept.read()
        except ValueError:
            return
        if kept is None:
            if self._was_kept:
                return  # somebody took it away, and verify must be able to say so
        elif kept == newest or not self._bears_out(kept):
            return
        self._put_apart(newest)

    def accept(self, at: datetime) -> None:
        """Let the log as it ends now be the newest there is, whatever the head kept apart says; a line tells of it.

        For a backup just restored, and for an operator who found out why the head is gone or newer. Lines that were
        altered stay broken. Raises VaultError ``audit-head-unwritable``.
        """
        self.write(Actor.INSTALLER, Action.TAMPER_CLEARED, at=at, object=HEAD_NAME)
        self._put_apart(self.heads()[-1])

    def entries(self, *, newest: int | None = None) -> tuple[Entry, ...]:
        """Give all lines, or only the *newest*, oldest first. Raises VaultError ``record-altered`` for no time at all."""
        rows = self._database.rows(
            f"{_LINES} ORDER BY seq DESC LIMIT :most", most=-1 if newest is None else newest
        )
        return tuple(_entry(row) for row in reversed(rows))

    def page(self, wanted: Wanted, *, before: int | None = None, most: int) -> tuple[Entry, ...]:
        """Give up to *most* lines that are *wanted*, the newest first, of those numbered below *before*.

        Raises VaultError ``record-altered``.
        """
        rows = self._database.rows(
            f"{_LINES} WHERE at >= :since AND at < :until AND (:before IS NULL OR seq < :before)"
            " AND (:action = '' OR action = :action) AND substr(actor, 1, length(:actor)) = :actor"
            " ORDER BY seq DESC LIMIT :most",
            since=-_ENDLESS if wanted.since is None else seconds_of(wanted.since),
            until=_ENDLESS if wanted.until is None else seconds_of(wanted.until),
            actor=wanted.actor,
            action=wanted.action,
            before=before,
            most=most,
        )
        return tuple(_entry(row) for row in rows)

    def about(self, object: str, actor: Actor, action: Action, *, latest: int) -> tuple[Entry, ...]:  # noqa: A002 - as in note
        """Give the lines of one act by *actor* on *object* among the *latest* lines of all, the newest first."""
        newest: int = self._database.rows("SELECT coalesce(max(seq), 0) FROM audit_log")[0][0]
        wanted = f"{_LINES} WHERE seq > :after AND object = :what AND actor = :who AND action = :done"
        values = {"what": object, "who": actor.value, "done": action.value}
        rows = self._database.rows(f"{wanted} ORDER BY seq DESC", after=newest - latest, **values)
        return tuple(map(_entry, rows))

    def count(self) -> int:
        """Count the lines."""
        found: int = self._database.rows("SELECT count(*) FROM audit_log")[0][0]
        return found

    def heads(self) -> tuple[Head, ...]:
        """Give the signed heads that the database holds, oldest first."""
        return tuple(Head(*row) for row in self._database.rows("SELECT * FROM anchors ORDER BY seq"))

    def verify(self, kept_since: datetime) -> Break | None:
        """Give the first line that was edited, removed or reordered, or None if the whole log holds.

        kept_since: nothing younger may have been purged. Runs beside a running gate.
        """
        try:
            # Before the log is read: a line added meanwhile may be in the log and not in the head, never the reverse.
            kept = self._kept.read()
        except ValueError:
            return Break(0, "the head kept apart cannot be read or was altered")
        (base, base_hash), rows, heads, was_kept = self._database.snapshot(_snapshot)
        links = [Link(seq, _digest((at, *_texts(words))), linked) for seq, at, *words, linked in rows]
        broken = first_break(CHAIN, links, base=base, base_hash=base_hash)
        if broken is not None:
            return broken
        hashes = {base: base_hash} | {link.seq: link.hash for link in links}
        for head in heads if kept is None else [*heads, kept]:
            why = self._fault(head, hashes, base, seconds_of(kept_since))
            if why is not None:
                return Break(head.seq, why)
        last = links[-1].seq if links else base
        if last > 0 and last not in {head.seq for head in heads}:
            return Break(last, "the newest line is not signed")
        if (
            kept is None and was_kept and not self._kept.path.exists()
        ):  # not one kept for the first time meanwhile
            return Break(last, "the head kept apart is gone")
        return None

    def purge(self, before: datetime) -> int:
        """Delete what is older than *before*, from the beginning up to a signed head. Returns how many lines."""

        def work(connection: sqlite3.Connection) -> int:
            sql = "SELECT max(seq) FROM anchors WHERE at < ?"
            row = connection.execute(sql, (seconds_of(before),)).fetchone()
            if row[0] is None:
                return 0
            connection.execute("REPLACE INTO meta VALUES (?, ?)", (_BASE, row[0]))
            connection.execute("DELETE FROM anchors WHERE seq < ?", (row[0],))
            return connection.execute("DELETE FROM audit_log WHERE seq <= ?", (row[0],)).rowcount

        return self._database.write(work)

    def _fault(self, head: Head, hashes: Mapping[int, bytes], base: int, kept_since: int) -> str | None:
        """Say what is wrong with a signed head, None if nothing is."""
        if not self._is_ours(head):
            return "a signed head is not this device's"
        if head.seq >= base and hashes.get(head.seq) != head.hash:
            return "the log ends before, or differs from, its signed head"
        if head.seq == base and head.at >= kept_since:
            return "lines were removed before their time"
        return None

    def _is_ours(self, head: Head) -> bool:
        try:
            return is_signed(head.signed_bytes, head.signature, self._signer.public_key)
        except OverflowError:  # a number that no line and no time can have
            return False

    def _bears_out(self, kept: Head) -> bool:
        """Tell whether *kept* is ours and the log still holds the line it was signed at, or purged it in its time."""
        if not self._is_ours(kept):
            return False
        rows = self._database.rows("SELECT hash FROM audit_log WHERE seq = :seq", seq=kept.seq)
        if rows:
            return bool(rows[0][0] == kept.hash)
        first = self._database.rows("SELECT coalesce(max(value), 0) FROM meta WHERE name = :name", name=_BASE)
        return bool(kept.seq <= first[0][0])

    def _put_apart(self, head: Head) -> None:
        try:
            self._kept.write(head)
        except OSError as error:
            raise VaultError(
                "audit-head-unwritable",
                f"The audit log's head cannot be kept in {self._kept.path.parent}: {error.strerror}.",
                remedy="Give the folder to the gate's account, on a disk with room.",
            ) from error
        if not self._was_kept:
            sql = "INSERT INTO meta VALUES (?, 1) ON CONFLICT DO NOTHING"
            self._database.write(lambda connection: connection.execute(sql, (_WAS_KEPT,)))

    @property
    def _was_kept(self) -> bool:
        return bool(self._database.rows("SELECT 1 FROM meta WHERE name = :name", name=_WAS_KEPT))


def _base_in(connection: sqlite3.Connection) -> tuple[int, bytes]:
    sql = "SELECT seq, hash FROM anchors WHERE seq = (SELECT value FROM meta WHERE name = ?)"
    return connection.execute(sql, (_BASE,)).fetchone() or (0, GENESIS)


def _snapshot(connection: sqlite3.Connection) -> tuple[tuple[int, bytes], list[Row], list[Head], bool]:
    """Read base, lines and heads at one moment; whether a head was ever kept apart."""
    base = _base_in(connection)
    rows = connection.execute(f"{_LINES} ORDER BY seq").fetchall()
    heads = [Head(*row) for row in connection.execute("SELECT * FROM anchors ORDER BY seq")]
    kept = connection.execute("SELECT 1 FROM meta WHERE name = ?", (_WAS_KEPT,)).fetchone()
    return base, rows, heads, kept is not None


def _digest(values: tuple[object, ...]) -> bytes:
    return hashlib.sha256(canonical(list(values))).digest()


def _texts(columns: list[bytes]) -> list[str]:
    return [column.decode(errors="replace") for column in columns]


def _entry(row: Row) -> Entry:
    seq, at, *words, linked = row
    actor, action, what, detail = _texts(words)
    try:
        return Entry(seq, time_of(at), actor, action, what, detail, linked)
    except VaultError as error:
        raise VaultError(
            "record-altered",
            f"Line {seq} of the audit log tells no time that can be.",
            remedy="Run gate audit verify; find out who wrote to the database.",
        ) from error
