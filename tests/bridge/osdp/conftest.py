"""An OSDP device and its driver on one line."""

import pytest

from tests.bridge.osdp.desks import desk


@pytest.fixture
def there():
    with desk() as there:
        there.up()
        yield there
