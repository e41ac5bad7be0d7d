"""Gathers all sections and packs them (R55, R80 to R87: one export for an auditor)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from gate.core.canonical import Json
from gate.errors import GateError
from gate.govern.assessment import assessment, assessment_markdown
from gate.govern.evidence import records, registers, site
from gate.govern.evidence.archive import json_file, packed
from gate.govern.pages import page
from gate.govern.report import Section, when
from gate.settings import Settings
from gate.store import Store
from gate.store.account.signing import fingerprint

TITLE: Final = "Evidence of a face gate · 人脸识别门禁证据包"


def export(settings: Settings, store: Store, now: datetime) -> bytes:
    """Give the whole archive. A section that cannot be read says so in its place. Raises VaultError otherwise."""
    sections = gathered(settings, store, now)
    key = fingerprint(store.signer.public_key)
    lead = (
        (
            f"Gate {settings.site.gate_id}, {settings.site.controller}. Written on {when(now)} by the device itself, "
            f"from what it holds. It names no resident and no member of staff, apart from the officer the notice names."
        ),
        (
            "Every file of this archive is listed with its SHA-256 in manifest.json, which the device signed. To check: "
            "gate evidence verify FILE.zip, on any machine, then compare the fingerprint with the one the gate shows: "
            f"{key}."
        ),
    )
    files = {"index.html": page(TITLE, sections, lead=lead).encode()}
    for number, section in enumerate(sections, start=1):
        files[f"sections/{number:02d}-{section.id}.json"] = json_file(section.as_json())
    for text in store.figures.notices():
        files[f"notices/{text.version}.{text.language}.{text.form}.txt"] = text.text.encode()
    files["assessment/present.json"] = json_file(assessment(settings, store, now))
    files["assessment/present.md"] = assessment_markdown(settings, store, now).encode()
    files["audit-log.json"] = json_file(records.audit_file(store))
    about: dict[str, Json] = {
        "gate": settings.site.gate_id,
        "controller": settings.site.controller,
        "made_at": when(now),
    }
    return packed(files, store.signer, about)


def gathered(settings: Settings, store: Store, now: datetime) -> tuple[Section, ...]:
    """Give the sections in their order."""
    parts: tuple[tuple[str, str, Callable[[], Section]], ...] = (
        ("gate", "Gate and controller", lambda: site.gate(settings, store, now)),
        ("how-it-works", "How it works", lambda: site.how_it_works(settings)),
        ("duties", "What is to do", lambda: registers.duties(settings, store, now)),
        ("settings", "Settings in force", lambda: site.settings_in_force(settings)),
        ("notices", "Notices", lambda: records.notices(store)),
        ("assessments", "Impact assessments", lambda: records.assessments(settings, store)),
        ("consents", "Consents, counted", lambda: records.consents(store)),
        ("ledger", "Consent ledger", lambda: records.ledger(store)),
        ("people", "Number of people", lambda: registers.people(store)),
        ("models", "Models and accuracy", lambda: site.models(settings, store)),
        ("keys", "Keys and epoch", lambda: site.keys(store)),
        ("retention", "Retention", lambda: records.retention(store)),
        ("requests", "Requests of people", lambda: records.requests(store)),
        ("registers", "Registers", lambda: registers.registers(settings, store)),
        ("incidents", "Incidents", lambda: registers.incidents(store)),
        ("signs", "Signs", lambda: registers.signs(store)),
        ("training", "Training", lambda: registers.training(store)),
        ("backups", "Backups", lambda: records.backups(store)),
        ("inventory", "Data inventory", site.data_inventory),
        ("limits", "Known limits", lambda: site.limits(settings)),
        ("audit", "Audit log", lambda: records.audit(store, now)),
        ("requirements", "Requirements and their tests", site.requirements),
    )
    return tuple(_read(*part) for part in parts)


def _read(name: str, title: str, build: Callable[[], Section]) -> Section:
    """Build one section; what cannot be read is evidence too, and costs no other section."""
    try:
        return build()
    except GateError as error:
        return Section(name, title, "无法读取", (f"This part CANNOT BE READ: {error} [{error.code}]",))
