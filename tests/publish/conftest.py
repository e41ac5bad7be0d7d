"""Fixtures of the publishing tests: a broker of each kind, the log, a certificate authority."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from gate.publish.link import BrokerSettings
from tests.brokers import BROKERS
from tests.publish.contents import MESSAGES
from tests.publish.world import Authority, make_authority


@pytest.fixture(params=BROKERS)
def broker(request, tmp_path) -> Iterator[BrokerSettings]:
    with BROKERS[request.param](tmp_path) as settings:
        yield settings


@pytest.fixture
def logs() -> Iterator[list[dict[str, object]]]:
    with structlog.testing.capture_logs() as entries:
        yield entries


@pytest.fixture
def authority(tmp_path) -> Authority:
    return make_authority(tmp_path)


@pytest.fixture(params=MESSAGES.values(), ids=MESSAGES.keys())
def message(request):
    return request.param
