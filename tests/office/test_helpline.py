"""The call for help at the gate's screen (R74)."""

import pytest

from gate.alarms import AlarmBoard
from gate.core.alarms import Alarm
from gate.core.roles import AccountId, Role, Staff
from gate.office.helpline import AGAIN_S, GateHelpLine

GUARD = Staff(AccountId("a" * 16), frozenset({Role.GUARD}))


class Clock:
    seconds = 100.0

    def monotonic(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def board():
    return AlarmBoard()


@pytest.fixture
def line(board, clock):
    return GateHelpLine(board, clock)


def test_a_call_rings_until_somebody_of_the_staff_knows(line, board, clock):
    line.call()
    assert line.called
    clock.seconds += 10 * 3600
    board.poll(clock.seconds)
    assert board.standing == (Alarm.HELP,)
    board.acknowledge(Alarm.HELP, GUARD)
    assert not line.called


def test_pressing_again_and_again_is_one_call(line, board, clock):
    line.call()
    began = board.all
    clock.seconds += 5
    line.call()
    assert board.all == began


def test_who_is_on_their_way_is_not_called_anew_at_once_and_later_is(line, board, clock):
    line.call()
    board.acknowledge(Alarm.HELP, GUARD)
    line.call()
    assert not line.called
    clock.seconds += AGAIN_S
    line.call()
    assert line.called
