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
WALKED_TOGETHER = "tests/core/test_attempt"
"""How the files begin that ask what holds of every step of a visit: who walks them all keeps them for all of these."""
SEEDS = "tests/chaos/test_faults.py"
beyond_mending = []
"""What a second try of the failures would not make good."""

# The collector's looks cost an application of pages, which many a test makes for itself, a tenth and more.
gc.set_threshold(10_000, 20, 20)

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


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give files to workers one by one, but to one of them what would be walked by each anew."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class WalkedOnce(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return WALKED_TOGETHER if nodeid.startswith(WALKED_TOGETHER) else super()._split_scope(nodeid)

    return WalkedOnce(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(error):
    """Remember a worker that died: what was left for it is no failure, and was not run."""
    if error:
        beyond_mending.append(error)


def pytest_collectreport(report):
    """Remember a file that could not be read: its tests are no failures either."""
    if report.failed:
        beyond_mending.append(report.nodeid)


def pytest_runtest_logreport(report):
    """Remember a seed that broke an invariant: it is a finding, whatever a second play says."""
    if report.failed and report.nodeid.startswith(SEEDS):
        beyond_mending.append(report.nodeid)


def pytest_sessionfinish(session):
    """End such a run as one that broke off, so that nothing of it is tried again."""
    if beyond_mending and not hasattr(session.config, "workerinput"):
        session.exitstatus = pytest.ExitCode.INTERRUPTED


@pytest.fixture(scope="session")
def models_dir():
    return MODELS
