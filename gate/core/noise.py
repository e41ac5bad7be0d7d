"""Exact discrete Laplace noise: whole numbers from whole numbers, and no floating point that could betray what it hides.

The sampler is Algorithm 2 of Canonne, Kamath and Steinke, "The Discrete Gaussian for Differential Privacy" (2020). Random
bits come as an argument, so that a test can replay them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

Draw = Callable[[int], int]
"""Gives a uniform whole number from 0 to below its argument, as ``secrets.randbelow`` does."""


def discrete_laplace(epsilon: Fraction, draw: Draw) -> int:
    """Draw a whole number x with a probability in proportion to exp(-epsilon * abs(x)).

    epsilon: above 0. Added to a count that one passage changes by one, it costs that passage *epsilon* of privacy.
    Raises ValueError for any other epsilon.
    """
    if not epsilon > 0:
        msg = "noise needs an epsilon above 0"
        raise ValueError(msg)
    steps, per = epsilon.denominator, epsilon.numerator
    while True:
        rest = draw(steps)
        if not _happens(Fraction(rest, steps), draw):
            continue
        whole = 0
        while _happens(Fraction(1), draw):
            whole += 1
        size = (rest + steps * whole) // per
        negative = draw(2) == 1
        if not (negative and size == 0):  # else zero would come up twice as often
            return -size if negative else size


def margin(epsilon: Fraction, *, chance: Fraction) -> int:
    """Give the smallest whole number that noise of *epsilon* reaches or exceeds with a probability of at most *chance*."""
    ratio = math.exp(-epsilon)
    return max(0, math.ceil(math.log(float(chance) * (1 + ratio)) / -float(epsilon)))


def _happens(gamma: Fraction, draw: Draw) -> bool:
    """Tell with a probability of exactly exp(-gamma). gamma: from 0 to 1."""
    turn = 1
    while draw(gamma.denominator * turn) < gamma.numerator:
        turn += 1
    return turn % 2 == 1
