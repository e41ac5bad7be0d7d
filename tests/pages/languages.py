"""Both languages, for tests that walk through pages in each."""

from __future__ import annotations

import pytest

LANGUAGES = ("zh-CN", "en")


def both(*, quick=None):
    """Make a test run in both: in *quick* with make test, in the other, or in both, with make test-slow."""
    marks = {each: () if each == quick else pytest.mark.slow for each in LANGUAGES}
    return pytest.mark.parametrize(
        "language", [pytest.param(each, id=each, marks=marks[each]) for each in LANGUAGES]
    )
