"""What an update has done so far, on the disk before the deed: a start after a power cut reads it (docs/adr/0035)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from gate.release.place import Place, Version
from gate.wholefiles import sweep_partial, write_whole

JOURNAL_NAME: Final = "update.json"
HISTORY_NAME: Final = "history.json"
HISTORY_MOST: Final = 50


class Step(StrEnum):
    """How far an update has come. From SWITCHED on it is undone whole, before that it never happened.

    OVER: kept or undone; the gate is to be started, and the copy destroyed, and nothing is taken back any more.
    """

    PREPARED = "prepared"
    COPYING = "copying"
    SWITCHED = "switched"
    UNDOING = "undoing"
    OVER = "over"


class Result(StrEnum):
    """How an update ended."""

    INSTALLED = "installed"
    UNDONE = "undone"
    BY_HAND = "by-hand"


@dataclass(frozen=True, slots=True)
class Course:
    """An update under way. copied: whether a copy of the database is to be put back if it is undone.

    served: whether the gate ran when it began, and so is to run when it ends.
    """

    step: Step
    old: Version
    new: Version
    copied: bool
    served: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """One line of the history; nobody's name stands in it."""

    at: str
    old: Version
    new: Version
    result: Result
    why: str


class Journal:
    """The update under way, and the history of those that ended, in the work folder."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def read(self) -> Course | None:
        """Give the update under way, None where there is none. A journal that cannot be read counts as none."""
        try:
            told = json.loads((self._place.work / JOURNAL_NAME).read_text(encoding="utf-8"))
            return Course(
                Step(told["step"]),
                Version.parse(told["old"]),
                Version.parse(told["new"]),
                copied=bool(told["copied"]),
                served=bool(told["served"]),
                why=str(told["why"]),
            )
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def sweep(self) -> None:
        """Remove what power cuts left of its files. Only whoever may update calls this."""
        for name in (JOURNAL_NAME, HISTORY_NAME):
            sweep_partial(self._place.work / name)

    def write(self, course: Course) -> None:
        """Note it, durably. Raises OSError."""
        self._place.make_work()
        told = {
            "step": course.step.value,
            "old": str(course.old),
            "new": str(course.new),
            "copied": course.copied,
            "served": course.served,
            "why": course.why,
        }
        write_whole(self._place.work / JOURNAL_NAME, json.dumps(told).encode())

    def close(self) -> None:
        """Forget the update under way: it is over."""
        (self._place.work / JOURNAL_NAME).unlink(missing_ok=True)

    def history(self) -> tuple[Ended, ...]:
        """Give the updates that ended, the oldest first; a history that cannot be read is empty."""
        try:
            told = json.loads((self._place.work / HISTORY_NAME).read_text(encoding="utf-8"))
            return tuple(
                Ended(
                    each["at"],
                    Version.parse(each["old"]),
                    Version.parse(each["new"]),
                    Result(each["result"]),
                    each["why"],
                )
                for each in told
            )
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return ()

    def note(self, course: Course, result: Result, why: str = "") -> None:
        """Add one ended update to the history. Raises OSError."""
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        ended = (*self.history(), Ended(at, course.old, course.new, result, why))[-HISTORY_MOST:]
        told = [
            {"at": e.at, "old": str(e.old), "new": str(e.new), "result": e.result.value, "why": e.why}
            for e in ended
        ]
        self._place.make_work()
        write_whole(self._place.work / HISTORY_NAME, json.dumps(told).encode())


def snapshot_folder(place: Place) -> Path:
    """Give where an update keeps its copy of the database."""
    return place.work / "before"
