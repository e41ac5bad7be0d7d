"""``gate doctor`` says what is wrong and how to mend it, and its bundle has nobody in it (R30, R43)."""

import io
import json
import tarfile
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from gate.app import open_store
from gate.cli import cli
from gate.doctor import device as looks
from gate.doctor.device import Device
from gate.doctor.findings import State
from gate.doctor.software import libraries, releases, service
from gate.release.journal import Course, Journal, Step
from gate.release.place import Place, Version
from gate.settings import read_settings

SETTINGS = """
[site]
gate_id = "willow-north-7"
controller = "Willow Garden Compound Ltd"
contact = "+86 10 5555 0142"
officer = "Zhang Wei"
[reader]
driver = "simulated"
[door]
driver = "simulated"
declared = "fail-secure"
[camera]
driver = "stream"
source = "rtsp://admin:hunter2canary@cam.willow.example:554/live"
[broker]
host = "broker.willow.example"
username = "willow-gate-user"
[web]
names = ["gate.willow.example", "192.0.2.77"]
public_url = "https://willow.example/notice"
[storage]
data_dir = "{folder}/data"
keys_dir = "{folder}/keys"
"""
LOG = """at=2026-11-22T23:56:56.1Z level=info event=door_serves
at=2026-11-22T23:56:57.1Z level=error event=serving_without code=broker-refused what="broker.willow.example:8883: no" remedy="Look at 192.0.2.9"
Traceback (most recent call last):
  PIN 482913 of Ada Canary in unit 1203, card 40451
library=paho password=brokerpass-canary
at=2026-11-22T23:56:58.1Z level=info event=attempt method=card granted=True
"""
CANARIES = (
    "Canary", "482913", "40451", "1203", "hunter2canary", "admin", "willow", "Zhang", "5555 0142", "brokerpass",
    "192.0.2.77", "192.0.2.9", "rtsp:", "residents@",
)  # fmt: skip


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "broker-password").write_text("brokerpass-canary", encoding="utf-8")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    (tmp_path / "gate.toml").write_text(SETTINGS.format(folder=tmp_path), encoding="utf-8")
    (tmp_path / "log").write_text(LOG, encoding="utf-8")
    return tmp_path


def doctor(home, *words):
    return CliRunner().invoke(cli, ["doctor", *map(str, words), "--config", str(home / "gate.toml")])


def diagnosed(home):
    return {each["subject"]: each for each in json.loads(doctor(home, "--json").stdout)}


def test_a_bundle_holds_none_of_what_it_should_not(home):
    store = open_store(read_settings(home / "gate.toml"))
    person = store.people.add("1203", "Ada Canary", "residents@willow.example")
    pin = store.credentials.issue_pin(person, at=datetime.now(UTC))
    store.close()
    doctor(home, "--bundle", home / "bundle.tar", "--log", home / "log")
    with tarfile.open(home / "bundle.tar") as tar:
        held = {each.name: tar.extractfile(each).read().decode() for each in tar}
    assert set(held) == {
        f"gate-support/{name}"
        for name in ("README.txt", "diagnoses.json", "settings.json", "versions.json", "log.txt")
    }
    told = "".join(held.values())
    assert [canary for canary in (*CANARIES, pin) if canary.lower() in told.lower()] == []


def test_a_bundle_still_says_what_helps(home):
    doctor(home, "--bundle", home / "bundle.tar", "--log", home / "log")
    with tarfile.open(home / "bundle.tar") as tar:
        settings = json.load(io.TextIOWrapper(tar.extractfile("gate-support/settings.json")))
        log = tar.extractfile("gate-support/log.txt").read().decode()
    assert settings["reader"]["driver"] == "simulated"
    assert settings["broker"] | {"host": "(set)", "port": 8883} == settings["broker"]
    assert "event=door_serves" in log
    assert "code=broker-refused" in log
    assert "3 lines that are not the gate's own are left out" in log


def test_a_bundle_is_its_makers_alone_to_read(home):
    doctor(home, "--bundle", home / "bundle.tar", "--log", home / "log")
    assert (home / "bundle.tar").stat().st_mode & 0o077 == 0


def test_settings_that_cannot_be_read_are_one_finding_with_its_remedy(home):
    (home / "gate.toml").write_text("[site]\nnonsense = 1\n", encoding="utf-8")
    result = doctor(home)
    assert result.exit_code == 1
    assert "WRONG  file" in result.stdout
    assert "[settings-invalid]" in result.stdout


def test_every_finding_that_is_not_well_says_what_to_do(home):
    found = diagnosed(home)
    assert [name for name, each in found.items() if each["state"] != "well" and not each["remedy"]] == []


def test_a_broker_that_is_not_there_makes_the_exit_code_one(home):
    result = doctor(home)
    assert result.exit_code == 1
    assert "WRONG  broker" in result.stdout


def test_a_folder_others_may_enter_is_wrong_r52(home):
    for name in ("data", "keys"):
        (home / name).mkdir(mode=0o755)
    assert diagnosed(home)["keys"]["code"] == "folder-open"


