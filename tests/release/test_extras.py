"""Libraries that are compiled on the device: brought now, remembered for every next release, refused with what to install."""

import hashlib
import os
import shutil
import sys
import sysconfig
import tomllib
from contextlib import suppress
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gate.commands.update import update
from gate.errors import DeviceFault, GateError, RequestError
from gate.release.environment import Payload, make_environment
from gate.release.extras import BUILD_LOCK, LOCKS, NEEDS, Extra, bring, is_there, note_wanted, wanted
from tests.release.devices import NEW, OLD, SCHEMA

PROJECT = Path(__file__).parents[2]
# A stand-in for a release's interpreter: it "compiles" by making a file, and loads what was installed. As pip does, it leaves
# alone what is installed in that version already, and fails with half a wheel.
PYTHON = """#!/bin/sh
here=$(dirname "$0")/..
for last; do :; done
case "$*" in
  *"-c import"*) grep -q made "$here/brought" ;;
  *"pip"*"wheel"*) while [ "$1" != --wheel-dir ]; do shift; done; mkdir "$2" && echo made >"$2/made.whl"; echo x >>"$here/compiled" ;;
  *"--ignore-installed"*"made.whl"*) [ -s "$last" ] && cp "$last" "$here/brought" ;;
  *"install"*"made.whl"*) [ -e "$here/brought" ] || cp "$last" "$here/brought" ;;
esac
"""
needs_tools = pytest.mark.skipif(
    any(shutil.which(name) is None for name in NEEDS[Extra.READERS].programs),
    reason="cc, pkg-config or swig is not installed",
)


@pytest.fixture
def release(device):
    made = device.made().place.in_force()
    return furnished(made)


def furnished(made, lock=b"a lock"):
    (made.folder / "bin").mkdir()
    made.python.write_text(PYTHON, "utf-8")
    made.python.chmod(0o755)
    (made.folder / LOCKS).mkdir(parents=True)
    for name in (BUILD_LOCK, *(needs.lock for needs in NEEDS.values())):
        (made.folder / LOCKS / name).write_bytes(lock)
    return made


def kept(device, release, extra, wheel="made"):
    """Put a wheel where an earlier release left it, compiled from the same lock; None: the folder alone."""
    digest = hashlib.sha256((release.folder / LOCKS / NEEDS[extra].lock).read_bytes()).hexdigest()[:16]
    folder = device.place.root / "built" / f"{extra}-{sys.implementation.cache_tag}-{digest}"
    folder.mkdir(parents=True)
    if wheel is not None:
        (folder / "made.whl").write_text(wheel, "ascii")
    return folder


@pytest.fixture
def tools(device):
    """Have what the TPM's library is compiled with, as far as anybody asks."""
    if not (Path(sysconfig.get_path("include")) / "Python.h").exists():
        pytest.skip("the headers of Python are not installed")
    for name in NEEDS[Extra.TPM].programs:
        (device.home / "bin" / name).symlink_to("/bin/true")


def test_what_is_wanted_is_remembered_beside_the_releases(device, release):
    assert wanted(device.place) == ()
    note_wanted(device.place, (Extra.TPM, Extra.READERS, Extra.TPM))
    assert wanted(device.place) == (Extra.READERS, Extra.TPM)


def test_a_list_that_names_something_else_is_refused_with_what_it_takes(device, release):
    (device.place.root / "extras").write_text("tpm shell\n", encoding="ascii")
    with pytest.raises(RequestError, match="tpm and readers") as refused:
        wanted(device.place)
    assert refused.value.code == "extras-unclear"


def test_what_was_compiled_before_from_the_same_lock_is_taken_again(device, release):
    kept(device, release, Extra.READERS)
    bring(device.place, Extra.READERS, release)
    assert (release.folder / "brought").exists()
    assert not (release.folder / "compiled").exists()


def test_what_is_there_is_left_alone(device, release):
    (release.folder / "brought").write_text("made", "ascii")
    shutil.rmtree(release.folder / LOCKS)
    bring(device.place, Extra.TPM, release)


@needs_tools
def test_what_is_compiled_is_kept_and_nothing_else_is_left(device, release):
    if not Path("/usr/include/linux/input.h").exists():
        pytest.skip("the kernel's headers are not installed")
    try:
        bring(device.place, Extra.READERS, release)
    except RequestError as error:
        pytest.skip(f"this machine has not all that compiling takes: {error}")
    assert len(list((device.place.root / "built").glob("readers-*/made.whl"))) == 1
    assert list(device.place.releases.glob("making-*")) == []


def test_without_a_compiler_it_says_what_to_install_and_changes_nothing(device, release, monkeypatch):
    monkeypatch.setenv("PATH", str(device.home / "bin"))
    with pytest.raises(RequestError) as refused:
        bring(device.place, Extra.TPM, release)
    assert refused.value.code == "extra-tools"
    assert "libtss2-dev" in refused.value.remedy
    assert not (device.place.root / "built").exists()


def test_a_release_without_the_locks_is_told_apart(device, release):
    shutil.rmtree(release.folder / LOCKS)
    with pytest.raises(RequestError) as refused:
        bring(device.place, Extra.TPM, release)
    assert refused.value.code == "extra-unknown"


