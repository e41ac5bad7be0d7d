"""A day at a hundred times its speed costs the same at its end as at its beginning; the short form, three hours of a morning."""

import json

import pytest

from tests.brokers import require_mosquitto
from tests.chaos import day, report

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.models, pytest.mark.portraits]

SECONDS = 60.0
RESIDENTS = 300
MB = 1 << 20


@pytest.fixture(scope="module")
def lived():
    require_mosquitto()
    return day.live(SECONDS, RESIDENTS, idle_s=3.0, begins_h=6)


@pytest.fixture(scope="module")
def table(lived):
    return report.day_summary(json.loads(lived.to_json()))["table"]


def test_people_came_and_everybody_known_was_let_in(lived):
    assert lived.passages > 20
    assert lived.refused < lived.passages


def test_memory_does_not_grow(table):
    for name, most_mb in (("core_mb", 15), ("vision_mb", 40)):
        assert table[name]["last"] - table[name]["first"] <= most_mb, name


def test_no_file_and_no_thread_is_left_behind(table):
    assert table["files"]["last"] <= table["files"]["first"] + 4
    assert table["threads"]["last"] <= table["threads"]["first"] + 2


def test_the_databases_log_is_kept_short(table):
    assert table["wal_bytes"]["most"] <= 8 * MB


def test_r03_a_card_is_answered_as_fast_at_the_end(table):
    assert table["card_p95_ms"]["last"] <= max(2000, 2 * table["card_p95_ms"]["first"])
