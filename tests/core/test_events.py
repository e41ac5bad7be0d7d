"""What a closed hour becomes before it leaves the device (R44): closed windows, small cells withheld."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest

from gate.core.events import (
    SMALL_CELL,
    WINDOW,
    AccessCounts,
    PublishedCounts,
    publishable,
    window_of,
)

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


@pytest.mark.parametrize("granted", range(2 * SMALL_CELL))
@pytest.mark.parametrize("refused", range(2 * SMALL_CELL))
def test_each_cell_is_withheld_below_five_whatever_the_other_holds(granted, refused):
    assert publishable(AccessCounts(NINE, granted, refused)) == PublishedCounts(
        window_start=NINE,
        window_end=NINE + timedelta(hours=1),
        granted=granted if granted >= 5 else None,
        refused=refused if refused >= 5 else None,
    )


def test_an_hour_with_a_single_passage_looks_like_an_empty_one():
    seen = {publishable(AccessCounts(NINE, granted, refused)) for granted in range(5) for refused in range(5)}
    assert len(seen) == 1


def test_what_is_published_has_no_field_beyond_the_window_and_two_counts():
    assert {field.name for field in fields(PublishedCounts)} == {
        "window_start",
        "window_end",
        "granted",
        "refused",
    }
