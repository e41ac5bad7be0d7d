"""The units, rules and folders of a device: each is taken by the tool that reads it, and promises what the guide says."""

import re
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest

from gate.release.place import DATA_DIR, KEYS_DIR, Place

DEPLOY = Path(__file__).parents[2] / "deploy"
SYSTEMD = DEPLOY / "systemd"
KIOSK = DEPLOY / "kiosk" / "gate-kiosk.service"
UNIT = (SYSTEMD / "gate.service").read_text(encoding="utf-8")
GUIDE = (SYSTEMD / "README.md").read_text(encoding="utf-8")
EXPOSURE_MOST = 20
"""Of 100, as systemd-analyze counts: 2.0."""
EXPOSURE_OF_VISION_MOST = 10
VISION = """
# What gate/vision/confine does to itself, in the words of a unit.
PrivateNetwork=yes
RestrictAddressFamilies=none
IPAddressAllow=
IPAddressDeny=any
"""
LONGEST_TURN_S = 15


def values_of(text, key):
    """Every value a unit gives *key*, in order."""
    return re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)


def asked(tool, *arguments, **options):
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    return subprocess.run([tool, *arguments], capture_output=True, text=True, check=False, **options)


def exposure(unit):
    """What systemd-analyze counts for *unit*, of 10."""
    told = asked("systemd-analyze", "security", "--offline=true", "--no-pager", unit)
    return float(re.search(r"exposure level for \S+: ([\d.]+)", told.stdout)[1])


def test_the_gate_is_exposed_no_more_than_the_guide_says():
    found = exposure(SYSTEMD / "gate.service")
    assert found * 10 <= EXPOSURE_MOST
    assert f"gate.service: {found:.1f}" in GUIDE


def test_the_face_process_is_exposed_no_more_than_the_guide_says_r40(tmp_path):
    shut_in = re.sub(
        r"^(RestrictAddressFamilies|IPAddressAllow|IPAddressDeny)=.*\n", "", UNIT, flags=re.MULTILINE
    )
    (tmp_path / "vision.service").write_text(shut_in.replace("[Install]", f"{VISION}\n[Install]"))
    found = exposure(tmp_path / "vision.service")
    assert found * 10 <= EXPOSURE_OF_VISION_MOST
    assert f"face process: {found:.1f}" in GUIDE


def test_every_exemption_that_systemd_names_is_justified_in_the_guide():
    told = asked("systemd-analyze", "security", "--offline=true", "--no-pager", SYSTEMD / "gate.service")
    exempt = re.findall(r"^✗ (\S+)", told.stdout, re.MULTILINE)
    assert exempt
    told_of = GUIDE.replace("\\|", "|")  # as a table spells it
    assert [name for name in exempt if f"`{name}`" not in told_of] == []


@pytest.mark.parametrize("unit", [SYSTEMD / "gate.service", KIOSK], ids=lambda unit: unit.name)
def test_systemd_understands_every_line(unit):
    told = asked("systemd-analyze", "verify", "--man=no", unit)
    beside = [
        line for line in told.stderr.splitlines() if unit.name in line and "is not executable" not in line
    ]
    assert beside == []


@pytest.mark.parametrize(
    "drop_in", ["mosquitto.service.d/50-gate.conf", "cameras/rpicam.conf", "cameras/jetson.conf"]
)
def test_systemd_understands_every_drop_in(tmp_path, drop_in):
    text = (SYSTEMD / drop_in).read_text()
    unit = tmp_path / "some.service"
    text = text.replace("[Service]", "[Service]\nExecStart=/bin/true", 1)
    unit.write_text(text)
    told = asked("systemd-analyze", "verify", "--man=no", unit)
    assert [line for line in told.stderr.splitlines() if "some.service" in line] == []


def test_nothing_makes_the_door_wait_for_screen_broker_or_network():
    waited = " ".join(values_of(UNIT, "After") + values_of(UNIT, "Wants") + values_of(UNIT, "Requires"))
    assert waited.split() == ["time-set.target"] * 2
    assert not values_of(UNIT, "Requires")
    for other in (KIOSK, SYSTEMD / "mosquitto.service.d" / "50-gate.conf"):
        assert not re.search(
            r"^(Before|RequiredBy|BindsTo|PartOf|Conflicts)=.*gate\.service", other.read_text(), re.MULTILINE
        )


def test_a_gate_is_started_again_for_good_but_for_a_setting_that_is_wrong():
    assert values_of(UNIT, "Restart") == ["always"]
    assert values_of(UNIT, "StartLimitIntervalSec") == ["0"]
    assert values_of(UNIT, "RestartPreventExitStatus") == ["78"]


def test_the_face_process_is_not_what_ends_the_door_when_memory_runs_out():
    assert values_of(UNIT, "OOMPolicy") == ["continue"]
    assert values_of(UNIT, "MemorySwapMax") == values_of(UNIT, "LimitCORE") == ["0"]


def test_the_gate_tells_when_it_serves_and_is_watched():
    assert values_of(UNIT, "Type") == ["notify"]
    assert values_of(UNIT, "NotifyAccess") == ["main"]
    assert 0 < int(values_of(UNIT, "WatchdogSec")[0]) <= LONGEST_TURN_S


