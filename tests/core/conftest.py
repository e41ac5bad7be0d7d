"""What the tests of the core share."""

import pytest

from tests.core.visits import walk


@pytest.fixture(scope="session")
def transitions():
    """Every transition there is: (before, input, seconds passed, after, gate, effects)."""
    return list(walk())
