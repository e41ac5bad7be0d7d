"""A device of its own for each test, in memory where that can be had: a shared disk that stalls is not what is tried."""

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.release.devices import Device

MEMORY = Path("/dev/shm")


@pytest.fixture
def device(tmp_path, monkeypatch):
    home = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else tmp_path))
    yield Device(home).environment(monkeypatch)
    shutil.rmtree(home)
