"""What the tests of the core share."""

from functools import cache

import pytest

from tests.core.visits import RULES, TWO, walk
from tests.core.walked import walked


@pytest.fixture(scope="session", params=[RULES, TWO], ids=["one factor", "two factors"])
def rules(request):
    """The rules of a site: one factor opens, or it takes two."""
    return request.param


@pytest.fixture(scope="session")
def transitions(rules):
    """Every transition there is under *rules*: (before, input, seconds passed, after, gate, effects)."""
    return _all_of(rules)


@pytest.fixture(scope="session")
def every_transition():
    """Every transition there is under any rules."""
    return lambda: (each for rules in (RULES, TWO) for each in _all_of(rules))


@cache
def _all_of(rules):
    """Walk once for all files that ask, in whatever order they do."""
    return walked(walk(rules))
