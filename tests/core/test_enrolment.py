"""Captures become one template only when each agrees with each."""

from __future__ import annotations

import itertools
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.enrolment import CAPTURES, EMBEDDING_SIZE, combine

NAN, INF = math.nan, math.inf


def packed(values):
    return struct.pack(f"<{len(values)}f", *values)


def towards(degrees):
    """Give a unit vector in the plane of the first two axes: a capture of somebody *degrees* away."""
    radians = math.radians(degrees)
    return packed([math.cos(radians), math.sin(radians)] + [0.0] * (EMBEDDING_SIZE - 2))


def angle(template):
    values = struct.unpack(f"<{EMBEDDING_SIZE}f", template)
    assert math.hypot(*values) == pytest.approx(1, abs=1e-6)
    assert not any(values[2:])
    return math.degrees(math.atan2(values[1], values[0]))


@pytest.mark.parametrize("spread", list(itertools.product((0, 10, 40), repeat=3)))
def test_every_two_captures_must_be_alike(spread):
    widest = max(spread) - min(spread)
    template = combine([towards(each) for each in spread], at_least=math.cos(math.radians(35)))
    assert (template is not None) == (widest < 35)


def test_a_chain_of_likeness_is_not_enough():
    """Each is near its neighbour, the ends are two people."""
    assert combine([towards(0), towards(30), towards(60)], at_least=math.cos(math.radians(35))) is None


@pytest.mark.parametrize("odd", range(CAPTURES))
def test_one_capture_of_somebody_else_spoils_all_wherever_it_stands(odd):
    captures = [towards(90 if place == odd else place) for place in range(CAPTURES)]
    assert combine(captures, at_least=0.5) is None


def test_the_template_is_the_mean_direction_at_length_one():
    assert angle(combine([towards(0), towards(10)], at_least=0.9)) == pytest.approx(5, abs=1e-4)
    assert angle(combine([towards(20)] * CAPTURES, at_least=0.9)) == pytest.approx(20, abs=1e-4)


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_captures_agree_on_nothing(count):
    assert combine([towards(0)] * count, at_least=-1.0) is None


def test_exactly_the_limit_is_alike():
    ones = packed([0.5] * 4 + [0.0] * (EMBEDDING_SIZE - 4))
    assert combine([ones, ones], at_least=1.0) is not None


def test_opposite_captures_have_no_mean():
    assert combine([towards(0), packed([-1.0] + [0.0] * (EMBEDDING_SIZE - 1))], at_least=-1.0) is None


@pytest.mark.parametrize("bad", [NAN, INF, -INF, 2.0, 1e38])
@pytest.mark.parametrize("place", [0, 1, EMBEDDING_SIZE - 1])
def test_a_capture_that_is_no_unit_vector_agrees_with_nothing(place, bad):
    values = list(struct.unpack(f"<{EMBEDDING_SIZE}f", towards(0)))
    values[place] = bad
    assert combine([towards(0), packed(values)], at_least=-1.0) is None
    assert combine([packed(values), packed(values)], at_least=-1.0) is None


@pytest.mark.parametrize(
    "capture", [b"", b"\0", bytes(512), towards(0)[:-1], towards(0)[:-4], towards(0) * 2]
)
def test_a_capture_of_another_size_agrees_with_nothing(capture):
    assert combine([towards(0), capture], at_least=-1.0) is None
    assert combine([capture, capture], at_least=-1.0) is None


def test_a_limit_that_is_not_a_number_lets_nothing_pass():
    assert combine([towards(0), towards(0)], at_least=NAN) is None


@given(st.lists(st.binary(max_size=600) | st.binary(min_size=512, max_size=512), max_size=4), st.floats())
def test_any_bytes_give_a_template_or_nothing(captures, at_least):
    template = combine(captures, at_least=at_least)
    assert template is None or len(template) == EMBEDDING_SIZE * 4
