"""Visitors' codes that staff issue for a host, such as for a resident without a telephone."""

from __future__ import annotations

from datetime import tzinfo

from gate.commands.moments import begin_of, end_of
from gate.core.roles import Staff
from gate.errors import RequestError
from gate.office.directory import listed
from gate.ports import Clock
from gate.settings import Settings
from gate.store import Store
from gate.store.people import Person
from gate.store.visits import OpenVisit
from gate.web.staff.ports.people import FreshInvitation, HostVisits, VisitView


class VisitsOffice:
    """The visitors' codes of one gate. No name of a guest is asked for, and none is kept."""

    def __init__(self, store: Store, clock: Clock, settings: Settings) -> None:
        self._store = store
        self._clock = clock
        self._zone: tzinfo = settings.site.zone
        self._time_zone = settings.site.time_zone

    @property
    def time_zone(self) -> str:
        """Name the site's zone."""
        return self._time_zone

    def of(self, unit: str) -> HostVisits:
        """Give the unused codes of the unit's resident."""
        host, now = self._host(unit), self._clock.now()
        visits = tuple(self._view(each) for each in self._store.visits.of(host.id, now))
        return HostVisits(listed(host, child=host.is_child(now)), visits)

    def invite(self, who: Staff, unit: str, begins: str, until: str) -> FreshInvitation:
        """Issue a code for the unit's guest."""
        host, now = self._host(unit), self._clock.now()
        begin = begin_of(begins, self._zone) if begins else now
        fresh = self._store.visits.issue(host.id, begin, end_of(until, self._zone), at=now, actor=who)
        view = self._view(fresh.visit)
        return FreshInvitation(host.id, host.unit, fresh.text, view.begins, view.until)

    def revoke(self, who: Staff, visit: str) -> None:
        """Take a code back."""
        self._store.visits.revoke(visit, self._clock.now(), actor=who)

    def _host(self, unit: str) -> Person:
        host = self._store.people.find_by_unit(unit)
        if host is None:
            raise RequestError(
                "unit-unknown",
                "No resident is entered under this unit.",
                remedy="Look the resident up by name.",
            )
        return host

    def _view(self, visit: OpenVisit) -> VisitView:
        return VisitView(
            visit.id, visit.valid_from.astimezone(self._zone), visit.valid_until.astimezone(self._zone)
        )
