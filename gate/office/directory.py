"""Finding residents by unit or name among thousands of sealed records.

A name stands in its person's sealed record and nowhere else, so that no table can be searched for it. While staff look
people up, an index of units and names is held in memory; it goes five minutes after the last search. The names of
children are not in it (R27).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from gate.core.types import PersonId, Seconds
from gate.office.background import beside
from gate.ports import Clock
from gate.store import Store
from gate.store.people import PeopleMark, Person
from gate.web.staff.ports.people import PAGE, Found, Listed

UNUSED_S: Final[Seconds] = 300.0
SLICE: Final = 50
"""Records opened before the loop goes on: about a millisecond and a half on a desktop core."""
_TRIES: Final = 3


@dataclass(slots=True)
class _Index:
    """What was read at *mark*. folded: unit and name for comparing, in the order of the units."""

    mark: PeopleMark
    listed: dict[PersonId, Listed] = field(default_factory=dict, repr=False)
    damaged: set[PersonId] = field(default_factory=set)
    folded: list[tuple[str, str, Listed]] = field(default_factory=list, repr=False)

    def sort(self) -> None:
        """Put all in the order of their units."""
        ordered = sorted(self.listed.values(), key=lambda each: (int(each.unit), each.unit))
        self.folded = [(each.unit, each.name.casefold(), each) for each in ordered]


class Directory:
    """The index of residents, made when somebody looks for one, and kept up with the table."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._index: _Index | None = None
        self._used = clock.monotonic()
        self._timer: asyncio.TimerHandle | None = None
        self._renewing = asyncio.Lock()

    @property
    def is_held(self) -> bool:
        """Tell whether names are in memory now."""
        return self._index is not None

    async def search(self, query: str, page: int, among: frozenset[PersonId] | None = None) -> Found:
        """Give the page-th page, from 1: every word of *query* begins the unit or stands in the name.

        among: only these, and no child (R27); None: everybody.
        """
        index = await self._renewed()
        words = query.casefold().split()
        hits = matching(index.folded, words)
        if among is not None:
            hits = [each for each in hits if each.person in among and not each.child]
        first = (page - 1) * PAGE
        return Found(tuple(hits[first : first + PAGE]), len(hits), len(index.damaged))

    async def everybody(self) -> Sequence[Listed]:
        """Give all who hold a unit, in the order of the units."""
        return [listed for _, _, listed in (await self._renewed()).folded]

    def forget(self) -> None:
        """Drop the index at once."""
        self._index = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _renewed(self) -> _Index:
        """Give the index as the table is now; two who ask at once read it once."""
        async with self._renewing:
            index = self._index
            changed = None if index is None else self._store.people.changed_since(index.mark)
            if index is None or changed is None:
                index = await self._read_all()
            elif changed:
                self._read_again(index, changed)
            if index is not self._index or changed:
                await asyncio.to_thread(index.sort)  # of thousands it takes longer than a slice may
            self._index, self._used = index, self._clock.monotonic()
            self._drop_later(UNUSED_S)
            return index

    async def _read_all(self) -> _Index:
        """Read every record, a slice at a time; anew where another connection writes meanwhile, three times at most."""
        people = self._store.people
        for _ in range(_TRIES):
            index = _Index(people.mark)
            present = list((await beside(self._store, people.units)).values())
            for at in range(0, len(present), SLICE):
                self._take(index, present[at : at + SLICE])
                await asyncio.sleep(0)
            changed = people.changed_since(index.mark)
            if changed is not None:
                break
        self._read_again(index, changed or ())
        return index

    def _read_again(self, index: _Index, changed: Iterable[PersonId]) -> None:
        """Bring the records of *changed* up to date."""
        mark = self._store.people.mark
        gone = set(changed)
        for person in gone:
            index.listed.pop(person, None)
            index.damaged.discard(person)
        self._take(index, gone & set(self._store.people.units().values()) if gone else ())
        if gone:
            index.mark = mark

    def _take(self, index: _Index, some: Iterable[PersonId]) -> None:
        now = self._clock.now()
        for person in some:
            known = self._store.people.readable(person)
            if known is None:
                index.damaged.add(person)
            else:
                index.listed[person] = listed(known, child=known.is_child(now))

    def _drop_later(self, delay: Seconds) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(delay, self._drop_unused)

    def _drop_unused(self) -> None:
        self._timer = None
        left = self._used + UNUSED_S - self._clock.monotonic()
        if left > 0:
            self._drop_later(left)
        else:
            self.forget()


def listed(known: Person, *, child: bool) -> Listed:
    """Give a resident as a list tells of one."""
    return Listed(known.id, known.unit, "" if child else known.name, child, known.hours)


def matching(folded: Sequence[tuple[str, str, Listed]], words: Sequence[str]) -> list[Listed]:
    """Give whom all *words*, in small letters, tell: by the beginning of the unit, or any part of the name."""
    hits = folded
    for word in words:  # one plain pass for each word: no call for each resident
        hits = [each for each in hits if word in each[1] or each[0].startswith(word)]
    return [listed for _, _, listed in hits]
