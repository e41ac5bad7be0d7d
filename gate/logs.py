"""One line an event, to standard error: an event name and its keys, never a person, a card, a PIN or a score."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import structlog

from gate.errors import GateError


class _Unfailing:
    """A stream that loses what it cannot write: a full disk or a closed pipe must not stop the door."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except (OSError, ValueError):
            return 0

    def flush(self) -> None:
        try:
            self._stream.flush()
        except (OSError, ValueError):
            return


def configure(*, quiet: bool = False, debug: bool = False) -> None:
    """Set up logging for this process.

    quiet: say nothing; the demo's own lines tell it. debug: say more, and let the libraries speak too. What must never
    be in a log is not in that one either (tests/e2e/test_canary.py).
    """
    level = logging.DEBUG if debug else logging.INFO
    if debug:
        libraries = logging.StreamHandler(_Unfailing(sys.stderr))
        logging.basicConfig(level=level, handlers=[libraries], format="library=%(name)s %(message)s")
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.LogfmtRenderer(key_order=["at", "level", "event"], bool_as_flag=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL if quiet else level),
        logger_factory=structlog.WriteLoggerFactory(_Unfailing(sys.stderr)),  # type: ignore[arg-type]  # it only writes
    )


def log_loss(error: GateError) -> None:
    """Say what the gate goes on without, and what brings it back."""
    structlog.get_logger().error("serving_without", code=error.code, what=error.what, remedy=error.remedy)
