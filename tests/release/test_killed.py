"""An update killed at each of its steps leaves one release that works, with a database that it knows."""

import os
import signal
from contextlib import suppress

import pytest

from gate.errors import DeviceFault, VaultError
from gate.release.journal import Course, Step
from gate.store import holds
from tests.release.devices import NEW, OLD, SCHEMA, killed_at

FORWARD = (
    "tried", "noted", "stopped", "copying", "copied", "switching", "switched", "started", "proved", "over", "closed", "kept",
)  # fmt: skip
BACK = (
    "tried", "noted", "stopped", "copying", "copied", "switching", "switched", "started", "undoing", "put-back", "switched-back",
    "undone", "served-again",
)  # fmt: skip
STEPS = [(step, False) for step in FORWARD] + [(step, True) for step in BACK]


def after_a_power_cut(device):
    """Start as a device does: nothing runs, the update is recovered, then the service starts."""
    (device.home / "running").unlink(missing_ok=True)
    by_systemd(device, start=False)
    head = device.head()
    assert device.updater().service.start()
    return head


def by_systemd(device, *, start):
    """Recover as the units do: only where an update is noted."""
    if (device.place.work / "update.json").exists():
        device.updater().recover(start=start)


def notes_at_a_start(device):
    """Have systemctl tell, at each start, whether the update was still noted; gives the file that it tells it in."""
    systemctl, told = device.home / "bin" / "systemctl", device.home / "told"
    noted = f'[ "$1" = start ] && {{ [ -e "{device.place.work}/update.json" ] && echo noted || echo forgotten; }} >>"{told}"'
    systemctl.write_text(
        systemctl.read_text("utf-8").replace("#!/bin/sh\n", f"#!/bin/sh\n{noted}\n"), "utf-8"
    )
    return told


@pytest.mark.parametrize(("step", "broken"), STEPS)
def test_killed_at_any_step_one_release_serves_with_all_that_was_stored(device, step, broken):
    device.made(new_schema=SCHEMA + 1, broken=broken)
    assert not killed_at(device, step), f"{step} is never reached"
    head = after_a_power_cut(device)
    in_force = device.place.in_force()
    assert head == str(in_force.version), "the log would look cut off"
    assert device.runs() == in_force.version
    assert in_force.version == (NEW if step in {"over", "closed", "kept"} else OLD)
    assert device.schema() == in_force.schema
    assert device.told()[0] == "before"
    assert device.leftovers() == []


@pytest.mark.parametrize(("step", "broken"), STEPS)
def test_killed_at_any_step_of_a_running_device_the_timer_has_one_release_serve(device, step, broken):
    device.made(new_schema=SCHEMA + 1, broken=broken)
    assert not killed_at(device, step), f"{step} is never reached"
    by_systemd(device, start=True)
    in_force = device.place.in_force()
    assert device.runs() == in_force.version
    assert device.schema() == in_force.schema
    assert device.leftovers() == []


@pytest.mark.parametrize("step", ["undoing", "put-back", "switched-back", "undone", "served-again"])
def test_the_timer_itself_may_be_killed_at_any_step(device, step):
    device.made(new_schema=SCHEMA + 1)
    assert not killed_at(device, "started")
    child = os.fork()
    if child == 0:
        try:
            device.updater(
                lambda name: os.kill(os.getpid(), signal.SIGKILL) if name == step else None
            ).recover(start=True)
        finally:
            os._exit(0)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    by_systemd(device, start=True)
    assert device.place.in_force().version == OLD == device.runs()
    assert device.schema() == SCHEMA
    assert device.leftovers() == []


def test_what_the_gate_stored_since_it_served_again_is_not_undone_once_more(device):
    device.made(new_schema=SCHEMA + 1, broken=True)
    assert not killed_at(device, "served-again")
    before = device.told()
    by_systemd(device, start=True)
    assert device.told() == before
    assert before[-1] == "0.1.0"


@pytest.mark.parametrize("step", list(Step))
def test_a_recovery_forgets_no_update_before_the_gate_was_started(device, step):
    device.made()
    device.updater().service.stop()
    told = notes_at_a_start(device)
    device.updater().journal.write(Course(step, OLD, NEW, copied=False, served=True))
    device.updater().recover(start=True)
    assert told.read_text("ascii").split() == ["noted"]
    assert device.leftovers() == []


def test_an_update_that_ends_before_its_switch_is_forgotten_only_when_the_gate_was_started(device):
    device.made(new_schema=SCHEMA + 1)
    told = notes_at_a_start(device)
    hold = holds.Hold.shared(device.data.data_dir)
    with pytest.raises(VaultError):
        device.updater().put_in_force(device.new)
    hold.close()
    assert told.read_text("ascii").split() == ["noted"]
    assert device.leftovers() == []


@pytest.mark.parametrize(("broken", "steps"), [(False, FORWARD), (True, BACK)])
def test_these_are_all_steps_there_are(device, broken, steps):
    device.made(new_schema=SCHEMA + 1, broken=broken)
    reached = []
    with suppress(DeviceFault):
        device.updater(reached.append).put_in_force(device.new)
    assert tuple(reached) == steps
