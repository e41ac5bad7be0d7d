"""From a clean Debian root to a gate that opens, updates and takes a broken release back: one script, begun and ended."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gate.settings import SHARED

TRY = Path(__file__).parent.parent.parent / "deploy" / "package" / "try" / "in-clean-root"
CANNOT = 77
"""What the script ends with where a root cannot be had."""
WITHOUT = [name for name in ("debootstrap", "unshare", "dpkg-deb", "openssl") if shutil.which(name) is None]


pytestmark = [
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.models,
    pytest.mark.portraits,
    pytest.mark.skipif(os.geteuid() != 0, reason="a root is made and entered by root alone"),
    pytest.mark.skipif(bool(WITHOUT) and os.environ.get("CI") != "true", reason=f"not installed: {WITHOUT}"),
]


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """Keep root, wheels and releases for the tests after the first: no test may take four minutes."""
    folder = tmp_path_factory.mktemp("clean-root")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def tried(work, **only):
    inherited = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    environment = {
        **inherited,
        "PYTHON": sys.executable,
        "MODELS": str(SHARED / "models" / "weights"),
        **only,
    }
    with (work / "told").open("w+") as told:
        done = subprocess.run(
            ["bash", TRY, work], env=environment, stdout=told, stderr=subprocess.STDOUT, check=False
        )
        told.seek(0)
        said = told.read()
    if done.returncode == CANNOT and os.environ.get("CI") != "true":
        pytest.skip(f"a clean root cannot be had here: {said[-300:]}")
    assert done.returncode == 0, said[-6000:]
    return said


def test_a_clean_root_the_wheels_and_signed_releases_can_be_made(work):
    tried(work, ONLY="prepare")


def test_a_clean_root_gets_the_package_and_opens_by_card_and_face_r57(work):
    assert "All of it holds." in tried(work, ONLY="opens")


def test_it_gets_the_next_package_updates_and_takes_a_broken_release_back_r57(work):
    if not (work / "root").exists():
        tried(work, ONLY="opens")
    assert "All of it holds." in tried(work, ONLY="updates")
