"""An operating point can only be made stricter, and one that opens to anyone does not exist."""

import math
from datetime import date

import pytest

from gate.core.operating import Bounded, OperatingPoint, effective_threshold, is_no_laxer

NAN = math.nan


def point(**changes):
    share = Bounded(0, 0, 0.01)
    given = {
        "model": "m", "model_sha256": "0" * 64, "dataset": "d", "subjects": 2, "images": 4, "genuine_pairs": 2,
        "impostor_pairs": 4, "threshold": 0.5, "margin": 0.1, "fmr": share, "fnmr": share, "confidence": 0.95,
        "n_threshold": 5, "rise": 0.04, "n_max": 10, "measured": date(2026, 1, 1), "basis": "b",
    }  # fmt: skip
    return OperatingPoint(**given | changes)


@pytest.mark.parametrize(
    ("at_least", "expected"), [(None, 0.5), (0.4, 0.5), (0.5, 0.5), (0.7, 0.7), (NAN, 0.5), (-math.inf, 0.5)]
)
def test_a_site_can_only_raise_the_threshold(at_least, expected):
    assert effective_threshold(point(), at_least) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"threshold": 0},
        {"threshold": 1},
        {"threshold": NAN},
        {"margin": -0.1},
        {"margin": NAN},
        {"n_max": 0},
        {"n_threshold": 0},
        {"n_threshold": 11},
        {"rise": -0.01},
        {"rise": 1},
        {"rise": NAN},
    ],
)
def test_an_operating_point_that_opens_to_anyone_is_refused(changes):
    with pytest.raises(ValueError, match=r"threshold|n_max|rise"):
        point(**changes)


def test_r33_the_threshold_rises_with_the_templates_searched_and_never_falls():
    assert [point().threshold_for(n) for n in (0, 1, 5)] == [0.5, 0.5, 0.5]
    assert point().threshold_for(50) == pytest.approx(0.5 + 0.04 * math.log(10))
    assert point(rise=0.0).threshold_for(10**6) == 0.5


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"threshold": 0.6, "margin": 0.2, "n_max": 5000}, True),
        ({"threshold": 0.49}, False),
        ({"margin": 0.09}, False),
        ({"model": "other"}, False),
        ({"model_sha256": "1" * 64}, False),
    ],
)
def test_a_sites_own_point_is_of_the_same_network_and_nowhere_laxer(changes, expected):
    assert is_no_laxer(point(**changes), point()) is expected
