"""The hours that are counted (R44): every moment is in exactly one, and all gates have the same."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest

from gate.core.events import WINDOW, Alarmed, Counted, Denied, Passage, window_of

NINE = datetime(2026, 11, 22, 9, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize("into", [timedelta(0), TICK, timedelta(minutes=30), WINDOW - TICK])
def test_every_moment_of_an_hour_is_in_the_same_window(into):
    assert window_of(NINE + into) == NINE


@pytest.mark.parametrize("at", [NINE - TICK, NINE + WINDOW])
def test_the_moment_before_and_the_hour_after_are_in_other_windows(at):
    assert window_of(at) != NINE


@pytest.mark.parametrize("offset", range(-26, 27))
def test_windows_tile_the_day_without_gap_or_overlap(offset):
    at = NINE + offset * timedelta(minutes=61, seconds=7)
    start = window_of(at)
    assert start <= at < start + WINDOW
    assert (start - datetime(1970, 1, 1, tzinfo=UTC)) % WINDOW == timedelta(0)


@pytest.mark.parametrize("kind", [Counted, Denied, Alarmed, Passage])
def test_r43_no_message_has_a_field_for_a_person_a_card_or_a_score(kind):
    known = {
        "span",
        "window_start",
        "window_end",
        "people",
        "granted",
        "by_method",
        "refused",
        "k",
        "epsilon",
    }
    known |= {"alarm", "began", "at", "times", "method"}
    assert {field.name for field in fields(kind)} <= known
