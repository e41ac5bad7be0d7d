"""Issue 6, "Done when": whatever happens to gate, broker and clock, everything arrives: complete, once, in order (R46).

The long form, a week with 100 kills, has a command of its own: ``make soak``.
"""

from __future__ import annotations

import faulthandler
from datetime import timedelta

import pytest

from tests.brokers import require_mosquitto
from tests.soak.device import Rates
from tests.soak.week import QUEUED, Plan, Report, Week

HOUR = 3600
SHORT = Plan(
    timedelta(hours=26),
    lasts_s=10.0,
    kills=6,
    steps_s=(2 * HOUR, -3 * HOUR),
    outages=3,
    crowd=Rates(rush=200, alarms=150, refusals=300),
)
LONG = Plan(
    timedelta(days=7),
    lasts_s=170.0,
    kills=100,
    steps_s=(2 * HOUR, -3 * HOUR, 300, -300, 26 * HOUR, -26 * HOUR, -90, 5 * HOUR, -4 * HOUR, 60),
    outages=25,
    crowd=Rates(rush=100, alarms=40, refusals=100),
)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(SHORT, id="day"),
        pytest.param(LONG, id="week", marks=[pytest.mark.slow, pytest.mark.alone]),
    ],
)
def report(request, tmp_path_factory) -> Report:
    require_mosquitto()
    if request.param is LONG:
        faulthandler.dump_traceback_later(
            400, exit=True
        )  # it lasts almost as long as a test may (pyproject.toml)
    week = Week(tmp_path_factory.mktemp("soak"), request.param)
    report = week.run()
    report.plan = request.param
    return report


def test_the_misfortunes_happened(report):
    assert report.kills == report.plan.kills
    assert report.down > 0.3
    assert report.grants > 0


@pytest.mark.parametrize("stream", sorted(QUEUED))
def test_every_message_arrives_and_in_the_order_of_its_stream(report, stream):
    sequences = [message["sequence"] for message in report.once(stream)]
    assert sequences == list(range(1, report.handed_out[stream] + 1))


def test_nothing_is_left_behind(report):
    assert report.left == 0


def test_a_repeated_message_says_the_same(report):
    first = {}
    for message in report.received:
        assert first.setdefault(message["message_id"], message) == message


def test_a_number_stands_for_one_message(report):
    numbered = {}
    for message in report.received:
        key = message["epoch"], message["stream"], message["sequence"]
        assert numbered.setdefault(key, message["message_id"]) == message["message_id"]
    assert len({message["epoch"] for message in report.received}) == 1


def test_what_arrived_adds_up_to_what_was_told(report):
    arrived = report.once("counts")
    for field in ("people", "refused"):
        told = [getattr(body, field, None) or 0 for body in report.told]
        assert sum(message.get(field) or 0 for message in arrived) == sum(told) > 0
    assert len(arrived) == len(report.told)


def test_nobody_is_told_who_did_not_come(report):
    assert sum(message.get("people") or 0 for message in report.once("counts")) <= report.grants
