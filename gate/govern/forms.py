"""The forms of the registers as questions on a terminal: what is asked, and how an answer is read."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from datetime import UTC, date, datetime
from typing import Any, Final

from gate.core.registers import Fields, impossible
from gate.errors import RequestError
from gate.govern.report import when

Ask = Callable[[str], str]
"""Shows a question, gives the line that was typed."""

_MOST_CHARS: Final = 2000
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_QUESTIONS: Final = {
    "staff": "Who was trained (stays on this device)",
    "role": "In which role",
    "trained_on": "Trained on",
    "next_due": "Again by",
    "ended_on": "Over since (empty: not)",
    "agreed_on": "Agreement signed on",
    "checked_on": "Looked at on",
    "filed_on": "Filed on",
    "found_at": "Found at",
    "contained_at": "Contained at (empty: not yet)",
    "authority_told_at": "Authority told at (empty: not yet)",
    "people_told_at": "People told at (empty: not yet)",
    "why_people_not_told": "Why no harm can come of it, so that the people need not be told (empty: they must be)",
    "categories": "Categories of data",
    "cause": "Cause",
    "harm": "Harm it may do",
    "measures_taken": "Measures taken",
    "measures_for_people": "What people can do to limit the harm",
}


def fill(form: type[Fields], ask: Ask, now: datetime, before: Fields | None = None) -> Fields:
    """Ask field by field and give the filled form. An empty answer takes what stood *before*, where there is any.

    now: aware, for the answer "now". Raises RequestError ``answer-unfit`` at the first answer that does not fit.
    """
    kinds = typing.get_type_hints(form)
    answers: dict[str, Any] = {}
    for each in fields(form):
        old = getattr(before, each.name) if before is not None else None
        typed = ask(_question(each, kinds[each.name], old))
        if _CONTROL.search(typed) or len(typed) > _MOST_CHARS:
            raise _unfit(each.name, f"one line of at most {_MOST_CHARS} characters")
        if typed == "" and old is not None:
            answers[each.name] = old
        elif typed == "-" and each.default is not MISSING:
            answers[each.name] = each.default
        else:
            answers[each.name] = _read(each, kinds[each.name], typed, now)
    filled = form(**answers)
    _refuse_impossible(filled, now)
    return filled


def _refuse_impossible(filled: Fields, now: datetime) -> None:
    # The later of the two days: people write their own, which in the morning is ahead of the UTC one in the east.
    wrong = impossible(filled, max(now.date(), now.astimezone().date()))
    if wrong is None:
        return
    after = wrong.before and wrong.before.replace("_", " ")
    raise _unfit(wrong.name, f"a day not before '{after}'" if after else "a day that has come already")


def _question(each: Field[Any], kind: object, old: object) -> str:
    asked = _QUESTIONS.get(each.name, each.name.replace("_", " ").capitalize())
    if _is(kind, datetime):
        asked += " [YYYY-MM-DD HH:MM or now]"
    elif _is(kind, date):
        asked += " [YYYY-MM-DD]"
    if old is not None:
        shown = when(old) if isinstance(old, datetime) else str(old)
        asked += f" (empty keeps: {shown}" + ("; - clears)" if each.default is not MISSING else ")")
    return asked


def _read(each: Field[Any], kind: object, typed: str, now: datetime) -> object:
    if typed == "":
        if each.default is MISSING:
            raise _unfit(each.name, "an answer")
        return each.default
    if _is(kind, datetime):
        return _time(each, typed, now)
    if _is(kind, date):
        try:
            return date.fromisoformat(typed)
        except ValueError:
            raise _unfit(each.name, "a day such as 2026-11-22") from None
    return typed


def _time(each: Field[Any], typed: str, now: datetime) -> datetime:
    """Read a time: without a zone it is the device's local one."""
    try:
        at = now if typed == "now" else datetime.fromisoformat(typed).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _unfit(each.name, "a time such as 2026-11-22 14:05") from None
    if at > now:
        raise _unfit(each.name, "a time that has come already")
    return at.replace(microsecond=0)


def _is(kind: object, of: type) -> bool:
    """Tell whether a field is of that type, or of that type or None."""
    return kind is of or (isinstance(kind, types.UnionType) and of in kind.__args__)


def _unfit(name: str, wanted: str) -> RequestError:
    return RequestError(
        "answer-unfit",
        f"'{name.replace('_', ' ')}' takes {wanted}.",
        remedy="Begin again; nothing was written.",
    )
