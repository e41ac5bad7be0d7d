"""A register's entry as somebody fills it in: which answers it takes, and what is wrong with them, field by field."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum
from typing import Any, Final

from gate.core.registers import FORMS, Fields, Register, impossible

ANSWER_MOST: Final = 2000
"""Characters of one answer."""


class AnswerKind(StrEnum):
    """What a field takes."""

    WORDS = "words"
    DAY = "day"
    MOMENT = "moment"


class AnswerFault(StrEnum):
    """What is wrong with one answer."""

    MISSING = "missing"
    LONG = "long"
    NO_DAY = "no-day"
    NO_MOMENT = "no-moment"
    AHEAD = "ahead"  # it has not come yet
    TOO_EARLY = "too-early"  # before what it can only follow


@dataclass(frozen=True, slots=True)
class Question:
    """One field of a form."""

    name: str
    kind: AnswerKind
    required: bool


def questions(register: Register) -> tuple[Question, ...]:
    """Give the fields of a register's form, in their order."""
    form = FORMS[register]
    kinds = typing.get_type_hints(form)
    return tuple(
        Question(each.name, _kind_of(kinds[each.name]), each.default is MISSING) for each in fields(form)
    )


def read_answers(
    register: Register, answers: Mapping[str, str], now: datetime, zone: tzinfo
) -> Fields | Mapping[str, AnswerFault]:
    """Read a filled form; give the entry, or what is wrong by field.

    answers: by field, a day as YYYY-MM-DD, a moment as YYYY-MM-DDTHH:MM in *zone*. now: aware.
    """
    read: dict[str, Any] = {}
    faults: dict[str, AnswerFault] = {}
    for question in questions(register):
        given = _read(question, answers.get(question.name, "").strip(), zone)
        if isinstance(given, AnswerFault):
            faults[question.name] = given
        elif isinstance(given, datetime) and given > now:
            faults[question.name] = AnswerFault.AHEAD
        elif given != "":
            read[question.name] = given
    if faults:
        return faults
    filled = FORMS[register](**read)
    wrong = impossible(filled, now.astimezone(zone).date())
    if wrong is None:
        return filled
    return {wrong.name: AnswerFault.AHEAD if wrong.before is None else AnswerFault.TOO_EARLY}


def shown(value: object, zone: tzinfo) -> str:
    """Give a field's value as ``read_answers`` reads it; empty for none."""
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%Y-%m-%dT%H:%M}"
    return "" if value is None else str(value)


def _read(question: Question, typed: str, zone: tzinfo) -> str | date | AnswerFault:
    """Read one answer; a datetime is a date too."""
    if typed == "":
        return AnswerFault.MISSING if question.required else ""
    if len(typed) > ANSWER_MOST:
        return AnswerFault.LONG
    if question.kind is AnswerKind.WORDS:
        return " ".join(typed.split())
    try:
        if question.kind is AnswerKind.DAY:
            return date.fromisoformat(typed)
        return datetime.fromisoformat(typed).replace(tzinfo=zone, microsecond=0).astimezone(UTC)
    except (ValueError, OverflowError):
        return AnswerFault.NO_DAY if question.kind is AnswerKind.DAY else AnswerFault.NO_MOMENT


def _kind_of(hint: object) -> AnswerKind:
    taken = {hint, *typing.get_args(hint)}
    if datetime in taken:
        return AnswerKind.MOMENT
    return AnswerKind.DAY if date in taken else AnswerKind.WORDS
