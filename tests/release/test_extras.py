"""Libraries that are compiled on the device: brought now, remembered for every next release, refused with what to install."""

import hashlib
import shutil
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gate.commands.update import update
from gate.errors import DeviceFault, RequestError
from gate.release.extras import BUILD_LOCK, LOCKS, NEEDS, Extra, bring, note_wanted, wanted
from tests.release.devices import OLD

PROJECT = Path(__file__).parents[2]
# A stand-in for a release's interpreter: it "compiles" by making a file, and loads what was installed.
PYTHON = """#!/bin/sh
here=$(dirname "$0")/..
case "$*" in
  *"-c import"*) [ -e "$here/brought" ] ;;
  *"pip"*"wheel"*) while [ "$1" != --wheel-dir ]; do shift; done; mkdir "$2" && echo made >"$2/made.whl"; echo x >>"$here/compiled" ;;
  *"install"*"made.whl"*) touch "$here/brought" ;;
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


def kept(device, release, extra):
    """Put wheels where an earlier release left them, compiled from the same lock."""
    digest = hashlib.sha256((release.folder / LOCKS / NEEDS[extra].lock).read_bytes()).hexdigest()[:16]
    folder = device.place.root / "built" / f"{extra}-{sys.implementation.cache_tag}-{digest}"
    folder.mkdir(parents=True)
    (folder / "made.whl").touch()


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
    (release.folder / "brought").touch()
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


def test_a_library_that_cannot_be_loaded_afterwards_is_a_fault(device, release):
    kept(device, release, Extra.TPM)
    release.python.write_text(PYTHON.replace('[ -e "$here/brought" ]', "false"), "utf-8")
    with pytest.raises(DeviceFault) as fault:
        bring(device.place, Extra.TPM, release)
    assert fault.value.code == "extra-not-made"


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
