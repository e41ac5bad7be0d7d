"""What many tests need: the prepared models and portraits, with an honest skip where they cannot be had."""

import gc
import os
from pathlib import Path

import pytest
from hypothesis import settings

from gate.demo.portraits import portrait, portraits
from gate.errors import RequestError
from gate.vision.prepare import verify

MODELS = Path(__file__).parent.parent / "models"
IN_CI = os.environ.get("CI") == "true"

if not IN_CI:  # hypothesis has a profile of its own for CI, which is without deadlines too
    settings.register_profile("shared-machine", deadline=None)  # no test is timed
    settings.load_profile("shared-machine")


def _missing_models():
    return [found.name for found in verify(MODELS) if not found.sound]


def _missing_portraits():
    missing = []
    for each in portraits():
        try:
            portrait(MODELS, each.name)
        except RequestError:
            missing.append(each.name)
    return missing


NEEDS = {"models": _missing_models, "portraits": _missing_portraits}


def pytest_collection_modifyitems(items):
    for marker, look in NEEDS.items():
        marked = [item for item in items if item.get_closest_marker(marker)]
        missing = look() if marked else []
        if missing and IN_CI:
            raise pytest.UsageError(f"CI can have {marker}, and has not: {missing}. Run make setup.")
        if missing:
            for item in marked:
                item.add_marker(pytest.mark.skip(reason=f"run make setup first: {missing}"))


def pytest_collection_finish():
    """Leave ten thousand tests out of the collector's every look: they stay to the end."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def models_dir():
    return MODELS
