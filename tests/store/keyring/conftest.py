"""Three residents at a gate, one of whom may withdraw."""

import pytest

from tests.consents import AT_DESK
from tests.rotations import three_residents


@pytest.fixture
def keys_dir(tmp_path):
    return tmp_path / "keys"


@pytest.fixture
def people(store, noon):
    return three_residents(store, noon)


@pytest.fixture
def withdraw(store, noon):
    return lambda person: store.consents.withdraw(person, at=noon, by=AT_DESK)
