import sqlite3
from contextlib import closing

import pytest
from structlog.testing import capture_logs

from gate.alarms import RINGS_S, AlarmBoard
from gate.core.alarms import RINGING, Alarm
from gate.core.roles import AccountId, Role, Staff
from gate.errors import VaultError
from gate.store.account.audit import Actor

GUARD = Staff(AccountId("a" * 16), frozenset({Role.GUARD}))


def test_an_alarm_with_a_cause_stands_until_its_cause_is_over_though_somebody_knows():
    board = AlarmBoard()
    board.raise_alarm(Alarm.FORCED)
    assert board.acknowledge(Alarm.FORCED, GUARD)
    (standing,) = board.all
    assert (standing.alarm, standing.acknowledged) == (Alarm.FORCED, True)
    board.clear(Alarm.FORCED)
    assert board.standing == ()


def test_a_cause_that_comes_back_is_news_again():
    board = AlarmBoard()
    board.raise_alarm(Alarm.HELD)
    board.acknowledge(Alarm.HELD, GUARD)
    board.clear(Alarm.HELD)
    board.raise_alarm(Alarm.HELD)
    assert not board.all[0].acknowledged


@pytest.mark.parametrize("alarm", sorted(RINGING))
def test_r74_what_rings_ends_when_somebody_knows(alarm):
    board = AlarmBoard()
    board.ring(alarm, 0.0)
    assert board.acknowledge(alarm, GUARD)
    assert board.standing == ()


@pytest.mark.parametrize("alarm", [Alarm.HELP, Alarm.DURESS])
def test_a_call_for_help_and_an_opening_under_threat_stand_until_somebody_knows(alarm):
    board = AlarmBoard()
    board.ring(alarm, 0.0)
    board.poll(10 * 24 * 3600.0)
    assert board.standing == (alarm,)


def test_a_second_entry_is_over_after_half_an_hour():
    board = AlarmBoard()
    board.ring(Alarm.PASSBACK, 0.0)
    board.poll(RINGS_S - 1)
    assert board.standing == (Alarm.PASSBACK,)
    board.poll(RINGS_S)
    assert board.standing == ()


def test_what_does_not_stand_or_is_known_is_not_acknowledged_again():
    board = AlarmBoard()
    assert not board.acknowledge(Alarm.FIRE, GUARD)
    board.raise_alarm(Alarm.FIRE)
    assert board.acknowledge(Alarm.FIRE, GUARD)
    assert not board.acknowledge(Alarm.FIRE, GUARD)


def test_one_more_of_what_rings_is_said_again():
    board = AlarmBoard()
    with capture_logs() as logs:
        board.ring(Alarm.HELP, 0.0)
        board.ring(Alarm.HELP, 1.0)
    assert [each["event"] for each in logs] == ["alarm", "alarm"]


def test_an_opening_under_threat_survives_a_restart(at_gate, tmp_path):
    """It was a known gap: whoever threatened could have cut the power."""

    async def under_threat(gate):
        gate.add_resident()
        pins = gate.store.residents.new_pins("1203", gate.clock.now())
        gate.reader.press(f"1203#{pins.duress_pin}#")
        await gate.result()
        await gate.until(gate.store.rings.standing, "the ring to be written")

    async def later(gate):
        assert gate.alarms.standing == (Alarm.DURESS,)
        assert gate.alarms.acknowledge(Alarm.DURESS, GUARD)

    async def at_last(gate):
        assert gate.alarms.standing == ()

    at_gate(under_threat, duress=True)
    with closing(sqlite3.connect(tmp_path / "data" / "gate.sqlite3")) as connection:
        assert connection.execute("SELECT alarm FROM rings").fetchall() == [("duress",)]
    at_gate(later)
    at_gate(at_last)


class Broken:
    """A store that cannot serve."""

    def standing(self):
        raise fault()

    def begin(self, _alarm, _at):
        raise fault()

    def end(self, _alarm):
        raise fault()

    def acknowledge(self, _alarm, _at, _by):
        raise fault()


def fault():
    return VaultError("disk-full", "The disk is full.", remedy="Free some space.")


def test_a_store_that_cannot_keeps_no_alarm_from_ringing():
    board = AlarmBoard(Broken())
    board.restore(0.0)
    board.ring(Alarm.DURESS, 0.0)
    with capture_logs() as logs:
        board.poll(1.0)
    assert board.standing == (Alarm.DURESS,)
    assert [each["event"] for each in logs] == ["rings_unwritten"]


def test_an_acknowledgement_that_cannot_be_audited_changes_nothing():
    board = AlarmBoard(Broken())
    board.raise_alarm(Alarm.TAMPER)
    with pytest.raises(VaultError):
        board.acknowledge(Alarm.TAMPER, Actor.INSTALLER)
    assert not board.all[0].acknowledged


def test_acknowledged_before_it_was_written_it_does_not_come_back_at_the_next_start(at_gate):
    async def scenario(gate):
        gate.alarms.ring(Alarm.HELP, gate.clock.monotonic())
        gate.alarms.acknowledge(Alarm.HELP, GUARD)
        gate.alarms.poll(gate.clock.monotonic())
        assert gate.store.rings.standing() == ()

    at_gate(scenario)
