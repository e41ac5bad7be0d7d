"""R44: the noise is exactly the distribution that its price is reckoned with."""

import itertools
import math
import random
from fractions import Fraction

import pytest

from gate.core.noise import discrete_laplace, margin

EPSILONS = (Fraction(1, 5), Fraction(3, 7), Fraction(1), Fraction(2), Fraction(17, 10))


def exact(epsilon, size):
    ratio = math.exp(-epsilon)
    return (1 - ratio) / (1 + ratio) * ratio ** abs(size)


@pytest.mark.parametrize("epsilon", EPSILONS, ids=str)
def test_the_distribution_is_the_discrete_laplace_by_a_chi_squared_test(epsilon):
    """Cells of at least 20 expected draws; the limit is the chi-squared quantile of 1 in 10,000 (Wilson and Hilferty)."""
    draws = 20_000
    source = random.Random(20261122)
    found = [discrete_laplace(epsilon, source.randrange) for _ in range(draws)]
    widest = max(
        size
        for size in itertools.takewhile(lambda size: exact(epsilon, size) * draws > 20, itertools.count())
    )
    cells = {size: exact(epsilon, size) for size in range(-widest, widest + 1)}
    tail = (1 - sum(cells.values())) / 2
    expected = [tail, *cells.values(), tail]
    counted = [
        sum(size < -widest for size in found),
        *(found.count(size) for size in cells),
        sum(size > widest for size in found),
    ]
    statistic = sum(
        (count - draws * share) ** 2 / (draws * share) for count, share in zip(counted, expected, strict=True)
    )
    freedom = len(expected) - 1
    third = 2 / (9 * freedom)
    assert statistic < freedom * (1 - third + 3.719 * math.sqrt(third)) ** 3


@pytest.mark.parametrize("epsilon", EPSILONS, ids=str)
def test_neighbouring_counts_differ_by_no_more_than_the_price_says(epsilon):
    """What one passage changes by one becomes likelier or less likely by a factor of exp(epsilon) at most."""
    for size in range(-60, 60):
        assert exact(epsilon, size) <= exact(epsilon, size + 1) * math.exp(epsilon) * (1 + 1e-12)


def test_the_same_bits_give_the_same_noise():
    draws = [[discrete_laplace(Fraction(1), random.Random(5).randrange) for _ in range(3)] for _ in range(2)]
    assert draws[0] == draws[1]


@pytest.mark.parametrize("epsilon", [Fraction(0), Fraction(-1)])
def test_noise_without_a_price_is_refused(epsilon):
    with pytest.raises(ValueError, match="above 0"):
        discrete_laplace(epsilon, random.randrange)


@pytest.mark.parametrize("epsilon", EPSILONS, ids=str)
@pytest.mark.parametrize("chance", [Fraction(1, 100), Fraction(1, 1000), Fraction(1, 10**6)], ids=str)
def test_the_margin_is_the_smallest_that_noise_rarely_reaches(epsilon, chance):
    def reached(size):
        ratio = math.exp(-epsilon)
        return ratio**size / (1 + ratio)

    found = margin(epsilon, chance=chance)
    assert reached(found) <= float(chance) * (1 + 1e-9)
    assert found == 0 or reached(found - 1) > float(chance) * (1 - 1e-9)


def test_a_chance_that_noise_always_keeps_needs_no_margin():
    assert margin(Fraction(5), chance=Fraction(999, 1000)) == 0
