"""A gate on a 64-bit ARM processor, played by qemu: what runs there, and what comes out. How fast, a board alone tells."""

from functools import partial

from gate.settings import PROJECT
from tests.deploy import roots

WORK = PROJECT / "state" / "on-arm"
"""Kept, and shared with ``make aarch64``: the root and the wheels cost more than all that is done with them."""
RECKONED = ("matching", "operating", "evidence", "chain", "canonical")
"""Where another processor might come to another answer; ``make aarch64`` plays all of the core."""

pytestmark = roots.marks("qemu-aarch64-static")
played = partial(roots.told_by, "on-arm", WORK)


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
