"""How long work tells where it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with what is being done, how much is done, and of how much in all (0: not known)."""

    def __call__(self, name: str, done: int, total: int, /) -> None:
        """Take one report. It must return soon; it is called from the work itself."""


def silent(_name: str, _done: int, _total: int, /) -> None:
    """Report to nobody."""
