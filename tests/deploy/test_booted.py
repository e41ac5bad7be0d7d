"""The units as systemd itself runs them: booted on a root that is never written, in name spaces of its own."""

import ctypes
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BOOT = Path(__file__).parent / "boot"
SPACES = ("unshare", "-p", "-m", "-u", "-i", "-C", "-n", "--fork", "--kill-child")
PATIENCE_S = 280

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.models]


def cannot_boot():
    """Why systemd cannot be booted here, None where it can."""
    if not Path("/lib/systemd/systemd").exists():
        return "systemd is not installed"
    probe = "mount -t tmpfs t /mnt && mkdir /mnt/u /mnt/w && mount -t overlay o -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w /srv && mount -t cgroup2 c /mnt"
    tried = subprocess.run([*SPACES, "sh", "-c", probe], capture_output=True, text=True, check=False)
    return (
        f"booting takes root, overlays and control groups: {tried.stderr.strip()}"
        if tried.returncode
        else None
    )


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Boot once, and give what the story inside told, by name."""
    why_not = cannot_boot()
    if why_not:
        pytest.skip(why_not)
    out = tmp_path_factory.mktemp("booted")
    subprocess.run(
        [*SPACES, BOOT / "root", out, ROOT, sysconfig.get_path("purelib"), sys.base_prefix],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=PATIENCE_S,
    )
    log = out / "story.log"
    assert log.exists(), (out / "gate.log").read_text() if (out / "gate.log").exists() else "nothing started"
    lines = log.read_text().splitlines()
    found = dict(line.split(": ", 1) for line in lines if ": " in line)
    found["log"] = (out / "gate.log").read_text()
    assert found["state"] == "active running", found["log"]
    return found


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
