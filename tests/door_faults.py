"""``docs/door-faults.md``: every fault, and the state of lock, exit, entry, face and alarm in it.

Made by ``make docs``. What the lock does, whether people can leave and enter, and which alarms stand is found by letting
each fault happen to a door of either kind (tests/faults/world.py); tests/faults fails when the file says anything else.
"""

import ast
from collections import defaultdict
from copy import deepcopy
from dataclasses import fields, replace
from functools import cache
from pathlib import Path

from firmware_bridge.mcu import wire
from gate.core.door import Declared
from gate.core.faults import ANSWERS, Fault
from gate.core.policy import Conditions
from tests.faults.world import SETTLED_S, World

PROJECT = Path(__file__).parent.parent
DOCUMENT = PROJECT / "docs" / "door-faults.md"
HEAD = """# What goes wrong at a door, and what it does then

Made by `make docs` from `gate/core/faults.py`, the door core and the controller's own logic; do not edit. Lock, leaving,
entry and alarm are not typed: each fault happens to a fail-secure and to a fail-safe door, and what stands here is how
they are twenty seconds later, while it lasts. Each fault is injected by a test.

*Leaving*: free, or by the exit button, which the controller answers alone; where it cannot, by the handle inside, which is
mechanical. The host has no word for locking against exit or fire. *Entry* is the door's own answer, the same for every
method. Where two words stand, the first is the fail-secure door's. *Alarm*: whatever was raised meanwhile. *Log*: the
events, from beginning to end.
"""


def none(world):
    """Let nothing happen to the door itself."""


def contact(bit):
    return lambda world: world.contact(bit)


def fire_while_hung(world):
    world.host = False
    world.wait(SETTLED_S)
    world.contact(wire.FIRE_ON)


def held(world):
    world.release()
    world.wait(0.1)
    world.contact(wire.LEAF_OPEN)
    world.wait(2 * world.rules.held_after_s)


def reset_mid_unlock(world):
    world.release()
    world.wait(1)
    world.power = False
    world.wait(2)
    world.power = True
    world.reset()


def cable_pulled(world):
    world.cable = False


def cable_pulled_mid_unlock(world):
    world.release()
    world.wait(1)
    world.cable = False


def dead(world):
    world.power = False


def frames_lost(world):
    """Nothing of a second gets through, a release least of all; then the line is good again."""
    world.frames = False
    world.release()
    world.wait(1)
    world.frames = True


def delayed(world):
    world.delay_s = 0.5
    world.release()


def hung_mid_unlock(world):
    world.release()
    world.wait(1)
    world.host = False


def stalled(world):
    world.release()
    world.host = False
    world.wait(3)
    world.host = True


SCENES = defaultdict(
    lambda: none,
    {
        Fault.FIRE: contact(wire.FIRE_ON),
        Fault.FIRE_WHILE_HOST_HANGS: fire_while_hung,
        Fault.FIRE_WIRE_CUT: contact(wire.FIRE_ON),
        Fault.FORCED: contact(wire.LEAF_OPEN),
        Fault.HELD: held,
        Fault.EXIT_HELD: contact(wire.EXIT_PRESSED),
        Fault.CASE_OPENED: contact(wire.CASE_OPEN),
        Fault.POWER_FAILED: contact(wire.POWER_FAILED),
        Fault.OTHER_DOOR_UNKNOWN: contact(wire.OTHER_OPEN),
        Fault.CONTROLLER_LOST: cable_pulled,
        Fault.CONTROLLER_DEAD: dead,
        Fault.CONTROLLER_RESET_MID_UNLOCK: reset_mid_unlock,
        Fault.CABLE_PULLED_MID_UNLOCK: cable_pulled_mid_unlock,
        Fault.RELEASE_UNCONFIRMED: frames_lost,
        Fault.BIT_ERRORS: frames_lost,
        Fault.TRUNCATION: frames_lost,
        Fault.NOISE_FLOOD: frames_lost,
        Fault.DELAYS: delayed,
        Fault.HOST_HUNG_MID_UNLOCK: hung_mid_unlock,
        Fault.LOOP_STALLED: stalled,
    },
)


def world_of(fault, declared):
    """Give a door of the kind *declared* to which *fault* has happened, settled; one's own, to do things to."""
    return deepcopy(settled(fault, declared))


@cache
def settled(fault, declared):
    other = next(each for each in Declared if each is not declared)
    world = World(
        declared,
        controller=other if fault is Fault.DECLARES_OTHERWISE else None,
        key_fits=fault is not Fault.WRONG_KEY,
        paired=fault is not Fault.NOT_PAIRED,
        interlocked=fault is Fault.OTHER_DOOR_UNKNOWN,
    )
    SCENES[fault](world)
    world.wait(SETTLED_S)
    return world


def lock_of(world):
    return "unlocked" if world.unlocked else "locked"


def leaving(world):
    if world.unlocked:
        return "free"
    return "button" if world.leaves() else "handle"


def entry(fault, world):
    if world.host and world.obstacle is not None:
        return f"refused: {world.obstacle}"
    if world.host and world.door.fire:
        return "stands open"
    return ANSWERS[fault].entry or ("yes" if world.host else "not while the host hangs")


def face(fault, world):
    needs = ANSWERS[fault].face_needs
    if world.host and world.obstacle is not None:
        return "refused like every method"
    if not needs:
        return "as before" if world.host else "no"
    ready = replace(Conditions(*[True] * len(fields(Conditions))), **{needs: False})
    assert ready.obstacles == (needs,)
    return f"off: `{needs}`"


def same(*cells):
    """Give one word for both kinds of door, or both when they differ."""
    return cells[0] if len(set(cells)) == 1 else " / ".join(cells)


def logged(answer):
    """Give the events of the log; each change of what face depends on is one."""
    return (*answer.says, "face_conditions") if answer.face_needs else answer.says


def listed(words):
    return ", ".join(f"`{each}`" for each in words) or "none"


def row(fault):
    secure, safe = (world_of(fault, declared) for declared in (Declared.FAIL_SECURE, Declared.FAIL_SAFE))
    answer = ANSWERS[fault]
    raised = dict.fromkeys([*secure.raised, *safe.raised, *filter(None, [answer.alarm])])
    return (
        f"`{fault}`",
        answer.happens,
        lock_of(secure),
        lock_of(safe),
        same(leaving(secure), leaving(safe)),
        same(entry(fault, secure), entry(fault, safe)),
        same(face(fault, secure), face(fault, safe)),
        listed(raised),
        listed(logged(answer)),
    )


COLUMNS = (
    "fault",
    "what happens",
    "lock, fail-secure",
    "lock, fail-safe",
    "leaving",
    "entry",
    "face",
    "alarm",
    "log",
)


def document():
    """Give the whole document's text."""
    rows = [COLUMNS, ("---",) * len(COLUMNS), *(row(fault) for fault in Fault)]
    return HEAD + "\n" + "".join(f"| {' | '.join(cells)} |\n" for cells in rows)


def injected():
    """Give, for each value a test is marked with, the tests: ``@pytest.mark.fault("fire")``."""
    found = defaultdict(list)
    for path in sorted((PROJECT / "tests").rglob("test_*.py")):
        name = path.relative_to(PROJECT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.fault":
                for each in node.args:
                    found[ast.literal_eval(each)].append(name)
    return found


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
