"""The sections about what was agreed, asked, logged and deleted: counts and times, nobody's data."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from gate.core.canonical import Json
from gate.core.retention import DATA_TABLE, Item, cutoff
from gate.errors import GateError
from gate.govern.approval import present_sha256
from gate.govern.evidence.site import few
from gate.govern.report import Section, Table, by, when
from gate.settings import Settings
from gate.store import Store
from gate.store.account.audit import Action, Entry

_NEWEST_LINES: Final = 200
_BACKUPS: Final = (Action.BACKUP_MADE, Action.BACKUP_RESTORED)
_OF_THE_SITE: Final = frozenset(
    {
        *_BACKUPS,
        Action.NOTICE_PUBLISHED,
        Action.ASSESSMENT_APPROVED,
        Action.CALIBRATED,
        Action.REGISTER_CHANGED,
        Action.EVIDENCE_EXPORTED,
        Action.AUDIT_EXPORTED,
        Action.SETTINGS_CHANGED,
        Action.SERVICE_STOPPED,
        Action.RECOVERY_SHARED,
        Action.PASSPHRASE_CHANGED,
        Action.TAMPERED,
        Action.TAMPER_CLEARED,
        Action.CLOCK_ACCEPTED,
    }
)
"""Acts that no resident takes part in: each may leave the device. All others are only counted (R44)."""
_HEAD: Final = (
    "The chain is verified on the device, by gate audit verify, for single lines about people do not leave it. The hash "
    "in audit-log.json is of the newest line at this export: on the device gate audit list shows each line's hash, and "
    "a log that still holds this one goes on from what was exported."
)


def notices(store: Store) -> Section:
    """Show every published notice with its hash, computed again from the text in the archive."""
    rows = []
    for each in store.figures.notices():
        computed = hashlib.sha256(each.text.encode()).hexdigest()
        holds = "fits" if computed == each.sha256 else "DOES NOT FIT: the text was altered"
        rows.append((each.version, each.language, each.form, when(each.published_at), each.sha256, holds))
    current = store.notices.current
    text = (
        f"In force: {current.version if current else 'none, so face is off'}. The texts lie in the folder notices of this "
        "archive, word for word."
    )
    columns = ("version", "language", "form", "published", "sha256", "computed again")
    return Section("notices", "Notices, archived", "告知书存档", (text,), (Table(columns, tuple(rows)),))


def assessments(settings: Settings, store: Store) -> Section:
    """Show which configurations were assessed and approved, by which office."""
    present = present_sha256(settings, store)
    rows = tuple(
        (
            when(each.approved_at),
            each.role,
            each.config_sha256,
            "the present one" if each.config_sha256 == present else "an earlier one",
        )
        for each in store.assessments.all()
    )
    text = (
        f"Hash of the present configuration: {present}.",
        (
            "Face is locked unless an approval carries that very hash (R80). The approved texts stay on the device with the "
            "names of those who approved; the present assessment, as the gate writes it, is in this archive."
        ),
    )
    return Section(
        "assessments",
        "Impact assessments",
        "个人信息保护影响评估",
        text,
        (Table(("approved", "by, as", "configuration", "which is"), rows),),
    )


def consents(store: Store) -> Section:
    """Count consents and their events; a cell below five is shown as such."""
    standing = tuple(
        (each.state, each.version, each.language, few(each.count)) for each in store.figures.consents()
    )
    events = Counter((entry.event.kind.value, entry.event.by.channel.value) for entry in store.ledger.all())
    happened = tuple((kind, channel, few(count)) for (kind, channel), count in sorted(events.items()))
    return Section(
        "consents",
        "Consents, counted",
        "同意情况统计",
        (
            "Counts only. A cell below five is shown as <5, and no sums are given, so that none can be computed.",
        ),
        (
            Table(("state", "notice", "language", "consents"), standing, title="Where they stand"),
            Table(("event", "channel", "times"), happened, title="What happened, where the record is kept"),
        ),
    )


def ledger(store: Store) -> Section:
    """Say whether the consent ledger holds."""
    broken = store.consents.verify()
    seen = (
        "Verified just now: every event is signed by this device, unaltered and in its place."
        if broken is None
        else f"BROKEN at event {broken.seq}: {broken.why}."
    )
    how = "Each event is sealed, chained by SHA-256 to the one before, and signed (Ed25519)."
    return Section("ledger", "Consent ledger, verified", "同意账本校验", (seen, how))


def audit(store: Store, now: datetime) -> Section:
    """Say whether the audit log holds; show the acts of the site one by one, and count those about people."""
    broken = store.audit.verify(cutoff(Item.AUDIT, now))
    entries = store.audit.entries()
    seen = (
        "Verified just now: all lines are unaltered, in order, and the newest is signed."
        if broken is None
        else f"BROKEN at line {broken.seq}: {broken.why}."
    )
    about = (
        "Acts about people stand here as counts of the whole log, below five as <5, without lines, ids and times: from "
        "those a smaller count, or whose record belongs to whom, could be worked out."
    )
    acts = Table(
        ("time", "actor", "action", "object"), _site_acts(entries)[-_NEWEST_LINES:], title="Acts of the site"
    )
    counts = Table(
        ("actor", "action", "times"), _acts_about_people(entries), title="Acts about people, counted"
    )
    return Section("audit", "Audit log, verified", "审计日志校验", (seen, about, _HEAD), (acts, counts))


def audit_file(store: Store) -> dict[str, Json]:
    """Give all that leaves the device of its audit log, with the newest line's hash to find it again by."""
    try:
        entries = store.audit.entries()
    except GateError as error:
        return {"cannot_be_read": str(error)}
    acts, counts = _site_acts(entries), _acts_about_people(entries)
    return {
        "how": _HEAD,
        "hash_of_newest_line": entries[-1].hash.hex() if entries else None,
        "columns_of_site_acts": ["time", "actor", "action", "object"],
        "site_acts": [list(row) for row in acts],
        "columns_of_acts_about_people": ["actor", "action", "times"],
        "acts_about_people": [list(row) for row in counts],
    }


