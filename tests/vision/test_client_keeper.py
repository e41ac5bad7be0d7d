"""The keeper of the vision child, with children that are played: nothing ends it but stop."""

from __future__ import annotations

import asyncio
import resource
import sys
from contextlib import contextmanager

import pytest
import structlog

from gate.vision import wire
from gate.vision.client import Patience
from tests.vision.world import SEED, WAIT_S, World, opened

PLAYED = """#!{python}
import socket, sys
from gate.vision import wire
link, decoder = socket.socket(fileno=int(sys.argv[3])), wire.Decoder()
say = lambda message: link.sendall(wire.encode(message))
while data := link.recv(1 << 20):
    for message in decoder.feed(data):
        match message:
            case wire.Configure():
                say(wire.Ready(("played",)))
            case wire.LoadGallery(generation):
                say(wire.GalleryLoaded(generation))
        {more}
"""
EMBEDDING = bytes(range(1, 129)) * 4
UNLIMITED = Patience(silence_s=3600, restart_s=(0.0,))


@pytest.fixture
def child(tmp_path, monkeypatch):
    """Play the child: it is ready at once, and does *more* with every message."""

    def play(more="pass"):
        script = tmp_path / "python"
        script.write_text(PLAYED.format(python=sys.executable, more=more))
        script.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(script))

    return play


@pytest.fixture
def lives(child, settings_for):
    """Give a function that runs a scenario with a played child, and gives what was logged."""

    def run(scenario, *, more="pass", patience=UNLIMITED):
        child(more)

        async def play():
            async with opened(settings_for("simulated"), patience) as world:
                await scenario(world)

        with structlog.testing.capture_logs() as logged:
            asyncio.run(play())
        return logged

    return run


@contextmanager
def no_descriptor_left():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_gate_out_of_descriptors_starts_its_child_once_it_has_some(lives):
    async def scenario(world):
        with no_descriptor_left():
            await world.until(lambda: world.client.restarts >= 3)
        await world.ready()

    logged = lives(scenario)
    assert {entry["cause"] for entry in logged if entry["event"] == "vision_lost"} == {"OSError"}


def test_a_listener_that_fails_costs_one_child_and_tells_the_log_nothing_but_its_kind(child, settings_for):
    child()

    async def scenario():
        world = World(settings_for("simulated"), UNLIMITED)

        def fail_once(message):
            if not world.client.restarts:
                raise ValueError("resident 1203")

        world.client._listener = fail_once
        world.client.start()
        await world.until(lambda: world.client.restarts)
        await world.ready()
        await world.client.stop()

    with structlog.testing.capture_logs() as logged:
        asyncio.run(scenario())
    assert [entry["cause"] for entry in logged if entry["event"] == "vision_lost"] == ["ValueError"]
    assert "1203" not in str(logged)


@pytest.mark.parametrize(
    ("ends", "cause"), [("sys.exit(1)", "ended"), ("import os; os.abort()", "ended by SIGABRT")]
)
def test_how_a_child_ended_is_told_where_it_could_not_say_so_itself(lives, ends, cause):
    async def scenario(world):
        await world.until(lambda: world.client.restarts)

    logged = lives(scenario, more=ends)
    assert [entry["cause"] for entry in logged if entry["event"] == "vision_lost"][:1] == [cause]


@pytest.mark.parametrize(("steady_s", "waits"), [(3600.0, [0.0, 0.001, 0.002, 0.002]), (0.0, [0.0] * 4)])
def test_a_child_that_dies_at_work_waits_ever_longer_until_one_lived_for_some_time(lives, steady_s, waits):
    async def scenario(world):
        await world.until(lambda: world.client.restarts >= 4)
        assert world.said(wire.GalleryLoaded)

    dies = "if isinstance(message, wire.LoadGallery): sys.exit()"
    logged = lives(scenario, more=dies, patience=Patience(restart_s=(0.0, 0.001, 0.002), steady_s=steady_s))
    assert [entry["restart_in_s"] for entry in logged if entry["event"] == "vision_lost"][:4] == waits


def test_a_child_that_does_not_confirm_the_closing_is_killed_long_before_its_silence(lives):
    """R10."""

    async def scenario(world):
        await world.ready()
        world.client.close_camera()
        await world.until(lambda: world.client.restarts)

    lives(scenario, patience=Patience(silence_s=3600, close_s=0.01, restart_s=(0.0,)))


def test_a_child_that_confirms_the_closing_lives(lives):
    async def scenario(world):
        await world.ready()
        for _ in range(3):
            world.client.close_camera()
        await world.until(lambda: len(world.said(wire.Closed)) == 3)
        assert not world.client._closing
        assert not world.client.restarts

    closes = "if isinstance(message, wire.StopCapture): say(wire.Closed())"
    lives(scenario, more=closes, patience=Patience(silence_s=3600, close_s=WAIT_S))


@pytest.mark.parametrize(
    "good",
    [
        'wire.Found("x", "no-face", None)',
        'wire.Enrolled("x", 1, bytes(512))',
        'wire.Fault("x", wire.NOT_ALIKE, "what", "remedy")',
    ],
)
def test_a_fault_is_over_once_a_look_succeeds(lives, good):
    async def scenario(world):
        await world.ready()
        world.client.forget()
        await world.until(lambda: world.said(wire.Fault))
        assert world.client.last_fault.code == "code"
        world.client.open_camera("x")
        await world.until(
            lambda: world.said(wire.Found | wire.Enrolled, "x") or len(world.said(wire.Fault)) > 1
        )
        assert world.client.last_fault is None

    speaks = f"""
        if isinstance(message, wire.Wipe): say(wire.Fault("x", "code", "what", "remedy"))
        if isinstance(message, wire.StartCapture): say({good})
    """
    lives(scenario, more=speaks.strip())


def test_a_fault_is_over_once_a_child_is_ready(lives):
    async def scenario(world):
        world.client.last_fault = wire.Fault("", "model-missing", "what", "remedy")
        await world.ready()
        assert world.client.last_fault is None

    lives(scenario)


def test_seed_and_templates_are_overwritten_when_replaced_and_when_stopped(lives):
    """R24, R31."""
    kept = []

    async def scenario(world):
        await world.load(withdrawn=EMBEDDING)
        kept.append(world.client._kept)
        assert kept[0] == SEED + EMBEDDING
        await world.load(other=EMBEDDING)
        assert not any(kept[0])
        kept.append(world.client._kept)
        world.client.kill()
        await world.until(lambda: world.client.restarts)
        await world.ready()
        assert kept[1] == SEED + EMBEDDING

    lives(scenario)
    assert not any(kept[1])
