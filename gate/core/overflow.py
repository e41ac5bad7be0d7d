"""What becomes of messages when the outbox is full and the broker away: two become one, and sums stay what they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gate.core.events import Alarmed, Body, Counted, Denied, Passage, Span


def pair_to_merge(waiting: Sequence[Body]) -> tuple[int, int] | None:
    """Give the places of the two oldest of one kind in *waiting*, oldest first; None where no two are of a kind.

    The oldest message that has a fellow goes first. Two alarms are of a kind when the same alarm began, or ended, in both.
    """
    kinds = [_kind(body) for body in waiting]
    for place, kind in enumerate(kinds):
        if kind in kinds[place + 1 :]:
            return place, kinds.index(kind, place + 1)
    return None


def merged(older: Body, newer: Body) -> Body:
    """Make one message of two of a kind; of two live events the newer stays, for they are worth nothing late.

    Cells share no passage, so numbers add, and somebody in both counts in both; a withheld one adds nothing. k is the lower and epsilon the higher of both. Raises
    ValueError for two that are of no kind.
    """
    match older, newer:
        case Counted(), Counted():
            return Counted(
                Span.MERGED,
                min(older.window_start, newer.window_start),
                max(older.window_end, newer.window_end),
                _sum(older.people, newer.people),
                None,
                min(older.k, newer.k),
                max(older.epsilon, newer.epsilon),
            )
        case Denied(), Denied():
            return Denied(
                min(older.window_start, newer.window_start),
                max(older.window_end, newer.window_end),
                _sum(older.refused, newer.refused),
                min(older.k, newer.k),
                max(older.epsilon, newer.epsilon),
            )
        case Alarmed(), Alarmed() if _kind(older) == _kind(newer):
            return replace(newer, times=older.times + newer.times)
        case Passage(), Passage():
            return newer
        case _:
            msg = "messages of different kinds do not merge"
            raise ValueError(msg)


def _kind(body: Body) -> object:
    return (body.alarm, body.began) if isinstance(body, Alarmed) else type(body)


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None and other is None else (one or 0) + (other or 0)
