"""Builds the office of a gate: every part of the console over what it works on."""

from __future__ import annotations

from collections.abc import Callable

from gate.desk import Desk
from gate.office.accounts import open_accounts
from gate.office.approvals import ApprovalDesk
from gate.office.children import ChildRecords
from gate.office.people import people_office
from gate.office.privacy import privacy_office
from gate.office.retention import JudgedClock
from gate.office.tokens import TokenDesk
from gate.office.trust import site_names
from gate.service import Service
from gate.settings import Settings, WebSettings
from gate.settings_rules import is_address
from gate.store import Store
from gate.web.staff.office import Office
from gate.web.staff.ports.approvals import ApprovalsPort
from gate.web.staff.ports.gate import GateOffice


def open_office(
    settings: Settings,
    store: Store,
    clock: JudgedClock,
    service: Service,
    desk: Desk,
    gate: Callable[[ApprovalsPort], GateOffice],
) -> Office:
    """Give the pages' office; what it keeps in memory ends with it. gate: gives the ports of the gate itself.

    desk: is told which children's records a second person opened (R27), and in which order lists have the residents.
    """
    hashing = service.verifier.hash_for_staff
    accounts = open_accounts(
        store, clock, hashing, gate_id=settings.site.gate_id, rp_id=passkey_name(settings.web)
    )
    approvals = ApprovalDesk(store, clock)
    children = ChildRecords(store, clock, approvals, lambda account: accounts.book.get(account).roles)
    desk.opening_of = children.opening
    people = people_office(
        store,
        clock,
        settings,
        children=children,
        hashing=hashing,
        notice=lambda: service.notice,
        left=service.reload_gallery,
    )
    desk.in_order = people.people.in_order
    return Office(
        accounts=accounts,
        approvals=approvals,
        tokens=TokenDesk(store, clock),
        gate=gate(approvals),
        people=people,
        privacy=privacy_office(
            store,
            clock,
            settings,
            service=service,
            approvals=approvals,
            children=children,
            name_of=accounts.book.name_of,
        ),
    )


def passkey_name(web: WebSettings) -> str:
    """Give the host name that passkeys are made for: the site's first, else this device's own. No address can have any."""
    return next((name for name in site_names(web) if not is_address(name)), "localhost")
