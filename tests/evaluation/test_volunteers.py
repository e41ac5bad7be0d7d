"""Volunteers are captured live, one after the other, and nothing of them is left."""

from dataclasses import replace

import numpy as np
import pytest

from gate.errors import DeviceFault, RequestError
from gate.evaluation.volunteers import CAPTURES, Volunteers, wipe_trials
from gate.vision.client import VisionSettings
from gate.vision.pipeline import Pipeline

pytestmark = [pytest.mark.alone, pytest.mark.models, pytest.mark.portraits]


@pytest.fixture(scope="module")
def networks(models_dir):
    return Pipeline.load(models_dir, ("cpu",), 1)


@pytest.fixture
def settings(models_dir):
    return VisionSettings(
        str(models_dir),
        "simulated",
        str(models_dir / "weights" / "portraits"),
        640,
        480,
        1000,
        threshold=0.55,
        margin=0.1,
    )


def silent(*_):
    pass


def test_two_people_before_the_camera_are_told_apart_and_then_overwritten(settings, networks):
    present = Volunteers(settings, networks)
    assert [present.capture(silent), present.capture(silent)] == [True, True]
    trials = present.trials()
    assert trials.images == 2 * CAPTURES
    assert trials.impostor.max() < 0.4 < trials.genuine.min()
    present.wipe()
    wipe_trials(trials)
    assert present.count == 0
    assert not np.concatenate([trials.matrix.ravel(), trials.genuine, trials.impostor]).any()


def test_without_two_volunteers_there_is_no_figure(settings, networks):
    with pytest.raises(RequestError, match="0 volunteers"):
        Volunteers(settings, networks).trials()


@pytest.mark.parametrize("driver", ["folder", "stream"])
def test_r26_stored_pictures_are_no_volunteers(settings, networks, driver):
    with pytest.raises(DeviceFault, match="stored files"):
        Volunteers(replace(settings, driver=driver, source="/tmp/clip.mp4"), networks)
