"""The end of face at this gate, for good: every consent ended, every template erased, and a certificate of it (R87)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from gate.core.canonical import Json
from gate.core.consent import By, Channel
from gate.core.consent_record import InvalidationReason
from gate.errors import VaultError
from gate.govern.pages import page
from gate.govern.report import Section, facts, when
from gate.settings import Settings
from gate.store import Store
from gate.store.account.audit import Action
from gate.store.account.signing import fingerprint
from gate.vision.renewal import renewed_now

KIND = "certificate"
SCHEMA = "gate-stop-certificate-1"
_BY = By(Channel.DEVICE, "installer")


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was done. document: signed JSON. html: the same to be printed."""

    document: str
    html: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What the end of the service would do now."""

    consents: int
    templates: int
    stopped_at: datetime | None
    is_done: bool
    """The end was made already and nothing is left for another run to do."""


def plan(store: Store) -> Plan:
    """Count what would end. Raises VaultError."""
    consents, templates, stopped_at = _given(store), store.templates.count(), store.assessments.stopped_at
    is_done = stopped_at is not None and not (consents or templates or store.rotation.due)
    return Plan(consents, templates, stopped_at, is_done)


def stop_service(settings: Settings, store: Store, at: datetime) -> Certificate:
    """Lock face for good, end every consent, erase every template, change the epoch; cards and PINs go on.

    Face is locked first: an interruption leaves it locked, and calling again does the rest. Where all is done it only
    certifies again, and neither erases nor notes anything. Raises VaultError, also
    ``stop-incomplete`` while a template is left or another process changes the epoch.
    """
    found = plan(store)
    if found.is_done:
        return _certificate(settings, store)
    counts = {"consents": found.consents, "templates": found.templates}
    store.assessments.stop(settings.site.gate_id, at, counts)
    store.consents.invalidate_all(InvalidationReason.SERVICE_STOPPED, at=at, by=_BY)
    rotated = store.rotation.rotate_now(renewed_now, at)
    if not rotated or store.templates.count() or _given(store):
        raise VaultError(
            "stop-incomplete",
            "Face is locked, but not everything is erased yet.",
            remedy="Wait a minute and run gate govern stop-service again: it does what is left.",
        )
    store.reclaim()
    return _certificate(settings, store)


def _given(store: Store) -> int:
    return sum(each.count for each in store.figures.consents() if each.state == "given")


def _ended(store: Store) -> tuple[int, int]:
    """Give how many consents and templates there were when the end began; it may have been interrupted since.

    Raises VaultError ``record-altered`` where the audit log can no longer tell.
    """
    noted = [entry.detail for entry in store.audit.entries() if entry.action == Action.SERVICE_STOPPED]
    try:
        counts = [json.loads(detail) for detail in noted]
        return max(each["consents"] for each in counts), max(each["templates"] for each in counts)
    except (ValueError, KeyError, TypeError) as error:
        raise VaultError(
            "record-altered",
            "Everything is erased, but the audit log was altered and nothing can be attested.",
            remedy="Run gate audit verify; find out who wrote to the database.",
        ) from error


def _certificate(settings: Settings, store: Store) -> Certificate:
    ended, erased = _ended(store)
    head, epoch = store.audit.heads()[-1], store.figures.epoch()
    stopped_at = store.assessments.stopped_at
    document: dict[str, Json] = {
        "schema": SCHEMA,
        "controller": settings.site.controller,
        "gate": settings.site.gate_id,
        "stopped_at": when(stopped_at),
        "consents_ended": ended,
        "templates_erased": erased,
        "templates_left": store.templates.count(),
        "epoch_keys_destroyed_up_to": epoch - 1,
        "epoch_in_force": epoch,
        "audit_line": head.seq,
        "audit_hash": head.hash.hex(),
    }
    key = fingerprint(store.signer.public_key)
    section = Section(
        "certificate",
        "Certificate of the end of face recognition",
        "人脸识别停止服务及删除证明",
        (
            (
                "On this gate every consent to face was ended, every face template was erased and the key that all of "
                "them were sealed under was destroyed, so that no copy of the database opens one. Face is locked for good. "
                "Cards and PINs go on."
            ),
            (
                "Check the signed file beside this page with gate govern verify-certificate, on any machine, and compare the "
                "fingerprint with the one of the device."
            ),
        ),
        (
            facts(
                **{name: value for name, value in document.items() if isinstance(value, str | int)},
                fingerprint=key,
            ),
        ),
    )
    return Certificate(store.signer.issue(KIND, document), page(section.title, (section,), lead=()))
