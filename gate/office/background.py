"""Work that takes long, beside the door's loop: in another thread, reading by a connection of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from gate.store import Store

T = TypeVar("T")


async def beside(store: Store, work: Callable[[], T]) -> T:
    """Do *work*, which only reads from *store*, in another thread, and give what it gives."""

    def reading() -> T:
        with store.beside():
            return work()

    return await asyncio.to_thread(reading)


class Job(Generic[T]):
    """One piece of work at a time, and what the last one gave or raised."""

    def __init__(self) -> None:
        self._task: asyncio.Task[T] | None = None

    @property
    def is_at_work(self) -> bool:
        """Tell whether it is under way."""
        return self._task is not None and not self._task.done()

    @property
    def result(self) -> T | None:
        """Give what the last work gave, None while there is nothing. Raises what it raised."""
        return self._task.result() if self._task is not None and self._task.done() else None

    def begin(self, store: Store, work: Callable[[], T]) -> bool:
        """Begin *work*; False where one is under way already."""
        if self.is_at_work:
            return False
        self._task = asyncio.create_task(beside(store, work))
        return True

    def forget(self) -> None:
        """Drop what the last work gave."""
        if not self.is_at_work:
            self._task = None

    async def done(self) -> None:
        """Wait until nothing is under way; what the work raised is kept for ``result``."""
        if self._task is not None:
            await asyncio.wait([self._task])
