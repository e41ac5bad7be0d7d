"""The vision child's lives: how it is killed and replaced, what keeps it from work, and what it leaves behind."""

from __future__ import annotations

import asyncio
import json
import math
import os
import shutil
import signal
import struct
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest
import structlog

from gate.vision import wire
from tests.vision.world import ATTEMPTS, QUICK, SEED, SHORT, World, gallery_of, opened

pytestmark = [pytest.mark.alone, pytest.mark.models, pytest.mark.portraits]


def test_a_hanging_camera_costs_the_child_its_life_and_a_new_one_takes_over(scenes):
    async def hang():
        async with opened(scenes, SHORT) as world:
            await world.ready()
            first = world.client.pid
            world.client.set_scene("hanging")
            world.client.open_camera(next(ATTEMPTS))
            await world.until(lambda: not world.client.ready)
            assert world.client.providers == ()
            await world.ready()
            assert world.client.restarts == 1
            return first, world.client.pid

    first, second = asyncio.run(hang())
    assert first != second
    assert not Path(f"/proc/{first}").exists()


@pytest.mark.fault("vision-dead")
def test_a_killed_child_is_replaced_with_the_same_gallery_and_scene(scenes, templates):
    async def kill():
        async with opened(scenes, QUICK) as world:
            await world.load(resident=templates["resident"])
            world.client.set_scene("resident")
            world.client.kill()
            await world.until(lambda: not world.client.ready)
            await world.ready()
            world.client.open_camera("after")
            await world.until(lambda: any(found.template for found in world.said(wire.Found, "after")))
            return {found.template for found in world.said(wire.Found, "after")}

    assert asyncio.run(kill()) <= {None, "resident"}


def test_a_stopped_client_leaves_no_child(scenes):
    async def stop():
        async with opened(scenes) as world:
            await world.ready()
            return world.client.pid

    assert not Path(f"/proc/{asyncio.run(stop())}").exists()


def test_a_client_stopped_at_any_moment_of_the_start_leaves_no_child(scenes):
    async def stop_after(steps):
        async with opened(scenes):
            for _ in range(steps):
                await asyncio.sleep(0)

    for steps in range(0, 12, 3):
        asyncio.run(stop_after(steps))
    children = "".join(path.read_text() for path in Path("/proc/self/task").glob("*/children")).split()
    command = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children]
    assert sum(b"gate.vision.child" in each for each in command) <= 1  # the module's own


