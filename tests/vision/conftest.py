"""A gate's vision settings for the tests of this folder."""

import pytest

from gate.vision.client import VisionSettings


@pytest.fixture
def settings_for(models_dir):
    def build(driver, source="", **changes):
        values = {"width_px": 640, "height_px": 480, "frames_per_s": 25, "models_dir": str(models_dir)}
        return VisionSettings(driver=driver, source=str(source), **(values | changes))

    return build
