"""The Debian package: the same bytes from the same files, everything a gate needs in it, and nothing half done."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gate.release.extras import BUILD_LOCK, NEEDS
from gate.release.facts import PYTHONS
from gate.release.place import CONFIG, DATA_DIR, KEYS_DIR, Place
from gate.release.service import UNIT

PROJECT = Path(__file__).parent.parent.parent
PACKAGE = PROJECT / "deploy" / "package"
DEBIAN = PACKAGE / "debian"
SCRIPTS = ("gate", "gate-release", "postinst", "prerm", "postrm")
needs_dpkg = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is Debian's own")


LOCKED = {BUILD_LOCK, *(needs.lock for needs in NEEDS.values())}
"""What tests/release/test_extras.py looks after."""
SOURCES = ("gate", "firmware_bridge", "models", "deploy", "docs/requirements.md")


def built(sources, to):
    environment = {**os.environ, "PYTHON": sys.executable, "SOURCE_DATE_EPOCH": "1767225600"}
    command = ["bash", sources / "deploy" / "package" / "build", to]
    return Path(
        subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()
    )


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """A copy of what goes into a package: nobody edits it between two builds."""
    copy = tmp_path_factory.mktemp("sources")
    left_out = shutil.ignore_patterns("__pycache__", "weights")
    for path in (*(PROJECT / name for name in SOURCES), *PROJECT.glob("*.*"), PROJECT / "LICENSE"):
        to = copy / path.relative_to(PROJECT)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(path, to, ignore=left_out) if path.is_dir() else shutil.copy2(path, to)
    return copy


@pytest.fixture(scope="module")
def package(sources, tmp_path_factory):
    return built(sources, tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="module")
def listed(package):
    told = subprocess.run(
        ["dpkg-deb", "--contents", package], capture_output=True, text=True, check=True
    ).stdout
    return {line.split()[-1].removeprefix("."): line.split()[0] for line in told.splitlines()}


@needs_dpkg
@pytest.mark.slow
def test_the_same_files_make_the_same_bytes(package, sources, tmp_path):
    assert built(sources, tmp_path).read_bytes() == package.read_bytes()


@needs_dpkg
@pytest.mark.slow
def test_the_package_brings_what_a_gate_needs(listed):
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    wanted = {
        f"/usr/share/gate/release/gate-{version}-py3-none-any.whl",
        "/usr/share/gate/release/requirements.lock",
        "/usr/share/gate/release/payload.json",
        "/usr/bin/gate",
        "/usr/libexec/gate/gate-release",
        "/usr/lib/systemd/system/gate.service",
        "/usr/lib/systemd/system/gate-kiosk.service",
        "/usr/lib/systemd/system/gate-update-recover.service",
        "/usr/lib/sysusers.d/gate.conf",
        "/usr/lib/tmpfiles.d/gate.conf",
        "/usr/lib/udev/rules.d/71-gate.rules",
        "/usr/share/doc/gate/examples/gate.example.toml",
    }
    assert wanted <= set(listed)


@needs_dpkg
@pytest.mark.slow
def test_nothing_in_the_package_is_writable_by_others_or_root_for_others(listed):
    assert [name for name, mode in listed.items() if mode[8] == "w" or "s" in mode.lower()] == []


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_is_one_a_shell_can_read(name):
    subprocess.run(["sh", "-n", DEBIAN / name], check=True)


def test_nothing_is_erased_on_purge_unless_somebody_asked_for_it():
    before, after = (DEBIAN / "postrm").read_text("utf-8").split("if [ -e /etc/gate/erase-on-purge ]; then")
    asked, otherwise = after.split("else", 1)
    assert "rm " not in before
    assert "rm " not in otherwise
    assert asked.index(f"rm -rf {KEYS_DIR}") < asked.index(f"rm -rf {DATA_DIR} ")


def test_package_units_and_code_agree_on_every_place():
    unit = (PROJECT / "deploy" / "systemd" / UNIT).read_text("utf-8")
    assert f"ExecStart={Place().link}/bin/gate run --config {CONFIG}" in unit
    assert f"GATE_CONFIG:={CONFIG}" in (DEBIAN / "gate").read_text("utf-8")
    assert f"program={Place().link}/bin/gate" in (DEBIAN / "gate").read_text("utf-8")
    recover = (DEBIAN / "gate-update-recover.service").read_text("utf-8")
    assert f"ConditionPathExists={Place().work}/update.json" in recover
    assert f"Before={UNIT}" in recover


def test_the_pythons_of_a_release_are_those_the_project_takes():
    asked = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    assert asked == f">={PYTHONS[0]},<3.{int(PYTHONS[-1].split('.')[1]) + 1}"
    control = (DEBIAN / "control").read_text("utf-8")
    assert f"python3 (>= {PYTHONS[0]}), python3 (<< 3.{int(PYTHONS[-1].split('.')[1]) + 1})" in control


def test_the_wheel_brings_every_manifest_and_card_of_the_models_along():
    told = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
    shared = told["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    there = {f"models/{path.name}" for path in (PROJECT / "models").iterdir() if path.is_file()}
    assert {path for path in shared if path.startswith("models/")} == there
    assert all(to == f"share/gate/{path}" for path, to in shared.items() if path not in LOCKED)


def test_whoever_is_root_works_as_the_gates_own_account():
    wrapper = (DEBIAN / "gate").read_text("utf-8")
    assert "setpriv --reuid=gate --regid=gate --init-groups" in wrapper


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_the_recovery_before_every_start_exposes_little():
    asked = [
        "systemd-analyze",
        "security",
        "--offline=true",
        "--threshold=40",
        DEBIAN / "gate-update-recover.service",
    ]
    told = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout


def test_an_updates_recovery_needs_nothing_but_the_standard_library():
    code = (
        "import sys, gate.release.setup; "
        "print([m for m in sys.modules if m.split('.')[0] in ('cryptography', 'pydantic', 'typer', 'structlog', 'numpy')])"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=PROJECT,
        env={"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        check=True,
    )
    assert done.stdout.strip() == b"[]"
