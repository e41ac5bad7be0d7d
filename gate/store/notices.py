"""The archive of published notices: word for word, for good (R11, R14)."""

from __future__ import annotations

from gate.core.types import NoticeVersion


class Notices:
    """The notices table."""

    def __init__(self, fixed: NoticeVersion) -> None:
        self._fixed = fixed

    @property
    def current_version(self) -> NoticeVersion | None:
        """Give the version in force, None while none is published."""
        return self._fixed
