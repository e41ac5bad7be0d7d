"""How sure a measured success is: exact binomial limits, no normal approximation and no library beyond the stdlib."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, exp, lgamma, log

CONFIDENCE = 0.99
GUESSING = 0.5
NO_BETTER_BELOW = 0.55
"""The claim "no better than guessing": the upper limit of success in the balanced test stays below this."""

_HALVINGS = 60


@dataclass(frozen=True, slots=True)
class Success:
    """How often the attacker is right where both answers are equally likely. low, high: limits at ``CONFIDENCE``."""

    rate: float
    low: float
    high: float
    trials: int

    @property
    def no_better_than_guessing(self) -> bool:
        """Whether the upper limit stays below ``NO_BETTER_BELOW``."""
        return self.high < NO_BETTER_BELOW

    def __str__(self) -> str:
        return f"{100 * self.rate:.1f} % ({100 * self.low:.1f} to {100 * self.high:.1f})"


def of_pairs(up: int, down: int, trials: int) -> Success:
    """Give the success from *trials* pairs of worlds that share everything but the secret, the noise included.

    up: pairs where the attacker is right in both worlds; down: wrong in both. In all others the answer is the same in
    both worlds, thus right in one of them. The limits hold whatever the chances of the three are (Bonferroni over two
    exact binomial limits).
    """
    alpha = (1 - CONFIDENCE) / 2
    up_low, up_high = binomial(up, trials, 1 - alpha)
    down_low, down_high = binomial(down, trials, 1 - alpha)
    return Success(
        GUESSING + (up - down) / (2 * trials),
        max(0.0, GUESSING + (up_low - down_high) / 2),
        min(1.0, GUESSING + (up_high - down_low) / 2),
        trials,
    )


def of_trials(right: int, trials: int) -> Success:
    """Give the success from *trials* independent answers."""
    low, high = binomial(right, trials, CONFIDENCE)
    return Success(right / trials, low, high, trials)


def binomial(hits: int, trials: int, confidence: float) -> tuple[float, float]:
    """Give the exact two-sided limits of a chance after *hits* of *trials* (Clopper and Pearson 1934)."""
    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else _solve(lambda p: 1 - _at_most(hits - 1, trials, p), tail)
    high = 1.0 if hits == trials else _solve(lambda p: 1 - _at_most(hits, trials, p), 1 - tail)
    return low, high


def _solve(rising, target):
    below, above = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (below + above) / 2
        if rising(middle) < target:
            below = middle
        else:
            above = middle
    return (below + above) / 2


def _at_most(hits: int, trials: int, p: float) -> float:
    """Give the chance of *hits* or fewer, by a continued fraction of the incomplete beta function (Lentz)."""
    if p <= 0.0:
        return 1.0
    if p >= 1.0:
        return 0.0
    return _beta(trials - hits, hits + 1, 1 - p)


def _beta(a: float, b: float, x: float) -> float:
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta(b, a, 1 - x)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x)) / a
    c, d, fraction = 1.0, 0.0, 1.0
    for step in range(400):
        m = step // 2
        if step == 0:
            term = 1.0
        elif step % 2 == 0:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        else:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / _away_from_zero(1 + term * d)
        c = _away_from_zero(1 + term / c)
        fraction *= c * d
        if abs(1 - c * d) < 1e-12:
            return front * (fraction - 1)
    return front * (fraction - 1)


def _away_from_zero(value: float) -> float:
    return value if abs(value) > 1e-300 else 1e-300


def at_most_by_summing(hits: int, trials: int, p: float) -> float:
    """Give the same chance by its definition: slow, for the test of the fast one."""
    return sum(comb(trials, n) * p**n * (1 - p) ** (trials - n) for n in range(hits + 1))
