"""The real vision child behind its client, before the simulated camera: what it finds, and every way it can fail."""

from __future__ import annotations

import asyncio
import json
import math
import os
import resource
import shutil
import signal
import struct
import subprocess
import sys
from collections.abc import Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from itertools import count
from pathlib import Path

import cv2
import numpy as np
import pytest
import structlog

from gate.core.enrolment import CAPTURES, combine
from gate.core.operating import effective_threshold
from gate.core.policy import Hint
from gate.vision import wire
from gate.vision.client import Patience, VisionClient
from gate.vision.manifest import load_operating_point, manifest_for

pytestmark = [pytest.mark.models, pytest.mark.portraits]

WAIT_S = 20
LONG = Patience(silence_s=WAIT_S)
SHORT = Patience(silence_s=1.0, restart_s=(0.01,))
ATTEMPTS = (f"attempt-{number}" for number in count())


class World:
    """A client with its child, and everything the child said."""

    def __init__(self, settings, patience=LONG):
        self.heard = []
        self.ready_then = []
        self.client = VisionClient(settings, self._hear, patience=patience)

    def _hear(self, message):
        self.heard.append(message)
        self.ready_then.append(self.client.ready)

    async def until(self, claim):
        async with asyncio.timeout(WAIT_S):
            while not (value := claim()):  # noqa: ASYNC110 - much of it is seen from outside this process
                await asyncio.sleep(0.005)
        return value

    async def ready(self):
        await self.until(lambda: self.client.ready)

    def said(self, kind, attempt=None):
        return [
            message
            for message in self.heard
            if isinstance(message, kind) and attempt in {None, getattr(message, "attempt", None)}
        ]

    async def capture(self, scene, *, looks=3, enrol=False, kind=wire.Found | wire.Embedded | wire.Fault):
        """Look at a scene until there are *looks* answers, or a fault; give them all."""
        attempt = next(ATTEMPTS)
        self.client.set_scene(scene)
        self.client.open_camera(attempt, enrol=enrol)
        await self.until(lambda: len(self.said(kind, attempt)) >= looks or self.said(wire.Fault, attempt))
        self.client.close_camera()
        await self.settled()
        return self.said(kind, attempt)

    async def settled(self):
        """Wait until the child has heeded everything sent so far: it answers a Wipe with a Beat, a gallery by name."""
        self.client.load_gallery(self.gallery)
        await self.ready()

    gallery: Sequence[tuple[str, bytes]] = ()

    async def load(self, **templates):
        self.gallery = tuple(templates.items())
        await self.settled()


@asynccontextmanager
async def opened(settings, patience=LONG):
    world = World(settings, patience)
    world.client.start()
    try:
        yield world
    finally:
        await world.client.stop()


@pytest.fixture(scope="module")
def scenes(models_dir):
    """Give the settings of the simulated camera, fast."""
    from gate.vision.client import VisionSettings

    return VisionSettings(str(models_dir), "simulated", str(models_dir / "weights/portraits"), 640, 480, 100)


@pytest.fixture(scope="module")
def runner():
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def world(runner, scenes):
    """Give one living child for all tests that leave it alive, with nobody enrolled."""
    world = World(scenes)

    async def start():
        world.client.start()
        await world.ready()

    runner.run(start())
    yield world
    runner.run(world.client.stop())


@pytest.fixture(scope="module")
def templates(runner, world, threshold):
    """Enrol the resident and the stranger live, as the desk does."""

    async def enrol(scene):
        captures = await world.capture(scene, looks=CAPTURES, enrol=True)
        return combine([capture.payload for capture in captures], at_least=threshold)

    return {scene: runner.run(enrol(scene)) for scene in ("resident", "stranger")}


@pytest.fixture(scope="module")
def threshold(models_dir):
    return effective_threshold(load_operating_point(models_dir, manifest_for(models_dir, "embed")), 0.0)


def hints(findings):
    return {finding.hint for finding in findings}


# --- what it finds ---


def test_a_child_at_work_says_what_runs_its_models(world):
    assert world.client.ready
    assert world.client.providers == ("cpu",)