def _site_acts(entries: Sequence[Entry]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (when(each.at), _kind_of(each.actor), each.action, each.object)
        for each in entries
        if each.action in _OF_THE_SITE
    )


def _acts_about_people(entries: Sequence[Entry]) -> tuple[tuple[str, ...], ...]:
    counted = Counter(
        (_kind_of(each.actor), each.action) for each in entries if each.action not in _OF_THE_SITE
    )
    return tuple((actor, action, few(count)) for (actor, action), count in sorted(counted.items()))


def _kind_of(actor: str) -> str:
    """Give who acted without the account: what each of the staff did, day by day, is nobody's evidence (R38)."""
    return actor.partition(":")[0]


def retention(store: Store) -> Section:
    """Show how long each thing is kept, and that the engine ran."""
    schedule = tuple(
        (row.what, row.data_class.value, row.starts, row.kept, row.ends, row.enforced) for row in DATA_TABLE
    )
    runs = store.retention.runs()
    ran = tuple(
        (
            when(each.at),
            ", ".join(f"{item} {few(count)}" for item, count in sorted(each.deleted.items()))
            or "nothing was due",
            ", ".join(f"{failure.item} ({failure.code})" for failure in each.failed),
        )
        for each in runs[-_NEWEST_LINES:]
    )
    failed = sum(bool(each.failed) for each in runs)
    text = f"{len(runs)} runs are on record, {failed} of them with something that could not be deleted (R76)."
    return Section(
        "retention",
        "Retention: schedule and runs",
        "保存期限与删除记录",
        (text,),
        (
            Table(
                ("what", "class", "clock starts", "kept", "ends with", "done by"), schedule, title="Schedule"
            ),
            Table(
                ("run", "deleted", "could not delete"), ran, empty="It has not run yet.", title="Newest runs"
            ),
        ),
    )


def requests(store: Store) -> Section:
    """Show the ledger of people's requests without the people."""
    rows = tuple(
        (
            each.id,
            each.kind,
            when(each.received_at),
            by(each.due_at),
            when(each.closed_at) or "open",
            each.outcome or "",
        )
        for each in store.figures.requests()
    )
    text = "Who asked and what was said stays sealed on the device. Each is due within 15 days (R72)."
    columns = ("id", "kind", "received", "last day", "closed", "outcome")
    return Section("requests", "Requests of people", "个人权利请求台账", (text,), (Table(columns, rows),))


def backups(store: Store) -> Section:
    """Show which backups were made and restored, from the audit log."""
    rows = tuple(
        (when(each.at), each.action, each.object) for each in store.audit.entries() if each.action in _BACKUPS
    )
    text = (
        "A backup holds sealed records only, without the key of the epoch; what was erased after it is erased again "
        "when it is restored (R51)."
    )
    columns = ("when", "what", "which")
    return Section("backups", "Backups", "备份记录", (text,), (Table(columns, rows, empty="None was made."),))
