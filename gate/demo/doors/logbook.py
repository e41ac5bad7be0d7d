"""What the gate would have written to its log, kept in memory for the story to look at."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from structlog.typing import EventDict, WrappedLogger


class LogBook:
    """Every event since `clear`, oldest first."""

    def __init__(self) -> None:
        self._events: list[EventDict] = []

    def clear(self) -> None:
        """Turn a page."""
        self._events.clear()

    def named(self, event: str, device: str | None = None) -> list[EventDict]:
        """Give the events of that name, of one device or of all."""
        return [
            each for each in self._events if each["event"] == event and device in {None, each.get("device")}
        ]

    @property
    def text(self) -> str:
        """Give everything as one text, to look for what must not be in it."""
        return repr(self._events)

    def _keep(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        self._events.append(event)
        raise structlog.DropEvent


@contextmanager
def logbook() -> Iterator[LogBook]:
    """Have the process's log written into a book while the block lasts."""
    before = structlog.get_config()
    book = LogBook()
    structlog.configure(
        processors=[book._keep],  # noqa: SLF001 - its own maker
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    try:
        yield book
    finally:
        structlog.configure(**before)
