"""What the gate makes of what its devices say: how long it believes them, and what it does while it cannot hear."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from gate.core.alarms import Alarm
from gate.core.phases import Idle
from gate.core.types import Reason, Sign
from gate.hardware import HEARD_WITHIN_S, READ_WITHIN_S
from gate.service import POLL_S
from tests.service.world import CARD


def test_r01_a_reader_that_cannot_tell_a_cut_cable_must_have_read_something_of_late(at_gate):
    async def scenario(gate):
        gate.reader.supervised = False
        gate.add_resident()
        await gate.until(
            lambda: gate.service.gate.conditions.obstacles == ("reader_healthy",),
            "only the reader to be missing",
        )
        before = replace(gate.beat.health(), at=gate.clock.now())
        gate.reader.present(CARD)
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        assert replace(gate.beat.health(), at=before.at) == before  # R44: no beat tells that somebody came
        gate.clock.leap(READ_WITHIN_S)
        await gate.until(lambda: not gate.service.face_offered, "face to leave")

    at_gate(scenario)


def test_a_card_held_while_the_gate_hung_opens_nothing_afterwards(at_gate):
    """R68: somebody else may stand there by then."""

    async def scenario(gate):
        gate.add_resident()
        await gate.until(lambda: gate.service.gate.entry is None, "the door")
        with capture_logs() as logs:
            gate.reader.present(CARD)
            gate.clock.leap(HEARD_WITHIN_S + 0.1)  # the loop hangs before it takes what was heard
            await gate.until(
                lambda: any(each["event"] == "reader_unheard" for each in logs), "the word of it"
            )
        assert gate.door.locked
        assert gate.decisions() == []

    at_gate(scenario)


def test_a_record_that_took_too_long_releases_nothing_and_says_so(at_gate):
    async def scenario(gate):
        gate.add_resident()
        record = gate.store.decisions.record

        def slowly(*arguments, **named):
            kept = record(*arguments, **named)
            gate.clock.leap(3.0)
            return kept

        object.__setattr__(gate.store, "decisions", Slow(gate.store.decisions, slowly))
        gate.reader.present(CARD)
        await gate.until(lambda: gate.decisions() and gate.decisions()[0][2], "the outcome")
        assert gate.decisions() == [(True, "known-credential", "fault")]
        assert gate.door.locked

    at_gate(scenario)


class Slow:
    """Decisions on a disk that takes its time."""

    def __init__(self, decisions, record):
        self._decisions = decisions
        self.record = record

    def __getattr__(self, name):
        return getattr(self._decisions, name)


@pytest.mark.parametrize("table", ["meta", "door_hours"])
def test_orders_that_cannot_be_read_are_read_apart(at_gate, table):
    """An unread lockdown lets nobody in; unread hours are none, and a lockdown holds all the same."""

    async def scenario(gate):
        database = gate.store.decisions._database
        database.write(lambda connection: connection.execute(f"ALTER TABLE {table} RENAME TO gone"))
        if table == "meta":
            await gate.until(lambda: gate.service.gate.entry is Reason.FAULT, "entry to be refused")
        else:
            now = int(gate.clock.now().timestamp())
            sql = "INSERT INTO meta VALUES ('lockdown', ?)"
            database.write(lambda connection: connection.execute(sql, (now,)))
            await gate.until(lambda: gate.service.gate.entry is Reason.DOOR_LOCKED, "the lockdown")
        database.write(lambda connection: connection.execute(f"ALTER TABLE gone RENAME TO {table}"))

    at_gate(scenario)


def test_the_heartbeat_goes_on_while_cards_queue_up(at_gate):
    """R67: a fail-safe door must not open because the gate is busy."""

    async def scenario(gate):
        done = []
        poll, record = gate.door.poll, gate.store.decisions.record

        def beat(now):
            done.append("beat")
            poll(now)

        def slowly(*arguments, **named):
            done.append("record")
            time.sleep(2 * POLL_S)  # storage that is slower than the heart: after each record a beat is due
            return record(*arguments, **named)

        gate.door.poll = beat
        object.__setattr__(gate.store, "decisions", Slow(gate.store.decisions, slowly))
        gate.add_resident()
        for _ in range(10):
            gate.reader.present(CARD + 1)
        await gate.until(lambda: done.count("record") == 10, "all to be answered")
        assert "record " * 4 not in " ".join(done) + " "

    at_gate(scenario)


def test_a_case_that_closes_ends_no_alarm_of_another(at_gate):
    async def scenario(gate):
        gate.reader.tamper()
        await gate.until(lambda: Alarm.TAMPER in gate.alarms.standing, "the alarm")
        gate.door.tamper(opened=False)
        gate.door.fail_power()
        await gate.until(lambda: Alarm.POWER in gate.alarms.standing, "the next word of the door")
        assert Alarm.TAMPER in gate.alarms.standing
        gate.reader.tamper(opened=False)
        await gate.until(lambda: Alarm.TAMPER not in gate.alarms.standing, "the end of it")

    at_gate(scenario)


def test_r60_a_case_opened_in_the_last_moment_before_the_cable_is_cut_counts(at_gate):
    async def scenario(gate):
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        gate.reader.tamper()
        gate.reader.unplug()
        await gate.until(lambda: not gate.service.gate.conditions.untampered, "face to be locked")

    at_gate(scenario)


def test_an_entry_in_which_a_key_may_be_lost_is_dropped_and_costs_no_try(at_gate):
    async def scenario(gate):
        _, pin = gate.add_resident()
        gate.reader.press(f"1203#{pin[:3]}")
        gate.reader.babble()
        gate.reader.press(f"{pin[3:]}#")
        gate.reader.press(f"*1203#{pin}#")
        assert (await gate.result()).granted
        assert [granted for granted, *_ in gate.decisions()] == [True]

    at_gate(scenario)


def test_half_an_entry_does_not_stay_in_memory(at_gate):
    async def scenario(gate):
        gate.reader.press("1203#4827")
        _, _, heard = gate.service._hardware._readers["reader"]
        await gate.until(lambda: heard.keypad.typed, "the keys")
        gate.clock.leap(11.0)
        await gate.until(lambda: not heard.keypad.typed, "them to go")

    at_gate(scenario)


def test_a_guests_code_is_no_second_entry_of_the_host(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        gate.reader.present(CARD)
        await gate.result()
        await gate.until(lambda: isinstance(gate.service.gate.phase, Idle), "rest")
        now, start = gate.clock.now(), len(gate.screen.views)
        gate.reader.scan(gate.store.visits.issue(person, now, now + timedelta(hours=1), at=now).text)
        assert (await gate.result(start)).granted
        assert gate.alarms.standing == ()

    at_gate(scenario, passback_s=300.0)


def test_a_driver_that_throws_anything_at_a_release_answers_its_attempt_once(at_gate):
    async def scenario(gate):
        def broken(*, seconds):
            raise RuntimeError

        gate.add_resident()
        gate.door.release = broken
        gate.reader.present(CARD)
        await gate.until(lambda: gate.decisions() and gate.decisions()[0][2], "the outcome")
        assert gate.decisions() == [(True, "known-credential", "fault")]
        assert gate.doorkeeper.door.asked == ()

    at_gate(scenario)


def test_the_keypads_signs_reach_a_screen_that_cannot_be_touched_and_no_other(at_gate):
    async def scenario(gate):
        heard = []
        gate.reader.press("*")
        gate.service._hardware.on_sign(heard.append)
        gate.clock.leap(2.0)
        gate.reader.press("00*")
        await gate.until(lambda: heard, "the sign")
        assert heard == [Sign.WITHDRAW]
        assert gate.decisions() == []

    at_gate(scenario)