def test_captures_of_one_live_person_agree_on_one_template(templates):
    assert all(len(template) == wire.EMBEDDING_BYTES for template in templates.values())


def test_the_resident_is_found_and_the_stranger_stays_below_the_threshold(
    runner, world, templates, threshold
):
    runner.run(world.load(resident=templates["resident"]))
    seen = runner.run(world.capture("resident"))
    assert {(found.hint, found.template) for found in seen} == {(Hint.COMPARED, "resident")}
    assert min(found.score for found in seen) >= threshold
    stranger = runner.run(world.capture("stranger"))
    assert hints(stranger) == {Hint.COMPARED}
    assert max(found.score for found in stranger) < threshold


def test_the_second_score_belongs_to_the_other_person(runner, world, templates, threshold):
    runner.run(world.load(**templates))
    for scene in templates:
        for found in runner.run(world.capture(scene)):
            assert found.template == scene
            assert found.second < threshold <= found.score


def test_with_nobody_enrolled_a_face_is_seen_and_nobody_named(runner, world):
    runner.run(world.load())
    (found, *_) = runner.run(world.capture("resident"))
    assert (found.hint, found.template, found.score) == (Hint.COMPARED, None, -1.0)


POOR = {
    "nobody": Hint.NO_FACE,
    "far": Hint.COME_CLOSER,
    "two": Hint.ONE_PERSON,
    "dark": Hint.MORE_LIGHT,
    "torn": Hint.HOLD_STILL,
}


@pytest.mark.parametrize(("scene", "hint"), POOR.items())
def test_a_poor_view_gives_its_hint_and_compares_nobody(runner, world, templates, scene, hint):
    runner.run(world.load(**templates))
    seen = runner.run(world.capture(scene))
    assert hints(seen) == {hint}
    assert {found.template for found in seen} == {None}


@pytest.mark.parametrize("scene", POOR)
def test_a_poor_view_is_never_embedded(runner, world, scene):
    """An enrolment takes no template of nobody, of two, of the dark; it hears the hint instead."""
    assert {type(answer) for answer in runner.run(world.capture(scene, enrol=True))} == {wire.Found}


def test_a_bystander_is_never_embedded(runner, world, templates):
    """R32: both are enrolled, and only the one at the gate is ever found."""
    runner.run(world.load(**templates))
    seen = runner.run(world.capture("bystander", looks=8))
    assert {(found.hint, found.template) for found in seen} == {(Hint.COMPARED, "resident")}


# --- galleries ---


def test_a_gallery_counts_as_ready_only_when_the_child_confirms_that_very_one(runner, world, templates):
    async def change_twice():
        await world.ready()
        start = len(world.heard)
        world.client.load_gallery([("old", templates["resident"])])
        world.client.load_gallery([("new", templates["resident"])])
        assert not world.client.ready
        await world.ready()
        return start

    start = runner.run(change_twice())
    confirmed = [
        (message.generation, ready)
        for message, ready in zip(world.heard[start:], world.ready_then[start:], strict=True)
        if isinstance(message, wire.GalleryLoaded)
    ]
    last = confirmed[-1][0]
    assert confirmed == [(last - 1, False), (last, True)]


def test_a_withdrawn_template_never_matches_once_the_next_gallery_is_confirmed(runner, world, templates):
    """R24, with the change in flight while the camera looks at that very person."""

    async def change_while_looking():
        await world.load(withdrawn=templates["resident"])
        attempt = next(ATTEMPTS)
        world.client.set_scene("resident")
        world.client.open_camera(attempt)
        await world.until(lambda: world.said(wire.Found, attempt))
        world.client.load_gallery([("kept", templates["stranger"])])
        await world.ready()
        start = len(world.heard)
        await world.until(lambda: len(world.heard) >= start + 5)
        world.client.close_camera()
        return attempt

    attempt = runner.run(change_while_looking())
    confirmed = max(i for i, message in enumerate(world.heard) if isinstance(message, wire.GalleryLoaded))
    named = {message.template for message in world.heard[confirmed:] if isinstance(message, wire.Found)}
    assert named == {"kept"}
    assert world.said(wire.Found, attempt)[0].template == "withdrawn"


