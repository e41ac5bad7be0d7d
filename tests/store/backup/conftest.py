"""Devices to back up, to lose and to restore."""

import pytest

from tests.store.backup.restoring import FACE, OTHER
from tests.store.devices import Device


@pytest.fixture(scope="session")
def inhabited(tmp_path_factory):
    """A gate with Ada and Bo, each with a card and a face; made once, copied for each test."""
    device = Device(tmp_path_factory.mktemp("inhabited") / "gate")
    ada, bo = device.add("301", "26:1"), device.add("302", "26:2")
    device.enrol(ada, FACE)
    device.enrol(bo, OTHER)
    return device, (ada, bo)


@pytest.fixture
def device(tmp_path, inhabited):
    return inhabited[0].copied_to(tmp_path / "one")


@pytest.fixture
def replacement(tmp_path):
    return Device(tmp_path / "two")


@pytest.fixture
def stick(tmp_path):
    folder = tmp_path / "stick"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def two_residents(inhabited):
    return inhabited[1]
