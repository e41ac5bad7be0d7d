"""Faults of reader and line at a gate at work: nothing is granted by them, the rest goes on, the log says it once."""

import pytest
from structlog.testing import capture_logs

from gate.core.alarms import Alarm
from gate.core.types import Reason
from gate.listening import CARDS_MOST, NONSENSE_MOST, STUCK_KEYS, WINDOW_S
from tests.service.world import CARD


def events(logs, *names):
    return [each["event"] for each in logs if each["event"] in names]


async def opens_by_card(gate):
    gate.reader.present(CARD)
    await gate.until(lambda: not gate.door.locked, "the card to open")


async def fresh_window(gate):
    """Wait until what the reader says is counted from nothing: a flood is then not cut in two by the count."""
    (heard,) = (each for _, _, each in gate.service._hardware._readers.values())
    before = heard.window
    gate.clock.leap(WINDOW_S)
    await gate.until(lambda: heard.window != before, "a fresh count")


@pytest.mark.fault("stuck-key")
def test_a_stuck_key_opens_nothing_is_told_once_and_leaves_the_card(at_gate):
    async def scenario(gate):
        gate.add_resident()
        with capture_logs() as logs:
            gate.reader.press("5" * STUCK_KEYS * 2)
            await gate.until(lambda: events(logs, "key_stuck"), "the word of it")
            await opens_by_card(gate)
        assert events(logs, "key_stuck") == ["key_stuck"]
        assert [granted for granted, *_ in gate.decisions()] == [True]

    at_gate(scenario)


@pytest.mark.fault("reader-nonsense")
def test_a_raving_reader_costs_face_until_it_is_quiet_and_is_told_once(at_gate):
    async def scenario(gate):
        gate.add_resident()
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        await fresh_window(gate)
        with capture_logs() as logs:
            for _ in range(NONSENSE_MOST * 3):
                gate.reader.babble()
            await gate.until(lambda: not gate.service.face_offered, "face to leave")
            gate.clock.leap(2 * WINDOW_S)
            await gate.until(lambda: gate.service.face_offered, "face to come back")
        assert events(logs, "reader_raves") == ["reader_raves"]
        assert gate.decisions() == []
        await opens_by_card(gate)

    at_gate(scenario)


@pytest.mark.fault("card-flood")
def test_a_flood_of_strange_cards_opens_nothing_costs_face_and_the_next_card_opens(at_gate):
    async def scenario(gate):
        gate.add_resident()
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        await fresh_window(gate)
        with capture_logs() as logs:
            for number in range(CARDS_MOST * 10):
                gate.reader.present(1 + number)
            await gate.until(lambda: events(logs, "reader_raves"), "the word of it")
            await gate.until(lambda: not gate.service.face_offered, "face to leave")
            gate.clock.leap(2 * WINDOW_S)
            await gate.until(lambda: gate.service.face_offered, "the reader to be believed again")
            await opens_by_card(gate)
        assert events(logs, "reader_raves") == ["reader_raves"]
        assert len(gate.decisions()) <= CARDS_MOST + 1
        assert [reason for granted, reason, _ in gate.decisions() if granted] == [Reason.KNOWN_CREDENTIAL]

    at_gate(scenario)


@pytest.mark.fault("reader-lost")
def test_r01_a_lost_reader_is_said_once_and_once_when_back_and_alarms_meanwhile(at_gate):
    async def scenario(gate):
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        with capture_logs() as logs:
            gate.reader.unplug()
            await gate.until(lambda: Alarm.READER_LOST in gate.alarms.standing, "the alarm")
            await gate.until(lambda: not gate.service.face_offered, "face to leave")
            gate.clock.leap(60)
            gate.reader.plug()
            await gate.until(lambda: gate.service.face_offered, "face to come back")
            await gate.until(lambda: not gate.alarms.standing, "the end of the alarm")
        assert events(logs, "device_lost", "device_back") == ["device_lost", "device_back"]
        assert events(logs, "alarm", "alarm_over") == ["alarm", "alarm_over"]

    at_gate(scenario)


@pytest.mark.fault("controller-lost")
def test_a_lost_controller_is_said_once_and_once_when_back_and_refuses_meanwhile(at_gate):
    async def scenario(gate):
        gate.add_resident()
        await opens_by_card(gate)
        with capture_logs() as logs:
            gate.door.unplug()
            await gate.until(lambda: Alarm.CONTROLLER_LOST in gate.alarms.standing, "the alarm")
            gate.clock.leap(60)
            shown = await gate_refuses(gate)
            gate.door.plug()
            await gate.until(lambda: not gate.alarms.standing, "the end of the alarm")
        assert shown.reason is Reason.FAULT
        assert events(logs, "device_lost", "device_back") == ["device_lost", "device_back"]
        assert events(logs, "alarm", "alarm_over") == ["alarm", "alarm_over"]

    at_gate(scenario)


async def gate_refuses(gate):
    since = len(gate.screen.views)
    gate.reader.present(CARD)
    return await gate.result(since)


@pytest.mark.fault("fire")
@pytest.mark.fault("forced")
@pytest.mark.fault("case-opened")
def test_what_the_doors_contacts_say_is_an_alarm_until_it_is_over(at_gate):
    async def scenario(gate):
        await gate.until(lambda: gate.doorkeeper.look == "locked", "the door to be known")
        gate.clock.leap(60)
        for alarm, begin, end in (
            (Alarm.FORCED, gate.door.force, gate.door.shut),
            (Alarm.FIRE, gate.door.fire, lambda: gate.door.fire(burning=False)),
            (Alarm.TAMPER, gate.door.tamper, lambda: gate.door.tamper(opened=False)),
        ):
            begin()
            await gate.until(lambda alarm=alarm: alarm in gate.alarms.standing, f"the alarm {alarm}")
            end()
            await gate.until(
                lambda alarm=alarm: alarm not in gate.alarms.standing, f"the end of the alarm {alarm}"
            )

    at_gate(scenario)