# --- cameras that fail ---


def test_a_frozen_camera_gives_one_finding_and_then_a_fault(runner, world):
    *findings, fault = runner.run(world.capture("frozen", looks=99))
    assert len(findings) == 1
    assert fault.code == "camera-frozen"


def test_an_absent_camera_is_a_fault_of_that_attempt_with_the_remedy(runner, world):
    (fault,) = runner.run(world.capture("absent"))
    assert (fault.code, bool(fault.remedy)) == ("camera-absent", True)
    assert world.client.last_fault == fault
    assert world.client.ready


def test_the_next_capture_after_a_fault_works(runner, world):
    runner.run(world.capture("absent"))
    assert hints(runner.run(world.capture("nobody"))) == {Hint.NO_FACE}


def test_forgetting_leaves_no_frame_and_the_child_alive(runner, world):
    """R31."""

    async def forget():
        world.client.set_scene("resident")
        world.client.open_camera(next(ATTEMPTS))
        await world.until(lambda: world.said(wire.Found))
        world.client.close_camera()
        world.client.forget()
        start = len(world.heard)
        await world.until(lambda: sum(isinstance(each, wire.Beat) for each in world.heard[start:]) >= 3)
        return world.heard[start:]

    assert {beat.held_frames for beat in runner.run(forget()) if isinstance(beat, wire.Beat)} == {0}


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


def test_a_killed_child_is_replaced_with_the_same_gallery_and_scene(scenes, templates):
    async def kill():
        async with opened(scenes, SHORT) as world:
            await world.load(resident=templates["resident"])
            world.client.set_scene("resident")
            world.client.kill()
            await world.until(lambda: not world.client.ready)
            await world.ready()
            world.client.open_camera("after")
            return await world.until(lambda: world.said(wire.Found, "after"))

    assert asyncio.run(kill())[0].template == "resident"


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
    assert sum(b"gate.vision.worker" in each for each in command) <= 1  # the module's own


def test_a_camera_program_dies_with_the_child_also_when_it_is_silent(settings_for, tmp_path, monkeypatch):
    """R10: a program left behind would keep the camera."""
    mark = tmp_path / "pid"
    program = tmp_path / "rpicam-vid"
    program.write_text(f'#!/bin/sh\necho $$ > "{mark}.new"\nmv "{mark}.new" "{mark}"\nexec sleep 60\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    async def kill():
        async with opened(settings_for("rpicam"), SHORT) as world:
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
        async with opened(settings, SHORT) as world:
            await world.until(lambda: world.client.restarts)
            assert not any(world.ready_then)
            assert not world.said(wire.Ready)
            return world.said(wire.Fault)[0]

    return asyncio.run(start())


@pytest.fixture
def own_models(models_dir, tmp_path):
    shutil.copytree(models_dir, tmp_path / "models", ignore=shutil.ignore_patterns("portraits", "cache"))
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
            await world.settled()
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
    assert resource.getrlimit(resource.RLIMIT_CORE)[1] != 0, "the limit is the child's own, not inherited"


def test_nothing_of_a_gallery_a_frame_or_a_camera_s_address_is_logged(scenes, settings_for, capfd):
    """R30: with captures, faults, a crash over a broken gallery and a kill, on both standard streams."""
    recognisable = struct.pack("<128f", *[1 / math.sqrt(128)] * 128)
    broken = struct.pack("<128f", *[123.456] * 128)

    async def everything():
        async with opened(scenes, SHORT) as world:
            await world.load(**{"template-7f3a": recognisable})
            for scene in ("resident", "two", "torn", "frozen", "absent"):
                await world.capture(scene, looks=2)
            await world.capture("resident", looks=2, enrol=True)
            world.client.load_gallery([("template-9c1d", broken)])
            await world.until(lambda: world.client.restarts)
            world.client.kill()
        address = "rtsp://resident:s3cret@127.0.0.1:1/yard"
        async with opened(settings_for("stream", address), SHORT) as world:
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
    ):
        assert trace not in written
