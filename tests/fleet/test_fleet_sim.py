"""``gate fleet-sim``: what made-up gates send arrives, once, also after an outage (issue 6)."""

from __future__ import annotations

import asyncio
import os
import random
import resource
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from gate.core.events import Counted, Denied, Span
from gate.errors import RequestError
from gate.fleet.figures import footprint
from gate.fleet.instances import Instances
from gate.fleet.journal import Journal
from gate.fleet.made_up import A_DAYS_MESSAGES, FastClock, MadeUpOutbox
from gate.fleet.own_broker import OwnBroker
from gate.fleet.sim import Plan, simulate
from gate.publish import messages
from tests.brokers import require_mosquitto
from tests.fleet.world import denials, filed, packets, send, until

START = datetime(2026, 11, 22, tzinfo=UTC)
DAY = timedelta(days=1)


def run(plan, folder):
    require_mosquitto()
    return asyncio.run(simulate(plan, folder, lambda _line: None))


def test_a_fleet_loses_nothing_to_an_outage_and_nothing_has_a_second_effect(tmp_path):
    """Four gates, a day at once, then an hour without the broker; one consumer hears all, one more is a group."""
    report = run(Plan(devices=4, consumers=2, hours=0, outage_s=1.0), tmp_path)
    journal = Journal(tmp_path / "journal.sqlite3")
    lines = journal.lines(limit=10_000)
    journal.close()
    each = Counter(line.arrival.gate for line in lines)
    assert len(each) == 4
    assert set(each.values()) <= {A_DAYS_MESSAGES - 4, A_DAYS_MESSAGES, A_DAYS_MESSAGES + 1}
    assert (report.lost, report.gaps, report.refused) == (0, 0, 0)
    assert [stage.name for stage in report.stages] == ["burst", "catching up"]
    assert sum(stage.messages for stage in report.stages) == len(lines)
    assert report.again > 0  # the group's copies
    assert "lost 0" in "\n".join(report.lines())


@pytest.mark.slow
def test_a_hundred_gates_lose_nothing_to_an_outage(tmp_path):
    report = run(Plan(devices=100, consumers=3, hours=24, outage_s=30.0), tmp_path)
    assert (report.lost, report.gaps, report.refused) == (0, 0, 0)
    assert sum(stage.messages for stage in report.stages) >= 100 * 48


@pytest.mark.parametrize(
    "wrong", [{"devices": 0}, {"devices": 1, "speed": 0.0}, {"devices": 1, "outage_s": 0.0}]
)
def test_a_plan_without_sense_is_refused(wrong):
    with pytest.raises(RequestError):
        Plan(**wrong)


def test_more_gates_than_the_account_may_open_files_are_refused_before_anything_starts(tmp_path):
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if most == resource.RLIM_INFINITY:
        pytest.skip("this account may open any number")
    with pytest.raises(RequestError, match="ulimit"):
        run(Plan(devices=most + 1), tmp_path)
    assert list(tmp_path.iterdir()) == []


def outbox(seed=1):
    clock = FastClock(START)
    return clock, MadeUpOutbox(clock, random.Random(seed))


def test_a_made_up_gate_sends_as_many_messages_a_day_as_a_real_one():
    clock, made_up = outbox()
    clock.leap(DAY + timedelta(minutes=10))
    bodies = [queued.body for queued in made_up.pending(clock.now())]
    spans = Counter(body.span for body in bodies if isinstance(body, Counted))
    assert spans == {Span.HOUR: 24, Span.BLOCK: 6, Span.DAY: 1}
    assert sum(isinstance(body, Denied) for body in bodies) == 1
    assert len(bodies) == A_DAYS_MESSAGES


def test_all_that_a_made_up_gate_says_fits_the_contract():
    clock, made_up = outbox()
    clock.leap(10 * DAY)
    for queued in made_up.pending(clock.now(), limit=1_000):
        messages.encode(messages.queued_message(queued))


def test_its_sequence_has_no_gap_and_what_is_acknowledged_is_gone():
    clock, made_up = outbox()
    clock.leap(DAY)
    first = made_up.pending(clock.now(), limit=3)
    made_up.mark_sent(first[0].message_id, at=clock.now())
    then = made_up.pending(clock.now(), limit=3)
    assert [queued.sequence for queued in first] == [1, 2, 3]
    assert [queued.sequence for queued in then] == [2, 3, 4]
    assert made_up.acknowledged() == 1


def test_messages_come_due_when_a_real_gates_would_and_each_gate_has_its_own_moment():
    moments = set()
    for seed in range(20):
        clock, made_up = outbox(seed)
        clock.leap(timedelta(hours=1))
        while not made_up.pending(clock.now()):
            clock.leap(timedelta(seconds=1))
        moments.add(clock.now() - START - timedelta(hours=1))
    assert timedelta(seconds=60) <= min(moments) < max(moments) <= timedelta(seconds=361)
    assert len(moments) > 15


def test_the_fast_clock_runs_at_its_speed_and_leaves_time_outs_real():
    seconds = [100.0]
    clock = FastClock(START, lambda: seconds[0])
    clock.run(3600)
    seconds[0] += 2
    assert (clock.now() - START, clock.monotonic()) == (timedelta(hours=2), 102.0)
    clock.run(0)
    seconds[0] += 5
    assert clock.now() - START == timedelta(hours=2)


def test_a_process_has_a_footprint():

    mine = footprint(os.getpid())
    assert 0 < mine.now_mib <= mine.most_mib
    assert mine.cpu_s > 0


def test_a_consumer_that_is_killed_and_started_again_has_filed_each_message_once(tmp_path):
    """The program itself, with SIGKILL, in the middle of 400 messages."""
    require_mosquitto()
    broker = OwnBroker(tmp_path, ["north"])
    path = tmp_path / "journal.sqlite3"

    async def scenario():
        first = Instances(broker.estate.receiver, tmp_path, 1)
        async with first.running():
            sending = asyncio.create_task(send(broker.estate.gates["north"], sent))
            await until(lambda: filed(path) != [])
            first._processes[0].kill()
            await sending
        async with Instances(broker.estate.receiver, tmp_path, 1).running():
            await until(lambda: len(filed(path)) >= 400)

    sent = packets(*(denials(sequence) for sequence in range(1, 401)))
    broker.start()
    try:
        asyncio.run(scenario())
    finally:
        broker.stop()
    assert filed(path) == [("north", sequence) for sequence in range(1, 401)]