def test_a_camera_program_dies_with_the_child_also_when_it_is_silent(settings_for, tmp_path, monkeypatch):
    """R10: a program left behind would keep the camera."""
    mark = tmp_path / "pid"
    program = tmp_path / "rpicam-vid"
    program.write_text(f'#!/bin/sh\necho $$ > "{mark}.new"\nmv "{mark}.new" "{mark}"\nexec sleep 60\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    async def kill():
        async with opened(settings_for("rpicam"), QUICK) as world:
            await world.ready()
            world.client.open_camera(next(ATTEMPTS))
            await world.until(mark.exists)
            world.client.kill()
            await world.until(lambda: not is_running(int(mark.read_text())))

    asyncio.run(kill())


# --- models ---


def refused(settings):
    """Start a child that must not get to work; give its fault."""

    async def start():
        async with opened(settings, QUICK) as world:
            await world.until(lambda: world.client.restarts)
            assert not any(world.ready_then)
            assert not world.said(wire.Ready)
            return world.said(wire.Fault)[0]

    return asyncio.run(start())


@pytest.fixture
def own_models(models_dir, tmp_path):
    """Give a models folder with the reference networks alone: no other form can run in their place."""
    others = shutil.ignore_patterns("portraits", "cache", "sface-*", "yunet-*", "tuned.toml")
    shutil.copytree(models_dir, tmp_path / "models", ignore=others)
    return tmp_path / "models"


@pytest.mark.parametrize("network", ["yunet.onnx", "sface.onnx"])
def test_one_altered_byte_of_a_model_keeps_face_off(settings_for, own_models, network):
    """R33."""
    path = own_models / "weights" / network
    altered = bytearray(path.read_bytes())
    altered[len(altered) // 2] ^= 1
    path.write_bytes(altered)
    fault = refused(settings_for("simulated", models_dir=str(own_models)))
    assert (fault.code, network in fault.what, bool(fault.remedy)) == ("model-hash", True, True)


def test_a_missing_model_keeps_face_off(settings_for, own_models):
    (own_models / "weights/sface.onnx").unlink()
    assert refused(settings_for("simulated", models_dir=str(own_models))).code == "model-missing"


@pytest.mark.parametrize("providers", [("cuda",), ("tensorrt", "cpu"), ("abacus",)])
def test_a_provider_that_is_not_here_keeps_face_off_and_nothing_runs_instead(settings_for, providers):
    assert refused(settings_for("simulated", providers=providers)).code == "model-provider"


# --- what it leaves behind ---


def open_files(pid):
    return {str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir()}


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_camera_is_open_between_open_and_close_and_at_no_other_time(settings_for, tmp_path):
    """R10."""
    film = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter_fourcc(*"MJPG"), 25, (64, 48))
    for frame in np.random.default_rng(1).integers(60, 200, (800, 48, 64, 3), np.uint8):
        writer.write(frame)
    writer.release()

    async def look():
        async with opened(settings_for("stream", film)) as world:
            await world.ready()
            before = open_files(world.client.pid)
            world.client.open_camera("x")
            await world.until(lambda: world.said(wire.Found, "x"))
            during = open_files(world.client.pid)
            world.client.close_camera()
            await world.until(lambda: world.said(wire.Closed))
            assert not world.said(wire.Fault)
            return [str(film) in files for files in (before, during, open_files(world.client.pid))]

    assert asyncio.run(look()) == [False, True, False]


def test_the_child_dies_with_its_parent_even_while_its_camera_hangs(scenes, tmp_path):
    parent = tmp_path / "parent.py"
    parent.write_text(
        "import asyncio, json, sys\n"
        "from gate import logs\n"
        "from gate.vision.client import Patience, VisionClient, VisionSettings\n"
        "logs.configure()\n"
        "async def main():\n"
        "    heard = []\n"
        "    patience = Patience(silence_s=60)\n"
        "    client = VisionClient(VisionSettings(**json.loads(sys.argv[1])), heard.append, patience=patience)\n"
        "    client.start()\n"
        "    while not client.ready: await asyncio.sleep(0.01)\n"
        "    client.set_scene('hanging')\n"
        "    client.open_camera('x')\n"
        "    while heard: heard.clear(); await asyncio.sleep(1.5)\n"
        "    print(client.pid, flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    command = [sys.executable, str(parent), json.dumps(asdict(scenes))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            child = int(process.stdout.readline())
            assert is_running(child)
        finally:
            process.send_signal(signal.SIGKILL)
    gone = World(scenes).until(lambda: not is_running(child))
    asyncio.run(gone)


def test_the_child_writes_no_core_and_cannot_be_dumped(runner, world):
    """R30: the live child's limit, and what the call that sets it also sets."""
    limits = Path(f"/proc/{world.client.pid}/limits").read_text()
    (core,) = [line.split()[4:6] for line in limits.splitlines() if line.startswith("Max core file size")]
    assert core == ["0", "0"]
    read_back = (
        "import ctypes, resource; from gate.vision import worker; worker._confine();"
        "print(ctypes.CDLL(None).prctl(3), *resource.getrlimit(resource.RLIMIT_CORE))"
    )
    assert subprocess.check_output([sys.executable, "-c", read_back], text=True).split() == ["0", "0", "0"]


def test_nothing_of_a_gallery_a_frame_or_a_camera_s_address_is_logged(scenes, settings_for, capfd):
    """R30: with captures, faults, a crash over a broken gallery and a kill, on both standard streams."""
    recognisable = struct.pack("<128f", *[1 / math.sqrt(128)] * 128)
    broken = struct.pack("<128f", *[123.456] * 128)

    async def everything():
        async with opened(scenes, QUICK) as world:
            await world.load(**{"template-7f3a": recognisable})
            for scene in ("resident", "two", "torn", "frozen", "absent"):
                await world.capture(scene, looks=2)
            await world.capture("resident", looks=1, enrol=True)
            world.client.load_gallery(gallery_of(**{"template-9c1d": broken}))
            await world.until(lambda: world.client.restarts)
            world.client.kill()
        address = "rtsp://resident:s3cret@127.0.0.1:1/yard"
        async with opened(settings_for("stream", address), QUICK) as world:
            await world.ready()
            world.client.open_camera("x")
            await world.until(lambda: world.said(wire.Fault, "x"))

    structlog.reset_defaults()
    asyncio.run(everything())
    written = "".join(capfd.readouterr())
    assert "vision_ready" in written
    for trace in (
        "template-",
        "0.0883",
        "123.45",
        "0.08838",
        "s3cret",
        "yard",
        "array(",
        r"\x",
        "score",
        "attempt-",
        SEED.hex(),
        repr(SEED)[2:-1],
    ):
        assert trace not in written
