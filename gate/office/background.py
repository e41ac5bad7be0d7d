"""Work that takes long, beside the door's loop: in another thread, reading by a connection of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

import structlog

from gate.chores import unforeseen
from gate.errors import GateError
from gate.store import Store

log = structlog.get_logger()

T = TypeVar("T")


async def beside(store: Store, work: Callable[[], T]) -> T:
    """Do *work*, which only reads from *store*, in another thread, and give what it gives."""

    def reading() -> T:
        with store.beside():
            return work()

    return await asyncio.to_thread(reading)


class Job(Generic[T]):
    """One piece of work at a time, and what the last one gave, or what kept it from being done."""

    def __init__(self) -> None:
        self._task: asyncio.Task[T] | None = None

    @property
    def is_at_work(self) -> bool:
        """Tell whether it is under way."""
        return self._task is not None and not self._task.done()

    @property
    def result(self) -> T | None:
        """Give what the last work gave, None while there is nothing. Raises the GateError that ended it."""
        if self._task is None or not self._task.done() or self._task.cancelled():
            return None
        return self._task.result()

    def begin(self, store: Store, work: Callable[[], T], *, then: Callable[[T], None] | None = None) -> bool:
        """Begin *work*, and *then* go on with what it gave, on the loop; False where some is under way already."""
        if self.is_at_work:
            return False

        async def doing() -> T:
            try:
                given = await beside(store, work)
                if then is not None:
                    then(given)
            except GateError:
                raise
            except Exception as error:
                log.error("job_failed", kind=type(error).__name__)  # noqa: TRY400 - a trace may quote values
                raise unforeseen() from error
            return given

        self._task = asyncio.create_task(doing())
        self._task.add_done_callback(
            lambda task: task.cancelled() or task.exception()
        )  # whoever asks is told
        return True

    def forget(self) -> None:
        """Drop what the last work gave."""
        if not self.is_at_work:
            self._task = None

    async def done(self) -> None:
        """Wait until nothing is under way; what the work raised is kept for ``result``."""
        if self._task is not None:
            await asyncio.wait([self._task])