def test_a_library_that_cannot_be_loaded_afterwards_is_a_fault(device, release, tools):
    kept(device, release, Extra.TPM)
    release.python.write_text(PYTHON.replace('grep -q made "$here/brought"', "false"), "utf-8")
    with pytest.raises(DeviceFault) as fault:
        bring(device.place, Extra.TPM, release)
    assert fault.value.code == "extra-not-made"


@pytest.mark.parametrize("wheel", [None, "", "for an older system"], ids=["no-wheel", "half", "older-system"])
def test_what_was_kept_and_serves_no_more_is_compiled_anew(device, release, tools, wheel):
    folder = kept(device, release, Extra.TPM, wheel)
    bring(device.place, Extra.TPM, release)
    assert is_there(Extra.TPM, release)
    assert (folder / "made.whl").read_text("ascii") == "made\n"


def test_what_was_kept_stays_until_there_is_something_better(device, release, monkeypatch):
    folder = kept(device, release, Extra.TPM, "for an older system")
    monkeypatch.setenv("PATH", f"{device.home / 'bin'}:{alone(device, 'cp', 'dirname', 'grep')}")
    with pytest.raises(RequestError) as refused:
        bring(device.place, Extra.TPM, release)
    assert refused.value.code == "extra-tools"
    assert (folder / "made.whl").exists()


def alone(device, *programs):
    """Give a folder with these programs of the system's and no others."""
    folder = device.home / "few"
    folder.mkdir()
    for name in programs:
        (folder / name).symlink_to(shutil.which(name))
    return folder


def test_half_of_an_installation_is_written_over(device, release):
    kept(device, release, Extra.TPM)
    (release.folder / "brought").touch()
    bring(device.place, Extra.TPM, release)
    assert is_there(Extra.TPM, release)


def test_what_is_compiled_and_installed_is_on_the_disk_before_anybody_counts_on_it(
    device, release, tools, monkeypatch
):
    seen = []
    built = device.place.root / "built"
    monkeypatch.setattr(os, "sync", lambda: seen.append((built.exists(), is_there(Extra.TPM, release))))
    bring(device.place, Extra.TPM, release)
    assert seen == [(False, False), (True, True)]


def test_root_runs_no_module_out_of_the_folder_where_it_stands(device, release, tmp_path, monkeypatch):
    for name in ("pip", "evdev", "tpm2_pytss"):
        (tmp_path / f"{name}.py").write_text(
            f"open({str(tmp_path / 'ran')!r}, 'a').write('{name} ')", "utf-8"
        )
    release.python.unlink()
    release.python.symlink_to(sys.executable)
    monkeypatch.chdir(tmp_path)
    kept(device, release, Extra.READERS, "no wheel")
    for extra in Extra:
        with suppress(GateError):
            bring(device.place, extra, release)
    assert not (tmp_path / "ran").exists()


def test_going_back_brings_an_earlier_release_what_is_wanted_since(device, release):
    device.updater().put_in_force(device.new)
    kept(device, release, Extra.TPM)
    note_wanted(device.place, (Extra.TPM,))
    device.updater().roll_back()
    assert device.runs() == OLD
    assert is_there(Extra.TPM, release)


def test_an_earlier_release_that_cannot_have_what_is_wanted_is_refused_before_the_door_stops(device, release):
    device.updater().put_in_force(device.new)
    note_wanted(device.place, (Extra.TPM,))
    shutil.rmtree(release.folder / LOCKS)
    before = device.told()
    with pytest.raises(RequestError, match="does not know") as refused:
        device.updater().roll_back()
    assert "gate update drop tpm" in refused.value.remedy
    assert (device.told(), device.runs(), device.leftovers()) == (before, NEW, [])


def test_a_release_that_is_there_already_is_brought_what_is_wanted_since(device, release):
    kept(device, release, Extra.TPM)
    note_wanted(device.place, (Extra.TPM,))
    make_environment(device.place, Payload(OLD, SCHEMA, device.home))
    assert is_there(Extra.TPM, release)


def said(device, *words):
    where = ["--root", str(device.place.root), "--work", str(device.place.work)]
    return CliRunner().invoke(update, [*words, *where])


def test_an_operator_adds_a_library_and_every_next_release_has_it(device, release):
    kept(device, release, Extra.READERS)
    assert said(device, "add", "readers").exit_code == 0
    assert wanted(device.place) == (Extra.READERS,)
    assert "every release is made with: readers" in said(device, "list").output
    assert said(device, "drop", "readers").exit_code == 0
    assert wanted(device.place) == ()


def test_what_could_not_be_brought_is_not_remembered(device, release, monkeypatch):
    monkeypatch.setenv("PATH", str(device.home / "bin"))
    assert said(device, "add", "tpm").exit_code != 0
    assert wanted(device.place) == ()


def test_nothing_is_added_where_no_release_is_in_force(device):
    device.place.root.mkdir(parents=True)
    assert said(device, "add", "tpm").exit_code != 0
    assert device.place.find(device.place.folder(OLD)) is None


def test_the_wheel_brings_the_locks_of_all_that_can_be_added():
    told = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
    shared = told["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    names = {BUILD_LOCK, *(needs.lock for needs in NEEDS.values())}
    assert {shared.get(name) for name in names} == {(LOCKS / name).as_posix() for name in names}
    assert all((PROJECT / name).is_file() for name in names)
