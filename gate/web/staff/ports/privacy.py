"""All that the pages of privacy work on."""

from __future__ import annotations

from dataclasses import dataclass

from gate.web.staff.ports.audit import AuditPort
from gate.web.staff.ports.evidence import EvidencePort
from gate.web.staff.ports.governance import GovernancePort
from gate.web.staff.ports.notices import NoticesPort
from gate.web.staff.ports.requests import RequestsPort
from gate.web.staff.ports.retention import RetentionPort


@dataclass(frozen=True, slots=True)
class PrivacyOffice:
    """Notices, requests, retention, audit log, evidence, and what a site keeps in order."""

    notices: NoticesPort
    requests: RequestsPort
    retention: RetentionPort
    audit: AuditPort
    evidence: EvidencePort
    governance: GovernancePort
