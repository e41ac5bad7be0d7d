"""Backups and counts as pages (R44, R53)."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from gate.errors import VaultError
from gate.web.staff.charts import bar_chart
from gate.web.staff.ports.backups import BackupsState, Done
from tests.web.gate_fakes import KEPT

BACKUPS = "/staff/backups"


def test_a_backup_is_made_with_a_form(house, manager):
    answer = manager.press(manager.get(BACKUPS), "/staff/backups/make")
    assert answer.headers["location"] == BACKUPS
    assert house.gate.backups.made == [manager.who.value]


def test_a_backup_is_looked_into_by_its_name(house, manager):
    manager.press(manager.get(BACKUPS), "/staff/backups/verify")
    assert house.gate.backups.verified == ["gate-20261122T120000Z.gatebackup"]


def test_a_name_that_is_not_there_is_told(manager):
    page = manager.press(manager.get(BACKUPS), "/staff/backups/verify", name="../../etc/passwd")
    assert page.status_code == 422
    assert "There is no such backup." in page.text


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (BackupsState(folder=None), "The settings name no folder for backups."),
        (replace(KEPT, at_work=True), "This page renews itself until that is done."),
        (replace(KEPT, due_at=None), "as soon as it can be made"),
        (replace(KEPT, done=Done("gate-x.gatebackup")), "gate-x.gatebackup was made."),
        (replace(KEPT, done=Done("gate-x.gatebackup", verified=True, people=7)), "It holds 7 residents"),
        (
            replace(
                KEPT, done=Done(fault=VaultError("backup-altered", "Altered.", remedy="Make a new one."))
            ),
            "it was altered or damaged",
        ),
        (
            replace(KEPT, fault=VaultError("of-its-own", "A <new> fault.", remedy="Look.")),
            "A &lt;new&gt; fault.",
        ),
        (replace(KEPT, backups=()), "There is none yet."),
    ],
)
def test_each_state_of_the_backups_is_said(house, manager, state, said):
    house.gate.backups.now = state
    assert said in manager.get(BACKUPS).text


def test_a_page_that_waits_renews_itself_and_offers_nothing_else_to_begin(house, manager):
    house.gate.backups.now = replace(KEPT, at_work=True)
    page = manager.get(BACKUPS).text
    assert 'http-equiv="refresh"' in page
    assert "/staff/backups/make" not in page


def test_r53_a_guard_touches_no_backup(house, guard):
    assert guard.post("/staff/backups/make").status_code == 403
    assert house.gate.backups.made == []


def test_r44_a_withheld_count_is_a_word_and_no_number(manager):
    page = manager.get("/staff/counts").text
    assert "too few to show" in page
    assert "<table>" in page


@pytest.mark.parametrize(
    "query", ["days=x", "days=9999", "days=-1", "day=x", "day=2026-13-40", "days=", "day="]
)
def test_a_span_that_is_none_of_those_offered_is_the_usual_one(house, manager, query):
    assert manager.get(f"/staff/counts?{query}").status_code == 200
    assert house.gate.counts.asked[-1] == 14


def test_the_page_says_since_when_it_counts_and_that_a_day_has_none(house, manager):
    assert "The gate counts since 2026-11-03." in manager.get("/staff/counts").text
    house.gate.counts.first = None
    assert "Nothing was counted yet" in manager.get("/staff/counts").text
    house.gate.counts.known_windows = ()
    assert "Of this day there are no counts." in manager.get("/staff/counts?day=2026-11-01").text


def test_the_windows_of_a_day_are_a_link_away_each_in_the_sites_own_time(house, manager):
    assert "/staff/counts?day=2026-11-22" in manager.get("/staff/counts").text
    page = manager.get("/staff/counts?day=2026-11-22").text
    zone = house.context.zone
    assert f"{datetime(2026, 11, 22, 8, tzinfo=UTC).astimezone(zone):%H:%M}</th>" in page
    assert "what was too few for its own window" in page
    assert house.gate.counts.asked[-1] == date(2026, 11, 22)


def test_the_bars_stand_in_the_page_without_a_script_or_a_style_of_their_own(manager):
    page = manager.get("/staff/counts?days=60")
    picture = page.text[page.text.index("<svg") : page.text.index("</svg>")]
    assert picture.count("<rect") == 20
    assert "style" not in picture
    assert "<script" not in picture
    assert len(page.content) < 60_000


def test_the_highest_bar_reaches_no_higher_than_the_highest_guide():
    chart = bar_chart(["a", "b"], [[41, None], [0, 7]])
    assert min(each.top for each in chart.bars) >= min(each.y for each in chart.lines)
    assert [each.value for each in chart.lines] == [0, 10, 20, 30, 40, 50]
    assert len(chart.bars) == 2


def test_of_many_bars_as_many_are_named_as_there_is_room_for():
    chart = bar_chart([str(day) for day in range(60)], [[1] * 60])
    assert len(chart.labels) <= 16
    assert len(chart.bars) == 60


@pytest.mark.parametrize("rows", [[[]], [[None]], [[0, 0]], [[10_000_000]]])
def test_a_chart_of_nothing_and_of_much_is_drawn(rows):
    chart = bar_chart(["x"] * len(rows[0]), rows)
    assert 2 <= len(chart.lines) <= 6
