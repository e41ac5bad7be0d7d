"""An update killed at each of its steps leaves one release that works, with a database that it knows."""

from contextlib import suppress

import pytest

from gate.errors import DeviceFault
from tests.release.devices import NEW, OLD, SCHEMA, killed_at

FORWARD = (
    "tried", "noted", "stopped", "copying", "copied", "switching", "switched", "started", "proved", "closed", "kept",
)  # fmt: skip
BACK = (
    "tried", "noted", "stopped", "copying", "copied", "switching", "switched", "started", "undoing", "put-back", "switched-back",
)  # fmt: skip


def after_a_power_cut(device):
    """Start as a device does: nothing runs, the update is recovered, then the service starts."""
    (device.home / "running").unlink(missing_ok=True)
    device.updater().recover()
    head = device.head()
    assert device.updater().service.start()
    return head


@pytest.mark.parametrize("broken", [False, True], ids=["serves", "broken"])
@pytest.mark.parametrize("number", range(len(FORWARD)))
def test_killed_at_any_step_one_release_serves_with_all_that_was_stored(device, number, broken):
    step = (BACK if broken else FORWARD)[number]
    device.made(new_schema=SCHEMA + 1, broken=broken)
    assert not killed_at(device, step), f"{step} is never reached"
    head = after_a_power_cut(device)
    in_force = device.place.in_force()
    assert head == str(in_force.version), "the log would look cut off"
    assert device.runs() == in_force.version
    assert in_force.version == (NEW if step in {"closed", "kept"} else OLD)
    assert device.schema() == in_force.schema
    assert device.told()[0] == "before"
    assert device.leftovers() == []


@pytest.mark.parametrize(("broken", "steps"), [(False, FORWARD), (True, BACK)])
def test_these_are_all_steps_there_are(device, broken, steps):
    device.made(new_schema=SCHEMA + 1, broken=broken)
    reached = []
    with suppress(DeviceFault):
        device.updater(reached.append).put_in_force(device.new)
    assert tuple(reached) == steps
