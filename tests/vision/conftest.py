"""A gate's vision settings, and one living vision child, for the tests of this folder."""

import asyncio
import socket

import pytest

from gate.core.operating import effective_threshold
from gate.vision import wire
from gate.vision.client import VisionSettings
from gate.vision.manifest import load_operating_point, manifest_for
from tests.vision.planted import Child
from tests.vision.world import World


@pytest.fixture
def settings_for(models_dir):
    def build(driver, source="", **changes):
        values = {"width_px": 640, "height_px": 480, "frames_per_s": 25, "models_dir": str(models_dir)}
        values |= {"threshold": 0.5, "margin": 0.1}
        return VisionSettings(driver=driver, source=str(source), **(values | changes))

    return build


@pytest.fixture(scope="module")
def scenes(models_dir):
    """Give the settings of the simulated camera, fast, with the limits a gate would have."""
    point = load_operating_point(models_dir, manifest_for(models_dir, "embed"))
    return VisionSettings(
        str(models_dir),
        "simulated",
        str(models_dir / "weights/portraits"),
        640,
        480,
        100,
        threshold=effective_threshold(point, 0.0),
        margin=point.margin,
    )


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
        await world.load()

    runner.run(start())
    yield world
    runner.run(world.client.stop())


@pytest.fixture(scope="module")
def templates(runner, world):
    """Enrol the resident and the stranger live, as the desk does."""

    async def enrol(scene):
        await world.load()
        (enrolled,) = await world.capture(scene, looks=1, enrol=True, kind=wire.Enrolled | wire.Fault)
        return enrolled.payload

    return {scene: runner.run(enrol(scene)) for scene in ("resident", "stranger")}


@pytest.fixture
def child_of():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield lambda settings: Child(theirs, ours, settings)


@pytest.fixture
def child(child_of, settings_for):
    return child_of(settings_for("folder"))
