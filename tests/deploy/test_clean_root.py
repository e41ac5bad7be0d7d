"""From a clean Debian root to a gate that opens, survives, updates and takes a broken release back: one script, begun and ended."""

import shutil

import pytest

from gate.settings import SHARED
from tests.deploy import roots

pytestmark = roots.marks("openssl")


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """Keep root, wheels and releases for the tests after the first: no test may take four minutes."""
    folder = tmp_path_factory.mktemp("clean-root")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def tried(work, only):
    return roots.told_by("in-clean-root", work, ONLY=only, MODELS=str(SHARED / "models" / "weights"))


def test_a_clean_root_the_wheels_and_signed_releases_can_be_made(work):
    tried(work, "prepare")


def test_a_clean_root_gets_the_package_and_opens_by_card_and_face_r57(work):
    assert "All of it holds." in tried(work, "opens")


def test_the_installed_gate_survives_what_breaks_r46(work):
    """Vision and core killed and hung, no memory, cameras, cables, a full disk, a damaged database."""
    if not (work / "root").exists():
        tried(work, "opens")
    assert "It survives: database damaged." in tried(work, "survives")


def test_it_gets_the_next_package_updates_and_takes_a_broken_release_back_r57(work):
    if not (work / "root").exists():
        tried(work, "opens")
    assert "All of it holds." in tried(work, "updates")
