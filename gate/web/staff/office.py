"""Everything the staff's pages work on: one port for each part, composed by ``gate.office.open_office``."""

from __future__ import annotations

from dataclasses import dataclass

from gate.web.staff.ports.accounts import AccountsOffice
from gate.web.staff.ports.approvals import ApprovalsPort
from gate.web.staff.ports.gate import GateOffice
from gate.web.staff.ports.people import PeopleOffice
from gate.web.staff.ports.privacy import PrivacyOffice
from gate.web.staff.ports.tokens import TokensPort


@dataclass(frozen=True, slots=True)
class Office:
    """The ports, one for each part. Each part's own Protocol says what it gives."""

    accounts: AccountsOffice
    approvals: ApprovalsPort
    tokens: TokensPort
    people: PeopleOffice
    gate: GateOffice
    privacy: PrivacyOffice
