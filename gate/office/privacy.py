"""Builds the part of the office that looks after people's privacy."""

from __future__ import annotations

from collections.abc import Callable

from gate.errors import GateError
from gate.govern.assessment import point_of
from gate.office.audit import AuditOffice
from gate.office.children import ChildRecords
from gate.office.evidence import EvidenceOffice
from gate.office.governance import GovernanceOffice
from gate.office.notices import NoticesOffice
from gate.office.requests import RequestsOffice, Told
from gate.office.retention import JudgedClock, RetentionOffice
from gate.rights import records_of
from gate.service import Service
from gate.settings import Settings
from gate.store import Store
from gate.web.staff.ports.approvals import ApprovalsPort
from gate.web.staff.ports.privacy import PrivacyOffice


def privacy_office(
    store: Store,
    clock: JudgedClock,
    settings: Settings,
    *,
    service: Service,
    approvals: ApprovalsPort,
    children: ChildRecords,
    name_of: Callable[[str], str | None],
) -> PrivacyOffice:
    """Give it. name_of: the name of an account by its id, None for one that there never was."""

    def named(account: str) -> str | None:
        try:
            return name_of(account)
        except GateError:  # an altered account must not hide the line of the log that names it
            return None

    return PrivacyOffice(
        notices=NoticesOffice(settings, store, clock, published=service.heed_notice, name_of=named),
        requests=RequestsOffice(
            store,
            clock,
            records_of(settings, store, point_of(settings, store)),
            children,
            Told(withdrew=service.withdrawn, changed=service.reload_gallery),
            approvals,
        ),
        retention=RetentionOffice(settings, store, clock, service.reload_gallery),
        audit=AuditOffice(store, clock, settings.site.zone, named),
        evidence=EvidenceOffice(settings, store, clock, approvals),
        governance=GovernanceOffice(settings, store, clock, named),
    )
