"""Hours in which made-up people come, closed one after the other: what is told of them, with and without noise."""

from datetime import UTC, datetime
from fractions import Fraction

from hypothesis import settings

from gate.core.anonymity import Carried, Disclosure, Hour, close_hour
from gate.core.events import WINDOW, Counted
from gate.core.types import Method

MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)
OFFERED = frozenset({Method.FACE, Method.CARD})
K = 3
IN_TIME = settings(deadline=None, max_examples=50)
ONE = Fraction(1)


def plain(k=K):
    def no_bits(_bound):
        raise AssertionError("no noise was asked for")

    return Disclosure(k, Fraction(0), no_bits)


def noisy(*noise, k=K, epsilon=Fraction(5)):
    """Give a disclosure whose bits lead to *noise*, in this order, wherever a share is 1."""
    bits = iter([bit for size in noise for bit in (0, 0, *[0, 0, 1] * abs(size), 0, 1, size < 0)])

    def draw(bound):
        bit = int(next(bits))
        assert 0 <= bit < bound
        return bit

    return Disclosure(k, epsilon, draw)


def who(name):
    return str(name).encode()


def hour_of(*passages, refused=0):
    """Give an hour in which these came in: (method, name) each."""
    hour = Hour()
    for method, name in passages:
        hour = hour.passed(method, who(name), OFFERED)
    for _ in range(refused):
        hour = hour.denied()
    return hour


def through_a_day(hours, by, offered=OFFERED, start=MIDNIGHT, keep=lambda carried: carried):
    """Close the hours one after the other and give all that is told."""
    carried, told = Carried(), []
    for place, hour in enumerate(hours):
        carried, more = close_hour(start + place * WINDOW, hour, carried, offered, by)
        carried = keep(carried)
        told += more
    return told


def by_span(told, span):
    return [each for each in told if isinstance(each, Counted) and each.span is span]
