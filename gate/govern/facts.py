"""What the duties follow from, gathered from the store and the settings."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from gate.core.duties import PEOPLE_FILED, Duty, Facts, duties
from gate.core.registers import Filing, Incident, Processing, Register, Sign, Training
from gate.core.retention import DATA_TABLE, Item
from gate.govern.approval import face_approved, processors_told
from gate.settings import Settings
from gate.store import Store
from gate.store.keyring.keys import Custody

F = TypeVar("F")


def gather(settings: Settings, store: Store, now: datetime) -> Facts:
    """Give what is known at *now*. Raises VaultError."""
    people = store.figures.people_with_templates()
    return Facts(
        now=now,
        face_enabled=settings.face.enabled,
        face_approved=face_approved(settings, store),
        face_stopped=store.assessments.stopped_at is not None,
        software_key=store.custody is Custody.FILE,
        people=people,
        reached_at=store.figures.first_reached(PEOPLE_FILED) if people >= PEOPLE_FILED else None,
        retention_failed=bool(store.retention.standing),
        incidents=_present(store, Register.INCIDENT, Incident),
        signs=_present(store, Register.SIGN, Sign),
        trainings=_present(store, Register.TRAINING, Training),
        filings=_present(store, Register.FILING, Filing),
        requests_due=tuple(each.due_at for each in store.figures.requests() if each.closed_at is None),
        processors_told=processors_told(settings, store, now),
    )


def present_duties(settings: Settings, store: Store, now: datetime) -> tuple[Duty, ...]:
    """Give the duties at *now*, the most pressing first. Raises VaultError."""
    return duties(gather(settings, store, now))


def processing_of(settings: Settings) -> Processing:
    """Give the record of processing activities as far as the settings tell it, to be completed."""
    kept = {row.item: row.kept for row in DATA_TABLE}
    return Processing(
        purpose=f"Opening the gate {settings.site.gate_id} for residents, by card, PIN or, at their wish, face",
        people="Residents",
        categories="Name, unit, contact, card and PIN; of those who separately agreed, a face template",
        recipients="None; "
        + (
            "de-identified live events"
            if settings.events.deidentified_live
            else "counts of closed windows without people"
        )
        + " go to the site's broker",
        retention=f"Face template: {kept[Item.TEMPLATE]}. Name, unit, contact: tenancy + {kept[Item.PERSON]}. "
        f"Consent record: end + {kept[Item.CONSENT]}",
        measures="Sealed records with keys of their own, keys apart from the data, audit log, no image kept",
    )


def _present(store: Store, register: Register, form: type[F]) -> tuple[F, ...]:
    return tuple(
        entry.fields for entry in store.registers.current(register) if isinstance(entry.fields, form)
    )
