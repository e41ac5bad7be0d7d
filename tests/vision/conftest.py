"""A gate's vision settings, and one living vision child, for the tests of this folder."""

import asyncio

import pytest

from gate.core.enrolment import CAPTURES, combine
from gate.core.operating import effective_threshold
from gate.vision.client import VisionSettings
from gate.vision.manifest import load_operating_point, manifest_for
from tests.vision.world import World


@pytest.fixture
def settings_for(models_dir):
    def build(driver, source="", **changes):
        values = {"width_px": 640, "height_px": 480, "frames_per_s": 25, "models_dir": str(models_dir)}
        return VisionSettings(driver=driver, source=str(source), **(values | changes))

    return build


@pytest.fixture(scope="module")
def scenes(models_dir):
    """Give the settings of the simulated camera, fast."""
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
