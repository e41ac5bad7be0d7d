"""The README's main job, as a user runs it."""

import subprocess
import sys

import pytest

pytestmark = [pytest.mark.alone, pytest.mark.slow]
PATIENCE_S = 230
"""Less than the time after which a test that hangs ends the whole run (pyproject.toml)."""


@pytest.mark.models
@pytest.mark.portraits
def test_the_demo_keeps_every_promise_it_tells():
    told = subprocess.run(
        [sys.executable, "-m", "gate.cli", "demo"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    steps = [line for line in told.stdout.splitlines() if " s  ok  " in line or " s  FAIL" in line]
    assert told.returncode == 0, told.stdout + told.stderr
    assert len(steps) > 20
    assert not [line for line in steps if "FAIL" in line]
    assert told.stderr == ""


@pytest.mark.slow
def test_the_door_demo_keeps_every_promise_it_tells():
    told = subprocess.run(
        [sys.executable, "-m", "gate.cli", "demo", "--door"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    steps = [line for line in told.stdout.splitlines() if " s  ok  " in line or " s  FAIL" in line]
    assert told.returncode == 0, told.stdout + told.stderr
    assert len(steps) > 40
    assert not [line for line in steps if "FAIL" in line]
    assert told.stderr == ""
