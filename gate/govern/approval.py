"""Whether face may run: only with an approved assessment of the very configuration that is in force (R80)."""

from __future__ import annotations

import json
from datetime import datetime

from gate.core.registers import Register, has_ended
from gate.core.roles import GRANTED, Act, may
from gate.errors import RequestError
from gate.govern.assessment import assessment, read_assessment
from gate.govern.config import config_sha256, configuration
from gate.settings import Settings
from gate.store import Store
from gate.store.account.audit import Actor, Who


def present_sha256(settings: Settings, store: Store) -> str:
    """Give the hash of the configuration in force. Raises VaultError where it cannot be read."""
    return config_sha256(configuration(settings, store))


def face_approved(settings: Settings, store: Store) -> bool:
    """Tell whether the present configuration was assessed and approved. Raises VaultError where that cannot be read."""
    return store.assessments.is_approved(present_sha256(settings, store))


def processors_told(settings: Settings, store: Store, at: datetime) -> bool:
    """Tell whether the notice names processors exactly where the register has open ones (R83). Raises VaultError."""
    entries = store.registers.current(Register.PROCESSOR)
    registered = any(not has_ended(entry.fields, at.date()) for entry in entries)
    return bool(settings.site.processors) == registered


def approve(
    settings: Settings,
    store: Store,
    *,
    approver: str,
    role: str,
    at: datetime,
    document: str | None = None,
    by: Who = Actor.INSTALLER,
) -> str:
    """Approve the assessment of the present configuration; give its hash.

    document: the JSON text as it was read and, perhaps, added to; None: as the gate writes it now. Raises
    RequestError: ``approver-missing``, ``role-denied`` (R53), ``assessment-malformed``, ``assessment-outdated``,
    ``processors-untold``, ``face-stopped``.
    """
    if not approver.strip() or not role.strip():
        raise RequestError(
            "approver-missing",
            "An approval needs a name and an office.",
            remedy="Say who approves, and as what; both are sealed.",
        )
    if not may(role.strip(), Act.APPROVE_ASSESSMENT):
        offices = " or ".join(sorted(GRANTED[Act.APPROVE_ASSESSMENT]))
        raise RequestError(
            "role-denied",
            "This office may not approve an impact assessment.",
            remedy=f"Have it approved by the {offices}.",
        )
    if not processors_told(settings, store, at):
        says = "names processors" if settings.site.processors else "says that there are no processors"
        raise RequestError(
            "processors-untold",
            f"The notice {says}, and the register of processors says otherwise.",
            remedy="Set site.processors and run gate notice publish, or mend the register with gate govern register "
            "add processor or revise processor. Then assess and approve.",
        )
    present = present_sha256(settings, store)
    if document is None:
        document = json.dumps(assessment(settings, store, at), ensure_ascii=False, indent=2)
    read = read_assessment(document, present)
    store.assessments.approve(present, read, approver.strip(), role.strip(), at, by=by)
    return present
