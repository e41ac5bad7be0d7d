"""What leaves at once: alarms, without anybody waiting, and live events only where they are on (R36, R44)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from gate.alarms import AlarmBoard
from gate.core.alarms import LOCAL, Alarm
from gate.core.door_mode import DoorMode
from gate.core.events import Alarmed, Passage, Stream
from gate.core.roles import AccountId, Role, Staff
from gate.core.types import Method
from gate.errors import VaultError
from gate.telling import ALARMS_MOST, PASSAGES_MOST, Teller, alarm_of_a_breach
from tests.service.world import CARD, Clock

AT = datetime(2026, 11, 22, 9, 0, 30, 250_000, tzinfo=UTC)
GUARD = Staff(AccountId("a" * 16), frozenset({Role.GUARD}))


class Queue:
    """Takes what is told, or fails as a full disk does."""

    def __init__(self):
        self.told = []
        self.fault = None

    def alarm(self, alarm):
        self._take(alarm)

    passage = alarm

    def _take(self, body):
        if self.fault is not None:
            raise self.fault
        self.told.append(body)


@pytest.fixture
def queue():
    return Queue()


@pytest.fixture
def teller(queue):
    return Teller(queue, Clock(), live=True)


@pytest.fixture
def board(teller):
    moments = iter(AT + timedelta(seconds=each) for each in range(10_000))
    return AlarmBoard(None, lambda: next(moments), teller.alarm)


SECOND = AT.replace(microsecond=0)


def test_an_alarm_is_told_when_it_begins_and_when_it_is_over(board, teller, queue):
    board.raise_alarm(Alarm.FORCED)
    board.clear(Alarm.FORCED)
    assert queue.told == []
    teller.flush()
    assert [(each.alarm, each.began) for each in queue.told] == [(Alarm.FORCED, True), (Alarm.FORCED, False)]
    assert queue.told[0].at == SECOND


def test_an_alarm_that_stands_already_is_not_told_again(board, teller, queue):
    board.raise_alarm(Alarm.HELD)
    board.heed(Alarm.HELD, stands=True)
    board.acknowledge(Alarm.HELD, GUARD)
    teller.flush()
    assert len(queue.told) == 1


def test_each_call_for_help_is_told_and_is_over_when_somebody_knows(board, teller, queue):
    board.ring(Alarm.HELP, 0.0)
    board.ring(Alarm.HELP, 1.0)
    board.acknowledge(Alarm.HELP, GUARD)
    teller.flush()
    assert [each.began for each in queue.told] == [True, True, False]


@pytest.mark.parametrize("alarm", sorted(LOCAL))
def test_r36_what_tells_of_somebody_known_stays_here(board, teller, queue, alarm):
    board.ring(alarm, 0.0)
    board.acknowledge(alarm, GUARD)
    teller.flush()
    assert queue.told == []


def test_what_rang_when_the_gate_was_ended_is_told_again(teller, queue):
    class Kept:
        def standing(self):
            return ((Alarm.HELP, AT),)

    AlarmBoard(Kept(), lambda: AT + timedelta(hours=1), teller.alarm).restore(0.0)
    teller.flush()
    assert queue.told == [Alarmed(Alarm.HELP, began=True, at=SECOND)]


def test_while_the_outbox_cannot_be_written_nothing_is_lost_and_it_is_said_once(board, teller, queue):
    queue.fault = VaultError("disk-full", "The disk is full.", remedy="Free some space.")
    board.raise_alarm(Alarm.FIRE)
    with capture_logs() as logs:
        teller.flush()
        teller.flush()
    assert [(each["event"], each["code"]) for each in logs] == [("not_queued", "disk-full")]
    queue.fault = None
    teller.flush()
    assert [each.alarm for each in queue.told] == [Alarm.FIRE]


def test_a_fault_that_nobody_foresaw_ends_no_telling_and_is_not_quoted(board, teller, queue):
    queue.fault = ValueError("resident 1203")
    board.raise_alarm(Alarm.FIRE)
    with capture_logs() as logs:
        teller.flush()
    assert [(each["event"], each["kind"]) for each in logs] == [("not_queued", "ValueError")]
    queue.fault = None
    teller.flush()
    assert len(queue.told) == 1


def test_a_fault_that_comes_back_is_said_again(board, teller, queue):
    queue.fault = VaultError("disk-full", "The disk is full.", remedy="Free some space.")
    with capture_logs() as logs:
        board.raise_alarm(Alarm.FIRE)
        teller.flush()
        fault, queue.fault = queue.fault, None
        teller.flush()
        queue.fault = fault
        board.clear(Alarm.FIRE)
        teller.flush()
    assert [each["event"] for each in logs].count("not_queued") == 2


def test_an_outbox_away_for_long_costs_no_alarm_and_no_memory(board, teller, queue):
    queue.fault = VaultError("disk-full", "The disk is full.", remedy="Free some space.")
    for _ in range(ALARMS_MOST):
        board.raise_alarm(Alarm.HELD)
        board.clear(Alarm.HELD)
    board.raise_alarm(Alarm.FIRE)
    queue.fault = None
    teller.flush()
    assert len(queue.told) <= ALARMS_MOST
    counts = {
        began: sum(each.times for each in queue.told if (each.alarm, each.began) == (Alarm.HELD, began))
        for began in (True, False)
    }
    assert counts == {True: ALARMS_MOST, False: ALARMS_MOST}
    assert queue.told[-1].alarm is Alarm.FIRE


def test_r44_a_live_event_tells_the_minute_the_method_and_the_result(teller, queue):
    teller.passed(Method.CARD, granted=True)
    teller.flush()
    now = Clock().now()
    assert queue.told == [Passage(now.replace(second=0, microsecond=0), Method.CARD, True)]


def test_r44_where_live_events_are_off_no_passage_is_noted(queue):
    teller = Teller(queue, Clock(), live=False)
    teller.passed(Method.CARD, granted=True)
    teller.flush()
    assert queue.told == []


def test_of_live_events_that_nobody_could_take_the_newest_stay(teller, queue):
    for number in range(PASSAGES_MOST + 3):
        teller.passed(Method.CARD, granted=number >= 3)
    teller.flush()
    assert len(queue.told) == PASSAGES_MOST
    assert all(each.granted for each in queue.told)


def test_r42_a_message_that_fits_no_schema_rings_once_until_somebody_knows(board, teller, queue):
    breach = alarm_of_a_breach(board, Clock())
    breach()
    breach()
    assert board.standing == (Alarm.EGRESS,)
    board.acknowledge(Alarm.EGRESS, GUARD)
    breach()
    teller.flush()
    assert [(each.alarm, each.began) for each in queue.told] == [
        (Alarm.EGRESS, True),
        (Alarm.EGRESS, False),
        (Alarm.EGRESS, True),
    ]


def waiting(gate, stream):
    gate.teller.flush()
    return [each.body for each in gate.store.outbox.pending(gate.clock.now()) if each.stream is stream]


def test_r44_an_alarm_at_the_door_is_in_the_outbox_without_a_person(at_gate):
    async def scenario(gate):
        await gate.until(lambda: gate.beat.health().door_mode is DoorMode.CONTROLLED, "the door")
        gate.door.fire()
        await gate.until(lambda: Alarm.FIRE in gate.alarms.standing, "the alarm")
        (told,) = waiting(gate, Stream.ALARMS)
        assert (told.alarm, told.began) == (Alarm.FIRE, True)
        assert gate.beat.health().alarms == (Alarm.FIRE,)

    at_gate(scenario)


def test_r36_health_names_no_alarm_that_stays_here(at_gate):
    async def scenario(gate):
        gate.alarms.ring(Alarm.DURESS, 0.0)
        gate.alarms.ring(Alarm.HELP, 0.0)
        assert gate.beat.health().alarms == (Alarm.HELP,)
        assert [each.alarm for each in waiting(gate, Stream.ALARMS)] == [Alarm.HELP]

    at_gate(scenario)


def test_r44_health_says_the_same_before_and_after_somebody_came_in(at_gate):
    """All but the time: a beat between two passages tells of neither."""

    async def scenario(gate):
        gate.add_resident()
        await gate.until(lambda: gate.beat.health().door_mode is DoorMode.CONTROLLED, "the door")
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        before = gate.beat.health()
        await comes_in(gate)
        while_open = gate.beat.health()
        assert not gate.door.locked
        assert replace(while_open, at=before.at) == before

    at_gate(scenario)


async def comes_in(gate):
    start = len(gate.screen.views)
    gate.reader.present(CARD)
    await gate.result(start)


@pytest.mark.parametrize("live", [False, True])
def test_r44_a_passage_leaves_at_once_only_where_live_events_are_on(at_gate, live):
    async def scenario(gate):
        gate.add_resident()
        await comes_in(gate)
        told = waiting(gate, Stream.PASSAGES)
        assert [(each.method, each.granted, each.at.second) for each in told] == [
            (Method.CARD, True, 0)
        ] * live
        assert gate.beat.health().deidentified_live is live

    at_gate(scenario, live=live)
