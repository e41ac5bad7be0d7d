"""Named weekly hours at the console, and the door's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from gate.core.hours import Hours, HoursFault
from gate.core.roles import Staff
from gate.errors import RequestError
from gate.office.directory import Directory
from gate.office.seen import changed, digest
from gate.ports import Clock
from gate.store import Store
from gate.store.permits import DoorHoursKind, NamedHours
from gate.web.staff.ports.people import DoorKeeps, HoursPage, HoursView


class HoursOffice:
    """The hours of one gate."""

    def __init__(self, store: Store, clock: Clock, directory: Directory, *, time_zone: str) -> None:
        self._store = store
        self._clock = clock
        self._directory = directory
        self._time_zone = time_zone

    async def all(self) -> HoursPage:
        """Give all hours by name, and how many residents have which."""
        having = Counter(each.hours for each in await self._directory.everybody() if each.hours is not None)
        named = self._store.permits.list()
        kept = self._door()
        names = {each.name for each in named}
        return HoursPage(
            tuple(HoursView(each.name, _text(each), having[each.name], _seen(each)) for each in named),
            kept,
            _door_seen(kept),
            tuple(sorted(set(having) - names)),
            self._time_zone,
        )

    def set(self, who: Staff, name: str, text: str, *, seen: str) -> str:
        """Let *name* mean *text*."""
        if not seen and self._named(name) is not None:
            raise RequestError(
                "hours-there",
                "There are hours of that name already; nothing was changed.",
                remedy="Change those, or choose another name.",
            )
        if seen:
            self._refuse_changed(name, seen)
        return self._store.permits.set(name, text, self._clock.now(), by=who).text

    def remove(self, who: Staff, name: str, *, seen: str) -> None:
        """Delete hours nobody has."""
        self._refuse_changed(name, seen)
        self._store.permits.remove(name, self._clock.now(), by=who)

    def set_door(self, who: Staff, kept: Mapping[DoorKeeps, str | None], *, seen: str) -> None:
        """Let the door keep these hours; what stays as it was is not written again."""
        before = self._door()
        if seen != _door_seen(before):
            raise changed()
        fresh = {DoorHoursKind(kind.value): name for kind, name in kept.items() if name != before[kind]}
        self._store.permits.set_door(fresh, self._clock.now(), by=who)

    def _door(self) -> dict[DoorKeeps, str | None]:
        kept = {kind.value: each.name for kind, each in self._store.permits.door().items()}
        return {kind: kept.get(kind.value) for kind in DoorKeeps}

    def _named(self, name: str) -> NamedHours | None:
        return next((each for each in self._store.permits.list() if each.name == name), None)

    def _refuse_changed(self, name: str, seen: str) -> None:
        """Refuse what was asked about hours that are gone, or look different by now."""
        now = self._named(name)
        if now is None or seen != _seen(now):
            raise changed()


def _text(named: NamedHours) -> str | None:
    return None if isinstance(named.hours, HoursFault) else named.hours.text


def _seen(named: NamedHours) -> str:
    return digest(named.name, named.hours.text if isinstance(named.hours, Hours) else None)


def _door_seen(kept: Mapping[DoorKeeps, str | None]) -> str:
    return digest(*(kept[kind] for kind in DoorKeeps))
