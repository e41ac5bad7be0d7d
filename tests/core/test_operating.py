"""An operating point can only be made stricter, and one that opens to anyone does not exist."""

import math
from datetime import date

import pytest

from gate.core.operating import Bounded, OperatingPoint, effective_threshold

NAN = math.nan


def point(**changes):
    share = Bounded(0, 0, 0.01)
    given = {
        "model": "m", "model_sha256": "0" * 64, "dataset": "d", "subjects": 2, "images": 4, "genuine_pairs": 2,
        "impostor_pairs": 4, "threshold": 0.5, "margin": 0.1, "fmr": share, "fnmr": share, "confidence": 0.95,
        "n_max": 10, "measured": date(2026, 1, 1), "basis": "b",
    }  # fmt: skip
    return OperatingPoint(**given | changes)


@pytest.mark.parametrize(
    ("at_least", "expected"), [(None, 0.5), (0.4, 0.5), (0.5, 0.5), (0.7, 0.7), (NAN, 0.5), (-math.inf, 0.5)]
)
def test_a_site_can_only_raise_the_threshold(at_least, expected):
    assert effective_threshold(point(), at_least) == expected


@pytest.mark.parametrize(
    "changes",
    [{"threshold": 0}, {"threshold": 1}, {"threshold": NAN}, {"margin": -0.1}, {"margin": NAN}, {"n_max": 0}],
)
def test_an_operating_point_that_opens_to_anyone_is_refused(changes):
    with pytest.raises(ValueError, match=r"threshold|n_max"):
        point(**changes)
