"""The vision child shut in: no way to the network, to a program, to a file of the gate's, or to a disk (R30, R40, R41)."""

import ctypes
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gate.core.types import Seconds
from gate.sandbox_check import look_at_sandbox
from gate.settings import read_settings
from gate.vision.confine import Needs, needs_of
from tests.vision.hooked import hooked, landlocked, told_by

PATIENCE_S: Seconds = 60.0
TRIES = """
import ctypes, errno, json, os, signal, socket, sys

def tried(deed):
    try:
        deed()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"

def low_half():
    libc = ctypes.CDLL(None, use_errno=True)
    number = {"x86_64": 41, "aarch64": 198}[os.uname().machine]
    if libc.syscall(number, ctypes.c_ulong((1 << 32) + socket.AF_INET), socket.SOCK_STREAM, 0) < 0:
        raise OSError(ctypes.get_errno(), "")

def run():
    pid = os.posix_spawn("/bin/true", ["true"], {})
    os.waitpid(pid, 0)

def tries(file, folder):
    return {
        "inet": tried(lambda: socket.socket(socket.AF_INET).close()),
        "inet6": tried(lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).close()),
        "low half": tried(low_half),
        "packet": tried(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()),
        "unix": tried(lambda: socket.socket(socket.AF_UNIX).close()),
        "read": tried(lambda: open(file).close()),
        "list": tried(lambda: os.listdir(folder)),
        "write": tried(lambda: open(os.path.join(folder, "new"), "w").close()),
        "shared memory": tried(lambda: open("/dev/shm/gate-test", "w").close()),
        "run": tried(run),
    }
"""
SHUT = {
    **dict.fromkeys(("inet", "inet6", "low half", "packet", "unix"), "EAFNOSUPPORT"),
    **dict.fromkeys(("read", "list", "write", "shared memory"), "EACCES"),
    "run": "EPERM",
}
FILES = ("read", "list", "write")


@pytest.fixture(autouse=True)
def libseccomp():
    """Skip where there is no filter to be had; make test installs it where it may."""
    try:
        ctypes.CDLL("libseccomp.so.2")
    except OSError:
        pytest.skip("libseccomp2 is not installed")


