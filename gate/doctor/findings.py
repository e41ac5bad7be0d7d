"""What a doctor says of one thing: how it stands, what was seen, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How one thing stands. NOTE: it works, and somebody should know."""

    WELL = "well"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at. code: stable, empty where all is well. remedy: what to do, empty likewise."""

    subject: str
    state: State
    seen: str
    remedy: str = ""
    code: str = ""


def well(subject: str, seen: str) -> Diagnosis:
    """Say that it is as it should be."""
    return Diagnosis(subject, State.WELL, seen)


def note(subject: str, code: str, seen: str, *, remedy: str) -> Diagnosis:
    """Say what somebody should know, though it works."""
    return Diagnosis(subject, State.NOTE, seen, remedy, code)


def wrong(subject: str, code: str, seen: str, *, remedy: str) -> Diagnosis:
    """Say what is wrong, and how to mend it."""
    return Diagnosis(subject, State.WRONG, seen, remedy, code)
