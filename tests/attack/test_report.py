"""docs/anonymity.md says what was measured, and only what holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attack.compound import SIZES
from tests.attack.device import DEFAULT, Site
from tests.attack.report import DOCUMENT, document
from tests.attack.runs import load, measured


def test_the_document_is_what_the_figures_say():
    assert DOCUMENT.read_text(encoding="utf-8") == document(*load()), (
        "make anonymity, or python -m tests.attack.report words"
    )


def test_r44_at_default_settings_every_question_about_a_day_is_answered_no_better_than_by_guessing():
    _, figures = load()
    asked = [each for each in figures if each.kind == "day" and each.epsilon == DEFAULT.epsilon]
    assert {each.residents for each in asked} == set(SIZES)
    assert [each for each in asked if not each.success.no_better_than_guessing] == []


def test_r44_no_thin_hour_was_found_by_subtraction():
    told, _ = load()
    assert [each.isolated for each in told] == [0] * 2 * len(SIZES)


def test_the_settings_measured_are_the_default_ones():
    text = (Path(__file__).parents[2] / "docs" / "anonymity.md").read_text(encoding="utf-8")
    assert f"**Epsilon** ({float(DEFAULT.epsilon):g} by default)" in text


@pytest.mark.slow
def test_figures_measured_anew_lie_within_the_limits_of_those_published():
    """Other days of the same people: the limits of both are of 99 %, and overlap."""
    _, published = load()
    before = {
        (each.kind, each.secret): each.success
        for each in published
        if (each.residents, each.epsilon) == (60, 1.0)
    }
    _, figures = measured(Site(60), days=2240, times=600, seed=99)
    for each in figures:
        then = before[each.kind, each.secret]
        assert each.success.low <= then.high, each
        assert each.success.high >= then.low, each
