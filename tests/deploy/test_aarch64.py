"""A gate on a 64-bit ARM processor, played by qemu: what runs there, and what comes out. How fast, a board alone tells."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent.parent
TRY = PROJECT / "deploy" / "package" / "try" / "on-arm"
WORK = PROJECT / "state" / "on-arm"
"""Kept, and shared with ``make aarch64``: the root and the wheels cost more than all that is done with them."""
RECKONED = ("matching", "operating", "evidence", "chain", "canonical")
"""Where another processor might come to another answer; ``make aarch64`` plays all of the core."""
PATIENCE_S = 225
"""Below what ends the whole run (faulthandler_timeout)."""
CANNOT = 77
"""What the script ends with where arm64 cannot be played."""
PROGRAMS = ("debootstrap", "unshare", "dpkg-deb", "qemu-aarch64-static")
WITHOUT = [name for name in PROGRAMS if shutil.which(name) is None]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.models,
    pytest.mark.portraits,
    pytest.mark.skipif(os.geteuid() != 0, reason="a root is made and entered by root alone"),
    pytest.mark.skipif(bool(WITHOUT) and os.environ.get("CI") != "true", reason=f"not installed: {WITHOUT}"),
]


def played(step, **given):
    inherited = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    WORK.mkdir(parents=True, exist_ok=True)
    with (WORK / "told").open("w+") as told:
        done = subprocess.run(
            ["timeout", str(PATIENCE_S), "bash", TRY, WORK, step],
            env={**inherited, "PYTHON": sys.executable, **given},
            stdout=told,
            stderr=subprocess.STDOUT,
            check=False,
        )
        told.seek(0)
        said = told.read()
    if done.returncode == CANNOT and os.environ.get("CI") != "true":
        pytest.skip(f"arm64 cannot be played here: {said[-300:]}")
    assert done.returncode == 0, said[-6000:]
    return said


def test_a_root_for_arm64_and_every_wheel_of_the_lock_can_be_had():
    played("root")


def test_the_package_installs_on_arm64_and_its_networks_see_faces_as_elsewhere():
    said = played("install")
    assert "detect runs merged on aarch64" in said
    assert "embed runs scaled on aarch64" in said


def test_a_gate_on_arm64_opens_by_card_r02():
    assert "A card opens." in played("gate")


def test_what_the_core_reckons_with_numbers_and_bytes_holds_on_arm64():
    assert " passed" in played("core", TESTS=" ".join(f"tests/core/test_{each}.py" for each in RECKONED))
