"""The units as systemd itself runs them: booted on a root that is never written, in name spaces of its own.

The root has the Debian package as its build made it. One boot tells of the door's day, one of updates that systemd hosts,
one of an update that is killed and of one that dies.
"""

import ctypes
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BOOT = Path(__file__).parent / "boot"
SPACES = ("unshare", "-p", "-m", "-u", "-i", "-C", "-n", "--fork", "--kill-child")
BUILD_S, PATIENCE_S = 220, 225
"""Less than the time after which a test that hangs ends the whole run (pyproject.toml)."""

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.models]


def cannot_boot():
    """Why systemd cannot be booted here, None where it can."""
    absent = [name for name in ("dpkg-deb", "openssl", "systemd-creds") if shutil.which(name) is None]
    if absent or not Path("/lib/systemd/systemd").exists():
        return f"not installed: {', '.join(absent) or 'systemd'}"
    probe = "mount -t tmpfs t /mnt && mkdir /mnt/u /mnt/w && mount -t overlay o -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w /srv && mount -t cgroup2 c /mnt"
    tried = subprocess.run([*SPACES, "sh", "-c", probe], capture_output=True, text=True, check=False)
    return (
        f"booting takes root, overlays and control groups: {tried.stderr.strip()}"
        if tried.returncode
        else None
    )


@pytest.fixture(scope="module")
def releases(tmp_path_factory):
    """Build the package and three releases once."""
    why_not = cannot_boot()
    if why_not:
        pytest.skip(why_not)
    work = tmp_path_factory.mktemp("releases")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    made = subprocess.run(
        [BOOT / "releases", work, ROOT],
        env={**environment, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
        timeout=BUILD_S,
    )
    assert made.returncode == 0, made.stderr
    return work


def booted(releases, out, story):
    """Boot, and give what the story inside told, by name."""
    places = (ROOT, sysconfig.get_path("purelib"), sys.base_prefix)
    done = subprocess.run(
        [*SPACES, BOOT / "root", out, releases, *places, story],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=PATIENCE_S,
    )
    told = out / "story.log"
    log = "".join(path.read_text() for path in sorted(out.glob("*.log")))
    assert told.exists(), log + done.stderr.decode(errors="replace")[-4000:]
    found = dict(line.split(": ", 1) for line in told.read_text().splitlines() if ": " in line)
    assert found["state"] == "active running", log
    return found


@pytest.fixture(scope="module")
def told(releases, tmp_path_factory):
    return booted(releases, tmp_path_factory.mktemp("booted"), "story")


@pytest.fixture(scope="module")
def updates(releases, tmp_path_factory):
    return booted(releases, tmp_path_factory.mktemp("updates"), "story-updates")


@pytest.fixture(scope="module")
def killed(releases, tmp_path_factory):
    return booted(releases, tmp_path_factory.mktemp("killed"), "story-killed")


def test_the_package_and_three_signed_releases_can_be_made(releases):
    assert len(list((releases / "out").glob("*.release"))) == 3


def test_the_gate_serves_a_card_under_its_unit_on_a_root_that_cannot_be_written_r02(told):
    assert told["card"] == "1"
    assert "/ ro;" in told["mounts"]
    assert told["written"] == "0"


def test_it_runs_as_its_own_user_without_any_capability(told):
    assert told["user"] == "gate"
    assert told["capabilities"].split()[1].strip("0") == ""
    for folder in ("/var/lib/gate ", "/var/lib/gate-keys "):
        assert folder in told["data"]
    assert told["data"].count(" 700") == 2


def test_its_root_key_comes_sealed_and_the_command_line_of_root_has_it_too_r30(told):
    assert told["key"].startswith("0 in the clear, sealed ")
    assert told["custody"].split()[:2] == ["custody", "credential"]


def test_an_update_that_a_power_cut_interrupted_is_undone_before_the_gate_starts(told):
    assert told["recovered"].startswith("releases/")
    assert "9.0.0" not in told["recovered"]
    assert told["recovered"].endswith("unfinished no")


def test_its_database_is_put_back_as_it_was_and_the_copy_destroyed_by_the_unit_r51(told):
    # 35 is what boot/root marked the copy with; what lay in its place was of a schema that no release knows.
    assert told["put-back"] == "35, unit success, copy gone"


def test_within_the_unit_the_face_process_still_shuts_itself_in_r40(told):
    held = ("calls", "files") if ctypes.CDLL(None).syscall(444, None, 0, 1) >= 1 else ("calls",)
    assert [lock for lock in held if lock not in told["vision"]] == []


def test_the_kernel_ends_the_face_process_before_the_doors(told):
    assert int(told["killed-first"]) >= 500


def test_systemd_is_told_how_the_gate_is(told):
    assert told["status"].startswith("The card reader answers. The door answers. Face is not offered: ")


def test_a_face_process_that_hangs_restarts_no_service_r02(told):
    assert told["hung-vision"] == "restarts 0, same process yes"


def test_a_core_that_hangs_is_started_anew_and_cards_open_again(told):
    assert told["hung-core"].startswith("restarts 1, active")
    assert int(told["card-again"]) >= 1


def test_it_ends_in_good_order(told):
    assert told["stopped"] == "inactive success 0"


def test_a_release_that_serves_under_systemd_stays_with_its_database_r57(updates):
    old = updates["before"].split(",")[0]
    assert updates["healthy"].startswith("ended 0, ")
    assert old not in updates["healthy"]
    assert updates["healthy"].endswith("schema +1, active, card 1, process new")


def test_a_release_that_never_becomes_ready_is_taken_back_r57(updates):
    assert not updates["silent"].startswith("ended 0")
    assert updates["silent-why"] == "did not become ready"
    healthy = updates["healthy"].removeprefix("ended 0, ").removesuffix(", process new")
    assert updates["silent"].endswith(healthy)


def test_the_history_says_how_each_update_ended(updates):
    # The first line is of the update that a power cut interrupted before this boot.
    assert updates["history"] == "taken back installed taken back "
    assert updates["left"] == "0"


def test_an_update_killed_while_the_new_release_serves_is_taken_back_by_systemds_timer_r57(killed):
    assert killed["killed-at"].endswith("schema +2")
    assert killed["killed"] == killed["before"]


def test_a_release_that_dies_while_it_serves_is_taken_back_with_its_database_r57(killed):
    assert not killed["dying"].startswith("ended 0")
    assert killed["dying-why"] == "did not stay up"
    assert killed["dying-database"] == "database was put back"
    assert killed["dying"].endswith(killed["before"])
    assert killed["left"] == "0"
    assert killed["history"] == "taken back taken back taken back "