@pytest.fixture
def secrets(tmp_path):
    """A folder as the gate's data is one, with something in it."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "gate.db").write_text("sealed")
    return folder


def shut_in(settings, secrets):
    """Shut a process in for *settings*, and give what it then could do, and what it said the kernel holds."""
    code = f"{TRIES}\nfrom gate.vision.confine import confine\nfrom gate.vision.client import VisionSettings\nfrom gate.vision.wire import Configure\n"
    code += "held = confine(VisionSettings.of(Configure(sys.stdin.read())))\n"
    code += "print(json.dumps([sorted(held), tries(*sys.argv[1:])]))"
    told = subprocess.run(
        [sys.executable, "-c", code, secrets / "gate.db", secrets],
        input=settings.to_message().settings,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    )
    held, could = json.loads(told.stdout)
    return set(held), could


def expected(could):
    """Without Landlock in this kernel nothing is claimed of files."""
    return (
        could
        if landlocked()
        else {name: value for name, value in could.items() if name not in {*FILES, "shared memory"}}
    )


@pytest.fixture
def running(settings_for, secrets, tmp_path):
    """The real child with its models loaded, which tries to get out when it gets a SIGUSR1."""
    tells = f"tries({str(secrets / 'gate.db')!r}, {str(secrets)!r})"
    with hooked(settings_for, tmp_path, TRIES, tells) as (child, ready):
        yield child, ready


def test_the_running_child_of_a_local_camera_gets_out_by_no_way_r40(running):
    child, _ = running
    assert expected(told_by(child)) == expected(SHUT)


def test_the_running_child_says_what_it_is_held_to_in_every_thread(running):
    child, ready = running
    assert set(ready.locks) == ({"calls", "files"} if landlocked() else {"calls"})
    threads = list(Path(f"/proc/{child.pid}/task").glob("*/status"))
    assert len(threads) > 1  # the networks' own
    for thread in threads:
        told = dict(line.split(":\t", 1) for line in thread.read_text().splitlines() if ":\t" in line)
        assert (told["Seccomp"], told["NoNewPrivs"]) == ("2", "1")


def test_a_camera_that_is_a_program_gets_it_and_no_network_r40(settings_for, secrets):
    _, could = shut_in(settings_for("rpicam", "0"), secrets)
    assert could["run"] == could["unix"] == "done"
    assert {could[name] for name in ("inet", "inet6", "low half", "packet")} == {"EAFNOSUPPORT"}


@pytest.mark.skipif(not landlocked(), reason="this kernel has no Landlock")
def test_a_camera_that_is_a_program_sees_nothing_of_the_gate_r30(settings_for):
    held, could = shut_in(settings_for("rpicam", "0"), Path("/var/lib"))  # /tmp, where tests live, it may use
    assert "files" in held
    assert could["list"] == could["write"] == "EACCES"


def test_a_camera_on_the_network_gets_the_network_and_nothing_else(settings_for, secrets):
    _, could = shut_in(settings_for("stream", "rtsp://camera.example/live"), secrets)
    assert could["inet"] == could["inet6"] == "done"
    assert could["packet"] == "EAFNOSUPPORT"
    assert expected({name: could[name] for name in FILES}) == expected(dict.fromkeys(FILES, "EACCES"))
    assert could["run"] == "EPERM"


@pytest.mark.parametrize(
    ("driver", "source"),
    [
        *(("v4l2", "0"), ("folder", "/a"), ("simulated", "/a"), ("stream", "/a.mp4")),
        *(("stream", "file:///a.mp4"), ("stream", "concat:a|b"), ("of tomorrow", "http://a")),
    ],
)
def test_what_needs_no_network_gets_none(driver, source):
    needs = needs_of(driver, source)
    assert (needs.families, needs.programs) == (frozenset(), False)


def test_every_camera_that_is_a_program_gets_the_same():
    assert needs_of("jetson", "0") == needs_of("rpicam", "0")


def test_a_network_on_an_accelerator_may_speak_to_its_driver_on_this_device_alone():
    needs = needs_of("v4l2", "0", ("cuda", "cpu"))
    assert needs == Needs(frozenset({socket.AF_UNIX, socket.AF_NETLINK}), programs=True)


def test_the_child_goes_on_and_the_check_fails_where_the_filter_cannot_be_had(settings_for, secrets):
    library = next(Path("/usr/lib").glob("*/libseccomp.so.2"), None)
    hide = f"mount --bind /dev/null {library} && exec "
    if (
        library is None
        or subprocess.run(
            ["unshare", "-m", "sh", "-c", f"{hide}true"], check=False, capture_output=True
        ).returncode
    ):
        pytest.skip("hiding a library takes root and mount namespaces")
    told = subprocess.run(
        ["unshare", "-m", "sh", "-c", f"{hide}{sys.executable} -m gate.vision.confine {secrets}"],
        input=settings_for("v4l2", "0").to_message().settings,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    )
    assert "calls" not in json.loads(told.stdout)


@pytest.fixture
def with_face(tmp_path):
    example = Path(__file__).parents[2] / "deploy" / "gate.example.toml"
    file = tmp_path / "gate.toml"
    file.write_text(example.read_text().replace("enabled = false   ", "enabled = true    ", 1))
    settings = read_settings(file)
    assert settings.face.enabled
    return settings


def test_gate_check_tries_it_and_says_so(with_face):
    assert "cannot make a network socket" in look_at_sandbox(with_face)


def test_gate_check_says_plainly_that_a_camera_on_the_network_reaches_it(with_face):
    camera = with_face.camera.model_copy(
        update={"driver": "stream", "source": "rtsp://user:secret@camera/live"}
    )
    told = look_at_sandbox(with_face.model_copy(update={"camera": camera}))
    assert "reaches the network" in told
    assert "secret" not in told
