"""The sections about what people keep up to date: registers, incidents, signs, training, duties, numbers."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime
from typing import Final

from gate.core.duties import PEOPLE_FILED, PEOPLE_NEAR
from gate.core.registers import FORMS, Register
from gate.govern.evidence.site import few
from gate.govern.facts import present_duties, processing_of
from gate.govern.report import Cell, Section, Table, by, when
from gate.settings import Settings
from gate.store import Store

_KEPT_INSIDE: Final = {Register.TRAINING: {"staff"}}
"""Names of staff stay on the device: the role is what an auditor needs."""
_ROUND: Final = 10


def registers(settings: Settings, store: Store) -> Section:
    """Show recipients, processors, processing activities and filings as they stand."""
    tables = [
        register_table(store, register)
        for register in (Register.RECIPIENT, Register.PROCESSOR, Register.PROCESSING, Register.FILING)
    ]
    text = [
        "As they stand today, ended entries too. Earlier revisions are kept on the device for 3 years (R82)."
    ]
    if not store.registers.revisions(Register.PROCESSING):
        filled = processing_of(settings)
        columns = tuple(each.name.replace("_", " ") for each in fields(filled))
        row = tuple(_shown(getattr(filled, each.name)) for each in fields(filled))
        tables.append(Table(columns, (row,), title="Processing activities, as the settings tell them"))
        text.append(
            "Nobody entered the processing activities yet: what the settings tell of them stands below."
        )
    return Section(
        "registers",
        "Recipients, processors, processing",
        "接收方、受托方与处理活动记录",
        tuple(text),
        tuple(tables),
    )


def incidents(store: Store) -> Section:
    """Show the incidents with the contents of PIPL 57."""
    text = (
        "PIPL 57 says at once; the clock of 24 hours that this product runs is its own.",
        "A leak, alteration or loss is entered here with its cause, the possible harm and what was done.",
    )
    return Section(
        "incidents", "Incidents", "个人信息安全事件", text, (register_table(store, Register.INCIDENT),)
    )


def signs(store: Store) -> Section:
    """Show where the signs hang and when somebody last looked."""
    text = ("Each is looked at again every 90 days (R16).",)
    return Section("signs", "Signs", "告知标识", text, (register_table(store, Register.SIGN),))


def training(store: Store) -> Section:
    """Show who was trained in what, as roles."""
    text = ("By role; the names stay on the device.",)
    return Section("training", "Training", "人员培训", text, (register_table(store, Register.TRAINING),))


def duties(settings: Settings, store: Store, now: datetime) -> Section:
    """Show what is to do, and by when."""
    rows = tuple(
        (each.state.value, by(each.due_at) or "now", each.what, each.requirement)
        for each in present_duties(settings, store, now)
    )
    table = Table(("state", "by", "what", "under"), rows, empty="Nothing is to do.")
    return Section("duties", "What is to do", "待办事项", (f"As of {when(now)}.",), (table,))


def people(store: Store) -> Section:
    """Say of how many people templates are kept, against the marks of FRM 15."""
    count = store.figures.people_with_templates()
    about = few(count) if count < _ROUND else f"about {round(count, -1):,}"
    text = (
        f"People with a face template on this device: {about}.",
        (
            f"From {PEOPLE_NEAR:,} on the gate warns; from {PEOPLE_FILED:,} on a filing with the cyberspace authority is due "
            "within 30 working days (FRM 15). Counted here is this device alone; a controller adds up its devices."
        ),
    )
    return Section("people", "Number of people", "涉及人数", text)


def register_table(store: Store, register: Register) -> Table:
    """Give one register's present entries as a table."""
    shown = [
        each.name for each in fields(FORMS[register]) if each.name not in _KEPT_INSIDE.get(register, set())
    ]
    rows = tuple(
        (entry.id, entry.revision, *(_shown(getattr(entry.fields, name)) for name in shown))
        for entry in store.registers.current(register)
    )
    columns = ("id", "revision", *(name.replace("_", " ") for name in shown))
    return Table(columns, rows, empty="No entry.", title=register.value.capitalize())


def _shown(value: object) -> Cell:
    if isinstance(value, datetime):
        return when(value)
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)
