"""Making a release's environment: out of what is pinned, and out of nothing that lies about."""

import sys
import zipfile

import pytest

from gate.release.environment import Payload, make_environment
from gate.release.manifest import LOCK_NAME, wheel_name
from gate.release.place import Version
from tests.release.devices import SCHEMA, Device

NEXT = Version(0, 3, 0)
# A stand-in for the system's interpreter: what it makes is an environment that agrees to everything.
PYTHON = """#!/bin/sh
for last; do :; done
mkdir -p "$last/bin" && ln -s /bin/true "$last/bin/python"
"""


@pytest.fixture
def device(tmp_path, monkeypatch):
    """Give a device on the disk: an environment may be larger than what tests have in memory."""
    return Device(tmp_path / "device").environment(monkeypatch)


@pytest.fixture
def payload(tmp_path):
    """Give a release of one module, which needs nothing."""
    folder = tmp_path / "payload"
    folder.mkdir()
    (folder / LOCK_NAME).touch()
    about = f"gate-{NEXT}.dist-info"
    held = {
        "gate_alone.py": "",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: gate\nVersion: {NEXT}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{about}/RECORD"
    with zipfile.ZipFile(folder / wheel_name(NEXT), "w") as wheel:
        for name, text in (held | {record: "".join(f"{name},,\n" for name in (*held, record))}).items():
            wheel.writestr(name, text)
    return Payload(NEXT, SCHEMA, folder)


def test_root_runs_no_module_out_of_the_folder_where_it_stands(device, payload, tmp_path, monkeypatch):
    device.made()
    here = tmp_path / "here"
    here.mkdir()
    for name in ("venv", "ensurepip", "pip", "compileall"):
        (here / f"{name}.py").write_text(f"open({str(here / 'ran')!r}, 'a').write('{name} ')", "utf-8")
    monkeypatch.chdir(here)
    made = make_environment(device.place, payload)
    assert not (here / "ran").exists()
    assert list(made.folder.glob("lib/*/site-packages/__pycache__/gate_alone.*.pyc"))


def test_networks_are_taken_over_and_what_a_power_cut_left_beside_them_is_not(
    device, payload, tmp_path, monkeypatch
):
    weights = device.made().place.in_force().folder / "share" / "gate" / "models" / "weights"
    weights.mkdir(parents=True)
    for name in ("face.onnx", "face.onnx.a1b2.partial", "face.onnx.part"):
        (weights / name).touch()
    (tmp_path / "python").write_text(PYTHON, "utf-8")
    (tmp_path / "python").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    made = make_environment(device.place, payload)
    taken = made.folder / weights.relative_to(device.place.in_force().folder)
    assert [path.name for path in taken.iterdir()] == ["face.onnx"]
