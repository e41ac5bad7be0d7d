"""A vision child that gets no memory ends in words, wherever it met that; card and PIN never notice (R02).

Real children with real networks, under bounds of the address space of many sizes: while they load, and while they look.
"""

from __future__ import annotations

import errno
import os
import resource
import socket
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from gate.errors import ModelError
from gate.vision import wire
from gate.vision.camera import camera_faults
from gate.vision.manifest import manifest_for
from gate.vision.memory import CV_NO_MEMORY, NoMemory, lacks_memory
from gate.vision.sessions import open_session
from tests.vision.world import EPOCH, SEED

MB = 1 << 20
PATIENCE_S = 120.0
LOOKS = 3


class Child:
    """One real child over its socket, and what it said until it ended or had looked often enough."""

    def __init__(self, settings, log, *, limit=None):
        self.said, self._decoder, self.log = [], wire.Decoder(), log
        self.ours, theirs = socket.socketpair()
        with theirs, log.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gate.vision.child", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stderr=errors,
                preexec_fn=limit and (lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit))),  # noqa: PLW1509
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            )
        self.ours.settimeout(PATIENCE_S)
        self.tell(settings.to_message(), wire.LoadGallery(1, EPOCH, (), SEED), wire.SetScene("resident"))

    def tell(self, *messages):
        try:
            self.ours.sendall(b"".join(map(wire.encode, messages)))
        except OSError:
            return  # it ended already; what it said is still there

    def hears(self, kind, times=1):
        """Listen until it said so; False where it ended before."""
        while sum(isinstance(each, kind) for each in self.said) < times:
            try:
                data = self.ours.recv(1 << 16)
            except ConnectionResetError:
                return False
            if not data:
                return False
            self.said += self._decoder.feed(data)
        return True

    def looks(self):
        self.tell(wire.StartCapture("a"))
        return self.hears(wire.Found, LOOKS)

    def bound(self, room):
        """Let it have so many bytes more than it has, and no further."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[0])
        size = pages * resource.getpagesize() + room
        resource.prlimit(self.process.pid, resource.RLIMIT_AS, (size, size))

    def ends(self):
        """Let go of it once it served, and wait for its end."""
        self.ours.close()
        return self.process.wait(timeout=PATIENCE_S)

    def kill(self):
        self.ours.close()
        self.process.kill()
        self.process.wait()


@pytest.fixture
def child_of(settings_for, tmp_path):
    """Give a function that starts a child, bound to *limit* bytes of address space from its first step on."""
    settings = settings_for("simulated", settings_for("simulated").models_dir + "/weights/portraits")
    children = []

    def start(limit=None):
        children.append(Child(settings, tmp_path / f"said-{len(children)}", limit=limit))
        return children[-1]

    yield start
    for each in children:
        each.kill()


def assert_said_why(child, code):
    """Either its log says why it ended, and nothing else, or a signal says it, which the parent names."""
    words = child.log.read_text(errors="replace")
    assert "Traceback" not in words, words
    if code < 0:
        return
    assert code == NoMemory().exit_code, f"{code}: {words}"
    assert words.endswith(f"{NoMemory()}\n"), words


def served(child):
    """Tell whether *child* came to look at people. Where it did not, or lacked memory for a look after those, it says so."""
    looked = child.looks()
    code = child.ends()
    if not looked and code > 0:
        assert isinstance(child.said[-1], wire.Fault)
        assert (child.said[-1].code, child.said[-1].what) == (NoMemory().code, NoMemory().what)
    if code or not looked:
        assert_said_why(child, code)
    return looked


def loads_within(child_of, megabytes):
    """Tell whether a child with so much memory in all came to look at people; otherwise it ended in words."""
    return served(child_of(megabytes * MB))


def looks_within(child_of, kilobytes):
    """Tell whether a child at work that gets so much more memory went on; otherwise it ended in words."""
    child = child_of()
    assert child.hears(wire.GalleryLoaded)
    child.bound(kilobytes << 10)
    return served(child)


@pytest.mark.models
@pytest.mark.portraits
@pytest.mark.parametrize("megabytes", [48, 420])
def test_r02_a_child_without_memory_to_load_ends_in_words(child_of, megabytes):
    assert not loads_within(child_of, megabytes)


@pytest.mark.models
@pytest.mark.portraits
def test_r02_a_child_that_gets_no_more_memory_looks_with_what_it_has_or_ends_in_words(child_of):
    looks_within(child_of, 0)


@pytest.mark.slow
@pytest.mark.models
@pytest.mark.portraits
def test_r02_however_much_memory_there_is_a_child_loads_or_ends_in_words(child_of):
    least, *_, most = [loads_within(child_of, size) for size in range(24, 900, 25)]
    assert not least
    assert most


@pytest.mark.slow
@pytest.mark.models
@pytest.mark.portraits
def test_r02_however_much_memory_is_left_a_child_looks_or_ends_in_words(child_of):
    *_, most = [looks_within(child_of, room) for room in (0, *(64 << each for each in range(12)))]
    assert most


# --- what lack of memory looks like ---


def of_opencv():
    with np.errstate(all="ignore"):
        error = cv2.error("no memory")
    error.code = CV_NO_MEMORY
    return error


def caused(error, cause):
    error.__cause__ = cause
    return error


LACKING = [
    MemoryError(),
    OSError(errno.ENOMEM, "Cannot allocate memory"),
    of_opencv(),
    RuntimeError("Exception during initialization: std::bad_alloc"),
    RuntimeError("can't start new thread"),
    ImportError("libx.so: failed to map segment from shared object"),
    caused(ModelError("model-manifest", "what", remedy="remedy"), OSError(errno.ENOMEM, "no")),
]
OTHER = [
    OSError(errno.EACCES, "Permission denied"),
    cv2.error("bad argument"),
    RuntimeError("INVALID_PROTOBUF"),
    ModelError("model-hash", "what", remedy="remedy"),
    ImportError("No module named cv2"),
]


@pytest.mark.parametrize("error", LACKING, ids=repr)
def test_lack_of_memory_is_known_whoever_met_it(error):
    assert lacks_memory(error)


@pytest.mark.parametrize("error", OTHER, ids=repr)
def test_other_faults_are_not_taken_for_lack_of_memory(error):
    assert not lacks_memory(error)


def test_numpy_says_it_in_a_way_that_is_known():
    with pytest.raises(MemoryError) as refused:
        np.empty(1 << 60, np.uint8)
    assert lacks_memory(refused.value)


def test_lack_of_memory_is_no_fault_of_the_camera():
    with pytest.raises(cv2.error), camera_faults():
        raise of_opencv()


def test_a_networks_file_that_cannot_be_read_is_told_apart_from_one_that_is_missing(models_dir, tmp_path):
    pinned = manifest_for(models_dir, "detect")
    (tmp_path / "weights" / pinned.file).mkdir(parents=True)
    with pytest.raises(ModelError, match="cannot be read") as refused:
        open_session(pinned, tmp_path)
    assert refused.value.code == "model-unreadable"
