"""Captures become one template only when each agrees with each."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gate.vision.enrolment import CAPTURES, combine

NAN, INF = math.nan, math.inf
SIZE = 128


def vector(*values):
    return np.array([*values, *[0.0] * (SIZE - len(values))], np.float32)


def towards(degrees):
    """Give a unit vector in the plane of the first two axes: a capture of somebody *degrees* away."""
    return vector(math.cos(math.radians(degrees)), math.sin(math.radians(degrees)))


def angle(template):
    assert template.dtype == np.float32
    assert np.linalg.norm(template) == pytest.approx(1, abs=1e-6)
    assert not template[2:].any()
    return math.degrees(math.atan2(template[1], template[0]))


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
    half = vector(0.5, 0.5, 0.5, 0.5)
    assert combine([half, half], at_least=1.0) is not None


def test_opposite_captures_have_no_mean():
    assert combine([towards(0), vector(-1.0)], at_least=-1.0) is None


@pytest.mark.parametrize("bad", [NAN, INF, -INF, 2.0, 1e38])
@pytest.mark.parametrize("place", [0, 1, SIZE - 1])
def test_a_capture_that_is_no_unit_vector_agrees_with_nothing(place, bad):
    capture = towards(0)
    capture[place] = bad
    assert combine([towards(0), capture], at_least=-1.0) is None
    assert combine([capture, capture], at_least=-1.0) is None


def test_a_limit_that_is_not_a_number_lets_nothing_pass():
    assert combine([towards(0), towards(0)], at_least=NAN) is None


@given(st.lists(arrays.arrays(np.float32, SIZE, elements=st.floats(width=32)), max_size=3), st.floats())
def test_any_numbers_give_a_template_or_nothing(captures, at_least):
    template = combine(captures, at_least=at_least)
    assert template is None or np.linalg.norm(template) == pytest.approx(1, abs=1e-6)
