"""Weekly hours in local time: ``mon-fri 07:00-18:00; sat 08:00-12:00``, ``always``, also over midnight.

Chinese days are read as well (周一-周五 07:00-18:00, 始终) and kept in the English words, so that one text means the same to all.

They are judged by the clock on the wall. Where that skips an hour in spring, what lies in the hour does not come about;
where it repeats one in autumn, the hour counts both times.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import chain
from typing import Final

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CHINESE_DAYS: Final = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
ALWAYS: Final = "always"
CHINESE_ALWAYS: Final = "始终"
NONE: Final = "none"
"""Said in place of hours by an operator: no hours any more."""
LONGEST_TEXT: Final = 400
LONGEST_NAME: Final = 32
_HOUR: Final = 60
_DAY: Final = 24 * _HOUR
_WEEK: Final = 7 * _DAY
_ENTRY = re.compile(r"([a-z,-]+) +([0-9:, -]+)", re.ASCII)
_CHINESE_DAY = re.compile(r"(?:周|星期)([一二三四五六日天])(?=([0-9])?)")
_CHINESE_SIGNS = str.maketrans({"\uff1b": "; ", "、": ",", "至": "-", "到": "-", "\u2013": "-", "—": "-"})
_DAY_WORD = re.compile("|".join(DAYS))
_TIME = re.compile(r"([0-9]{2}):([0-9]{2})", re.ASCII)

Minutes = tuple[int, int]
"""From the first minute of the week to the one before the second, counted from Monday 00:00."""


class HoursFault(StrEnum):
    """Why a text names no hours; ``remedy`` says what to write."""

    EMPTY = "empty"
    TOO_LONG = "too-long"
    NO_ENTRY = "no-entry"
    NO_DAY = "no-day"
    NO_TIME = "no-time"
    NO_SPAN = "no-span"
    UNREADABLE = "unreadable"  # of stored hours: gone or altered

    @property
    def remedy(self) -> str:
        """Say what to write instead."""
        return _REMEDIES[self]


_EXAMPLE = 'such as "mon-fri 07:00-18:00; sat 08:00-12:00"'
_REMEDIES: Final = {
    HoursFault.EMPTY: f'Write days and times, {_EXAMPLE}, or "{ALWAYS}".',
    HoursFault.TOO_LONG: f"Write at most {LONGEST_TEXT} characters; join days that have the same times.",
    HoursFault.NO_ENTRY: f"Write days, a space, then times, {_EXAMPLE}; a semicolon stands between two such entries.",
    HoursFault.NO_DAY: f"Write days as {', '.join(DAYS)}, such as mon-fri or sat,sun; 周一-周五 is read as well.",
    HoursFault.NO_TIME: "Write times as HH:MM from 00:00 to 24:00, such as 07:00-12:00,13:00-18:00.",
    HoursFault.NO_SPAN: "Let each span end at another time than it begins; all day is 00:00-24:00.",
    HoursFault.UNREADABLE: "Set these hours anew (gate hours set), or give other ones (gate hours give).",
}


@dataclass(frozen=True, slots=True)
class Hours:
    """Weekly hours. text: as they were written, in lower case, the days in English. spans: within the week, sorted, apart from each other."""

    text: str
    spans: tuple[Minutes, ...]

    def contains(self, local: datetime) -> bool:
        """Tell whether the wall clock's time *local* lies within: a span's first minute does, its last time does not."""
        minute = local.weekday() * _DAY + local.hour * _HOUR + local.minute
        return any(begin <= minute < end for begin, end in self.spans)


def parse(text: str) -> Hours | HoursFault:
    """Read hours as somebody wrote them; total: any text gives hours or the fault in it.

    A span that ends at an earlier time than it begins ends on the next day. Days may go over the week's end (sat-mon).
    """
    said = " ".join(_in_english(text).split())
    if len(said) > LONGEST_TEXT:
        return HoursFault.TOO_LONG
    if said == ALWAYS:
        return Hours(ALWAYS, ((0, _WEEK),))
    entries = [entry.strip() for entry in said.split(";")]
    if not any(entries):
        return HoursFault.EMPTY
    spans: list[Minutes] = []
    for entry in filter(None, entries):
        found = _entry(entry)
        if isinstance(found, HoursFault):
            return found
        spans += found
    return Hours(said, _joined(spans))


def is_hours_name(text: str) -> bool:
    """Tell whether *text* may name hours: 1 to 32 letters and digits of any script, and -, which does not come first.

    Neither ``always`` nor ``none``, and in the one form (NFKC) in which texts that look alike are equal. No sign with which a
    spreadsheet's formula, an option of the command line or another direction of writing begins.
    """
    return (
        0 < len(text) <= LONGEST_NAME
        and not text.startswith("-")
        and all(sign == "-" or unicodedata.category(sign)[0] in "LM" or sign.isdecimal() for sign in text)
        and unicodedata.is_normalized("NFKC", text)
        and text.casefold() not in {ALWAYS, NONE}
    )


def in_chinese(text: str) -> str:
    """Give the ``text`` of hours with its days in Chinese; ``parse`` reads it as the same hours."""
    if text == ALWAYS:
        return CHINESE_ALWAYS
    return _DAY_WORD.sub(lambda found: CHINESE_DAYS[DAYS.index(found[0])], text)


def _in_english(text: str) -> str:
    """Give *text* in lower case, with English days for Chinese ones and plain signs for wide ones."""
    plain = unicodedata.normalize("NFKC", text.translate(_CHINESE_SIGNS)).lower()
    if plain.strip() == CHINESE_ALWAYS:
        return ALWAYS

    def day(found: re.Match[str]) -> str:
        # Chinese is written without a blank between the day and the time.
        return DAYS["一二三四五六日".index(found[1].replace("天", "日"))] + (" " if found[2] else "")

    return _CHINESE_DAY.sub(day, plain)


def _entry(entry: str) -> list[Minutes] | HoursFault:
    match = _ENTRY.fullmatch(entry)
    if match is None:
        return HoursFault.NO_ENTRY
    days = _days(match[1])
    times = [_times(each.strip()) for each in match[2].split(",")]
    if days is None:
        return HoursFault.NO_DAY
    spans: list[Minutes] = []
    for each in times:
        if isinstance(each, HoursFault):
            return each
        spans += chain.from_iterable(_in_week(day * _DAY + each[0], day * _DAY + each[1]) for day in days)
    return spans


def _days(text: str) -> set[int] | None:
    """Give the numbers of the days, Monday 0; None where one is no day."""
    days: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS or part.endswith("-"):
            return None
        begin, end = DAYS.index(first), DAYS.index(last or first)
        days |= {day % len(DAYS) for day in range(begin, end + 1 if begin <= end else end + 1 + len(DAYS))}
    return days


def _times(text: str) -> Minutes | HoursFault:
    """Give begin and end in minutes of the day the span begins on; after midnight the end is beyond 24:00."""
    first, dash, last = text.partition("-")
    begin, end = _minute(first), _minute(last)
    if not dash or begin is None or end is None or begin == _DAY:
        return HoursFault.NO_TIME
    if begin == end:
        return HoursFault.NO_SPAN
    return begin, end if end > begin else end + _DAY


def _minute(text: str) -> int | None:
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    minute = int(match[1]) * _HOUR + int(match[2])
    return minute if int(match[2]) < _HOUR and minute <= _DAY else None


def _in_week(begin: int, end: int) -> list[Minutes]:
    """Cut a span at the week's end; what goes over it belongs to Monday."""
    if end <= _WEEK:
        return [(begin, end)]
    return [(begin, _WEEK), (0, end - _WEEK)]


def _joined(spans: list[Minutes]) -> tuple[Minutes, ...]:
    joined: list[Minutes] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((begin, end))
    return tuple(joined)