def test_the_unit_leaves_the_face_process_the_calls_it_shuts_itself_in_with():
    allowed = " ".join(values_of(UNIT, "SystemCallFilter")).split()
    assert {"seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"} <= set(
        allowed
    )


def test_no_secret_stands_in_the_unit_and_each_is_one_the_gate_knows():
    named = set(values_of(UNIT, "LoadCredentialEncrypted"))
    code = "".join(path.read_text() for path in (DEPLOY.parent / "gate").rglob("*.py"))
    assert {name for name in named if f'"{name}"' not in code} == set()
    assert not values_of(UNIT, "SetCredential")


def test_the_folders_of_an_installed_gate_are_those_of_the_unit():
    kept = {Path("/var/lib") / name for name in values_of(UNIT, "StateDirectory")[0].split()}
    assert {DATA_DIR, KEYS_DIR} == kept


def test_the_users_of_the_device_are_made(tmp_path):
    (tmp_path / "etc").mkdir()
    made = asked("systemd-sysusers", f"--root={tmp_path}", SYSTEMD / "gate.sysusers")
    assert made.returncode == 0, made.stderr
    groups = {
        line.split(":")[0]: line.split(":")[3] for line in (tmp_path / "etc/group").read_text().splitlines()
    }
    devices = {name for name in groups if name.startswith("gate-")}
    assert devices == {"gate-camera", "gate-serial", "gate-gpio", "gate-input", "gate-tpm"}
    assert {groups[name] for name in devices} == {"gate"}


def test_the_folders_of_the_device_are_the_gates_alone(tmp_path):
    made = asked("systemd-tmpfiles", f"--root={tmp_path}", "--dry-run", "--create", SYSTEMD / "gate.tmpfiles")
    if "unrecognized option" not in made.stderr:
        assert made.returncode == 0, made.stderr
    folders = {
        line.split()[1]: line.split()[2:5]
        for line in (SYSTEMD / "gate.tmpfiles").read_text().splitlines()
        if line.startswith("d ")
    }
    assert folders["/var/lib/gate"] == folders["/var/lib/gate-keys"] == ["0700", "gate", "gate"]
    assert folders["/etc/gate"] == ["0750", "root", "gate"]


def test_every_device_goes_to_a_group_of_the_gates_own_and_never_to_the_screen_r30():
    rules = [
        line
        for line in (SYSTEMD / "71-gate.rules").read_text().splitlines()
        if "SUBSYSTEM==" in line and not line.startswith("#")
    ]
    users = (SYSTEMD / "gate.sysusers").read_text()
    assert len(rules) >= 5
    for rule in rules:
        assert f"\ng {re.search(r'GROUP=.(gate-[a-z]+)', rule)[1]} " in users
        assert 'MODE="0660"' in rule
        assert 'TAG-="uaccess"' in rule or "tpmrm" in rule
    screen = (DEPLOY / "kiosk" / "gate-kiosk.sysusers").read_text()
    assert "gate-camera" not in screen


def test_the_rules_come_after_those_that_give_devices_to_whoever_sits_there():
    assert "70-uaccess" < SYSTEMD.joinpath("71-gate.rules").stem < "73-seat-late"


def test_udev_understands_the_rules():
    told = asked("udevadm", "verify", SYSTEMD / "71-gate.rules")
    if "Unknown command" in told.stderr or "Unknown operation" in told.stderr:
        pytest.skip("this udevadm cannot verify rules yet (systemd 254)")
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize("name", ["system.conf.d", "journald.conf.d", "timesyncd.conf.d"])
def test_each_drop_in_of_the_system_is_one_it_reads(name):
    section = {"system.conf.d": "Manager", "journald.conf.d": "Journal", "timesyncd.conf.d": "Time"}[name]
    parser = RawConfigParser(strict=True)
    parser.optionxform = str
    parser.read(SYSTEMD / name / "50-gate.conf")
    assert parser.sections() == [section]


def test_the_journal_keeps_nothing_longer_than_the_record_of_decisions_r36():
    text = (SYSTEMD / "journald.conf.d" / "50-gate.conf").read_text()
    assert values_of(text, "MaxRetentionSec") == ["30day"]
    assert values_of(text, "SystemMaxUse")


def test_a_read_only_root_leaves_every_folder_that_is_written_to_the_data_partition():
    lines = [
        line.split()
        for line in (SYSTEMD / "read-only.fstab").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    options = {line[1]: line[3] for line in lines}
    assert "ro" in options["/"].split(",")
    kept = {f"/var/lib/{name}" for name in values_of(UNIT, "StateDirectory")[0].split()}
    of_updates = {str(Place().root), str(Place().work)}
    assert {*kept, *of_updates, "/var/lib/systemd", "/var/log/journal", "/tmp"} <= set(options)


def test_every_file_of_the_folder_has_its_place_in_the_guide():
    files = [
        str(path.relative_to(SYSTEMD))
        for path in SYSTEMD.rglob("*")
        if path.is_file() and path.name != "README.md"
    ]
    assert [name for name in files if f"`{name}`" not in GUIDE] == []
