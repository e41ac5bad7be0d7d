"""The face process harms nobody: no signal, limit, priority, memory or device of another process is in its reach (R02, R40)."""

import json
import os
import subprocess
import sys

import pytest

from gate.settings import PROJECT
from gate.vision.client import VisionSettings
from gate.vision.confine import camera_node, needs_of
from tests.vision import deeds
from tests.vision.hooked import hooked, landlocked, told_by

PATIENCE_S = 60.0
ALONE = """
import json, sys
from gate.vision.confine.seccomp import restrict_calls
from tests.vision import deeds
programs = sys.argv[1] == "programs"
assert restrict_calls(frozenset(), programs=programs)
victim = int(sys.argv[2])
told = deeds.of_others(victim) | {"ended": deeds.ended()} if programs else deeds.everything(victim)
print(json.dumps(told))
"""
LEFT = {"oneself": "done", "own limits": "done", "/dev/null": "done", "a thread by clone3": "ENOSYS"}


@pytest.fixture
def victim():
    """Another process of the same account, as the core process is one."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process.pid
        process.kill()


def alone(*words):
    """Give what a process can do that only the filter on calls holds, without Landlock, and whose parent is this one."""
    told = subprocess.run(
        [sys.executable, "-c", ALONE, *map(str, words)],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
    )
    return json.loads(told.stdout)


def allowed(told):
    """Give what was not refused, absent calls left out."""
    return {name: said for name, said in told.items() if said not in {"EPERM", "absent"}}


def test_every_call_that_reaches_another_process_or_the_kernel_is_refused_r02(victim):
    told = alone("none", victim)
    assert told.keys() >= {*deeds.NOTHING, "kill", "limits", "nice of the account", "a pin"}
    assert allowed(told) == LEFT | {"a device that is no camera": "done"}  # that is Landlock's to refuse


def test_the_calls_that_are_tried_are_refused_by_the_filter_and_by_nothing_else(victim):
    assert allowed(deeds.of_others(victim)).keys() >= {"kill", "limits", "processors", "nice", "disk"}


def test_a_camera_that_is_a_program_is_ended_and_the_parent_is_not_in_reach_r02():
    told = alone("programs", os.getpid())
    assert allowed(told) == {"ended": "SIGKILL"}


def test_the_running_child_harms_nobody_while_its_networks_are_loaded_r02(settings_for, victim, tmp_path):
    head = "from tests.vision import deeds"
    with hooked(settings_for, tmp_path, head, f"deeds.everything({victim})") as (child, _):
        told = allowed(told_by(child))
    device = told.pop("a device that is no camera")
    assert told == LEFT
    assert device == ("EACCES" if landlocked() else "done")


@pytest.mark.parametrize("source", ["", "0", "2", "/dev/v4l/by-id/usb-camera"])
def test_a_camera_of_this_device_is_the_only_node_it_gets(source):
    node = needs_of("v4l2", source).device
    assert str(node) == (source if source.startswith("/") else f"/dev/video{source or 0}")


def test_a_camera_that_was_plugged_in_again_is_another_node(settings_for, tmp_path):
    settings: VisionSettings = settings_for("v4l2", tmp_path / "video0")
    assert camera_node(settings) is None
    (tmp_path / "video0").touch()
    first = camera_node(settings)
    (tmp_path / "video0").rename(tmp_path / "unplugged")
    (tmp_path / "video0").touch()
    assert None is not first != camera_node(settings)
