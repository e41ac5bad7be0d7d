"""The screen's own unit: hardened, alone with this device, and told as it is."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gate.core.types import Sign
from gate.settings import WebSettings

KIOSK = Path(__file__).parent.parent / "deploy" / "kiosk"
UNIT = (KIOSK / "gate-kiosk.service").read_text(encoding="utf-8")
STARTS = (KIOSK / "gate-kiosk").read_text(encoding="utf-8")
EXPOSURE_MOST = 50
"""Of 100, as systemd-analyze counts: a browser keeps its user namespaces and its just-in-time compiler."""


def test_the_unit_exposes_little():
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    asked = ["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MOST}"]
    told = subprocess.run([*asked, KIOSK / "gate-kiosk.service"], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout


def test_the_screen_reaches_nothing_but_this_device_r41():
    assert "IPAddressDeny=any\nIPAddressAllow=localhost\n" in UNIT
    assert "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1" in STARTS
    policy = json.loads((KIOSK / "chromium-policy.json").read_text(encoding="utf-8"))
    assert policy["URLBlocklist"] == ["*"]
    assert all(allowed.startswith("127.0.0.1/") for allowed in policy["URLAllowlist"])
    assert policy["VideoCaptureAllowed"] is policy["AudioCaptureAllowed"] is False


def test_the_screen_sees_neither_the_gates_data_nor_its_keys_r30():
    hidden = re.search(r"^InaccessiblePaths=(.*)$", UNIT, re.MULTILINE)[1].split()
    assert {"-/var/lib/gate", "-/var/lib/gate-keys"} <= set(hidden)


def test_a_browser_that_ends_comes_back_and_the_door_never_waits_for_it_r12():
    assert "Restart=always" in UNIT
    assert "StartLimitIntervalSec=0" in UNIT
    assert not re.search(r"^(Requires|BindsTo|PartOf)=", UNIT, re.MULTILINE)


def test_the_script_is_one_a_shell_can_read_and_asks_for_no_gesture_before_a_sound():
    subprocess.run(["sh", "-n", KIOSK / "gate-kiosk"], check=True)
    for flag in (
        "--kiosk",
        "--autoplay-policy=no-user-gesture-required",
        "--password-store=basic",
        "--disable-translate",
    ):
        assert flag in STARTS


def test_the_unit_opens_the_page_where_the_gate_serves_it():
    port = WebSettings().screen_port
    assert f"GATE_SCREEN=http://127.0.0.1:{port}/kiosk\n" in UNIT


def test_the_guide_names_every_key_of_a_sign_that_cannot_be_touched():
    guide = (KIOSK / "README.md").read_text(encoding="utf-8")
    assert [sign for sign in Sign if f"`{sign.value}`" not in guide] == []
