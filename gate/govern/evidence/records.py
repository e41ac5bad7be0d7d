"""The sections about what was agreed, asked, logged and deleted: counts and times, nobody's data."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import datetime
from typing import Final

from gate.core.retention import DATA_TABLE, Item, cutoff
from gate.govern.approval import present_sha256
from gate.govern.evidence.site import few
from gate.govern.report import Section, Table, when
from gate.settings import Settings
from gate.store import Store
from gate.store.account.audit import Action

_NEWEST_LINES: Final = 200
_BACKUPS: Final = (Action.BACKUP_MADE, Action.BACKUP_RESTORED)


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
    broken = store.ledger.verify()
    seen = (
        "Verified just now: every event is signed by this device, unaltered and in its place."
        if broken is None
        else f"BROKEN at event {broken.seq}: {broken.why}."
    )
    how = "Each event is sealed, chained by SHA-256 to the one before, and signed (Ed25519)."
    return Section("ledger", "Consent ledger, verified", "同意账本校验", (seen, how))


def audit(store: Store, now: datetime) -> Section:
    """Say whether the audit log holds, and show its newest lines; all of them are in audit-log.json."""
    broken = store.audit.verify(cutoff(Item.AUDIT, now))
    entries = store.audit.entries()
    shown = entries[-_NEWEST_LINES:]
    rows = tuple(
        (each.seq, when(each.at), each.actor, each.action, each.object, each.detail) for each in shown
    )
    seen = (
        f"Verified just now: all {len(entries)} lines are unaltered, in order, and the newest is signed."
        if broken is None
        else f"BROKEN at line {broken.seq}: {broken.why}."
    )
    text = (
        seen,
        (
            "Ids are random words; only this device can tell whose they are. Below stand the newest "
            f"{len(shown)} lines; audit-log.json holds all, with the hashes and signatures to verify them elsewhere."
        ),
    )
    columns = ("line", "time", "actor", "action", "object", "detail")
    return Section("audit", "Audit log, verified", "审计日志校验", text, (Table(columns, rows),))


def retention(store: Store) -> Section:
    """Show how long each thing is kept, and that the engine ran."""
    schedule = tuple(
        (row.what, row.data_class.value, row.starts, row.kept, row.ends, row.enforced) for row in DATA_TABLE
    )
    runs = store.retention.runs()
    ran = tuple(
        (
            when(each.at),
            ", ".join(f"{item} {count}" for item, count in sorted(each.deleted.items())) or "nothing was due",
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
            when(each.due_at),
            when(each.closed_at) or "open",
            each.outcome or "",
        )
        for each in store.figures.requests()
    )
    text = "Who asked and what was said stays sealed on the device. Each is due within 15 days (R72)."
    columns = ("id", "kind", "received", "due", "closed", "outcome")
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