def made(tmp_path, **files):
    for name, content in files.items():
        path = tmp_path / name.replace("|", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="ascii")
    return tmp_path


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("throttled=0x0", ""),
        ("throttled=0x50005", "under-voltage"),
        ("throttled=0x1", "under-voltage"),
        ("throttled=0x50000", "under-voltage-seen"),
        ("nonsense", ""),
        (None, ""),
    ],
)
def test_a_weak_supply_is_told_as_the_boards_firmware_tells_it(tmp_path, told, code):
    assert looks.power(Device(tmp_path, ask=lambda _: told)).code == code


def test_a_weak_supply_is_told_by_the_kernel_alone(tmp_path):
    root = made(
        tmp_path, **{"sys|class|hwmon|hwmon0|name": "rpi_volt", "sys|class|hwmon|hwmon0|in0_lcrit_alarm": "1"}
    )
    assert looks.power(Device(root, ask=lambda _: None)).code == "under-voltage"


@pytest.mark.parametrize(
    ("told", "code"),
    [("0x01 0x01", ""), ("0x08 0x01", "storage-worn"), ("0x00 0x0b", "storage-worn"), ("", "")],
)
def test_worn_storage_is_told_before_it_fails(tmp_path, told, code):
    root = made(tmp_path, **{"sys|block|mmcblk0|device|life_time": told})
    assert looks.wear(Device(root)).code == code


@pytest.mark.parametrize(("kib", "state"), [(2_000_000, State.WELL), (50_000, State.WRONG)])
def test_short_memory_is_wrong(tmp_path, kib, state):
    root = made(tmp_path, **{"proc|meminfo": f"MemTotal: 1 kB\nMemAvailable: {kib} kB\n"})
    assert looks.memory(Device(root)).state is state


def test_swap_on_a_disk_is_told_and_in_memory_is_not_r30(tmp_path):
    head = "Filename Type Size Used Priority\n"
    assert (
        looks.swap(Device(made(tmp_path, **{"proc|swaps": f"{head}/dev/zram0 partition 1 0 5\n"}))).code == ""
    )
    root = made(tmp_path, **{"proc|swaps": f"{head}/var/swap file 1 0 5\n"})
    assert looks.swap(Device(root)).code == "swap-on-disk"


@pytest.mark.parametrize(("degrees", "code"), [("45000", ""), ("81000", "hot")])
def test_heat_is_told(tmp_path, degrees, code):
    root = made(tmp_path, **{"sys|class|thermal|thermal_zone0|temp": degrees})
    assert looks.heat(Device(root, ask=lambda _: None)).code == code


def test_a_clock_that_nobody_keeps_is_told(tmp_path):
    assert looks.clock(Device(tmp_path, ask=lambda _: "no")).code == "time-unsynchronised"
    root = made(tmp_path, **{"run|systemd|timesync|synchronized": ""})
    assert looks.clock(Device(root, ask=lambda _: "no")).state is State.WELL


@pytest.mark.parametrize(
    ("state", "restarts", "code"),
    [
        ("active", "0", ""),
        ("active", "3", "service-restarted"),
        ("failed", "9", "service-failed"),
        ("inactive", "0", "service-stopped"),
    ],
)
def test_the_services_state_is_told_in_words(tmp_path, state, restarts, code):
    def ask(command):
        return restarts if "NRestarts" in command[-2] else state

    assert service(Device(tmp_path, ask=ask)).code == code


@pytest.mark.parametrize(
    ("asked", "extra"),
    [
        ({"storage": {"custody": "tpm"}}, "tpm"),
        ({"reader": {"driver": "hid"}}, "readers"),
        ({"reader": {"also": ("pcsc",)}}, "readers"),
    ],
)
def test_a_library_that_the_settings_ask_for_and_is_not_there_is_told_with_the_command_that_brings_it(
    home, asked, extra
):
    settings = read_settings(home / "gate.toml")
    changed = {name: getattr(settings, name).model_copy(update=told) for name, told in asked.items()}
    asking = settings.model_copy(update=changed)
    (absent,) = libraries(asking, lambda _module: False)
    assert (absent.state, absent.code) == (State.WRONG, "library-absent")
    assert f"gate update add {extra}" in absent.remedy
    assert [each.state for each in libraries(asking, lambda _module: True)] == [State.WELL]
    assert list(libraries(settings, lambda _module: False)) == []


def test_an_update_that_hangs_is_wrong(tmp_path):
    place = Place(tmp_path / "opt", tmp_path / "work")
    place.folder(Version(0, 1, 0)).mkdir(parents=True)
    place.switch(place.finish(Version(0, 1, 0), 9))
    assert releases(place).state is State.WELL
    Journal(place).write(Course(Step.SWITCHED, Version(0, 1, 0), Version(0, 2, 0), copied=False, served=True))
    assert releases(place).code == "update-unfinished"
