"""ONNX Runtime reports to its maker unless it is told not to before it is loaded: the gate tells it (R41)."""

import os
import subprocess
import sys

import pytest

LOADS = """
import sys
from pathlib import Path
from gate.vision.manifest import manifest_for
from gate.vision.sessions import open_session

models = Path(sys.argv[1])
open_session(manifest_for(models, "detect"), models)
"""
SILENCED_BY = ("CI", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS")
"""What keeps it quiet by itself: a test under CI would notice nothing."""


def loaded(models_dir, home, environment):
    """Load a network in a process of its own, and give what that left in its *home*."""
    usual = {name: value for name, value in os.environ.items() if name not in SILENCED_BY}
    told = {**usual, "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), **environment}
    subprocess.run([sys.executable, "-c", LOADS, models_dir], env=told, check=True, timeout=60)
    return sorted(home.rglob("*"))


@pytest.mark.parametrize("asked", [{}, {"ORT_DISABLE_TELEMETRY": "0"}], ids=["unasked", "asked to report"])
def test_loading_a_network_leaves_no_device_id_and_nothing_to_send_r41(models_dir, tmp_path, asked):
    assert loaded(models_dir, tmp_path, asked) == []
