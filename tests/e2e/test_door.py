"""The whole gate between real wires: libosdp's own device on one pty, the controller's firmware on another.

The claims of `gate demo --door`, one by one; what needs no wires is claimed in tests/service and tests/faults.
"""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from firmware_bridge.drivers import Declared
from firmware_bridge.mcu_sim.pty_device import MicroPythonController, SimulatedController
from gate.app import open_gate
from gate.commands.door import door_pair
from gate.commands.reader import reader_pair
from gate.core import effects as do
from gate.core.alarms import Alarm
from gate.core.door import DoorView
from gate.core.phases import Choosing
from gate.core.types import Reason
from gate.demo.doors.logbook import logbook
from gate.demo.doors.wires import CARD, RELEASE_S, UNIT, Caller, move_in, wires
from gate.publish.listen import Listener
from gate.simulated import SimulatedScreen
from gate.store.account.audit import Actor
from tests.children import gate_run

pytestmark = pytest.mark.slow

BUSY_S = 0.5
LEASE_S = 5.0
in_both = pytest.mark.parametrize(
    "controller", [SimulatedController, MicroPythonController], ids=["cpython", "micropython"]
)
either = pytest.mark.parametrize("declared", Declared)


@contextmanager
def paired(folder, **how):
    """Set up the wires and pair both devices by the installer's commands."""
    with wires(folder, **how) as there:
        reader_pair(there.config)
        there.box.pair_button()
        door_pair(there.config)
        yield there
        assert there.box.faults == 0


@asynccontextmanager
async def calling(there):
    screens = []

    def make_screen(post):
        screens.append(SimulatedScreen(post))
        return screens[0]

    resident = move_in(there.settings)
    async with open_gate(there.settings, make_screen) as gate:
        caller = Caller(gate, screens[0], there)
        caller.resident = resident
        await caller.until(
            lambda: gate.hardware.reader_healthy and gate.doorkeeper.look is DoorView.LOCKED, "a ready gate"
        )
        yield caller


@pytest.fixture
def at_door(tmp_path):
    """Run a scenario with somebody at a fresh gate on paired wires."""

    def run(scenario, *, controller=SimulatedController, **how):
        async def play(there):
            async with calling(there) as caller:
                await scenario(caller)

        with paired(tmp_path, controller=controller, **how) as there:
            asyncio.run(play(there))

    return run


async def opens(caller):
    """Come in by card, and wait until the lock is free."""
    assert (await caller.card()).granted
    await caller.until(lambda: not caller.box.locked, "the lock to be free")


def guest_code(caller):
    now = caller.gate.clock.now()
    return caller.gate.store.visits.issue(caller.resident.person, now, now + timedelta(hours=1), at=now).text


@in_both
def test_r03_every_way_in_opens_and_the_controller_locks_after_each(at_door, controller):
    async def scenario(caller):
        for way in (
            caller.card(),
            caller.card_at_controller(),
            caller.pin(caller.resident.pin),
            caller.code(guest_code(caller)),
        ):
            assert (await way).granted
            await caller.until(lambda: not caller.box.locked, "the lock to be free")
            took = await caller.until(lambda: caller.box.locked, "the lock to hold")
            assert took <= RELEASE_S + BUSY_S

    at_door(scenario, controller=controller)


def test_what_is_wrong_or_used_up_frees_no_lock(at_door):
    async def scenario(caller):
        code = guest_code(caller)
        await caller.code(code)
        for way in (caller.code(code), caller.card(CARD + 1), caller.pin("000000")):
            assert (await way).reason is Reason.UNKNOWN_CREDENTIAL
            assert caller.box.locked

    at_door(scenario)


def test_r03_hours_refuse_every_method_alike_and_use_up_no_code(at_door):
    async def scenario(caller):
        now, permits = caller.gate.clock.now(), caller.gate.store.permits
        other_day = (now + timedelta(days=3)).strftime("%a").lower()
        permits.set("another-day", f"{other_day} 08:00-18:00", now)
        permits.give(UNIT, "another-day", now)
        code = guest_code(caller)
        refused = [
            (await way).reason for way in (caller.card(), caller.pin(caller.resident.pin), caller.code(code))
        ]
        assert refused == [Reason.NOT_NOW] * 3
        assert caller.box.locked
        permits.give(UNIT, None, now)
        assert (await caller.code(code)).granted

    at_door(scenario)


def test_r66_a_lockdown_refuses_every_method_alike_and_leaving_is_free(at_door):
    async def scenario(caller):
        caller.gate.store.lockdown.begin(caller.gate.clock.now(), Actor.INSTALLER)
        await caller.until(lambda: caller.gate.doorkeeper.door.lockdown, "the lockdown")
        code = guest_code(caller)
        refused = [
            (await way).reason for way in (caller.card(), caller.pin(caller.resident.pin), caller.code(code))
        ]
        assert refused == [Reason.DOOR_LOCKED] * 3
        assert caller.box.locked
        caller.box.press_exit()
        await caller.until(lambda: not caller.box.locked, "the exit to open")

    at_door(scenario)


def test_a_duress_pin_looks_the_same_on_screen_and_broker_and_alarms_on_the_status_page_alone(at_door):
    async def scenario(caller):
        gate = caller.gate
        async with Listener(gate.broker, gate.settings.site.gate_id) as listener:
            honest = await caller.pin(caller.resident.pin)
            since = [type(view) for view in caller.screen.views]
            forced = await caller.pin(caller.resident.duress_pin)
            assert (forced.granted, forced.reason) == (honest.granted, honest.reason)
            assert [type(view) for view in caller.screen.views][len(since) :][-2:] == since[-2:]
            await caller.until(lambda: not caller.box.locked, "the lock to be free")
            assert gate.status().alarms == (Alarm.DURESS,)
            assert not [each for each in listener.received if b"duress" in each.payload.lower()]

    at_door(scenario)


@in_both
@pytest.mark.fault("fire-while-host-hangs")
def test_r65_fire_frees_the_lock_while_the_gates_loop_hangs_and_locks_when_it_is_over(at_door, controller):
    async def scenario(caller):
        caller.box.fire(True)
        assert caller.hang_until(lambda: not caller.box.locked, "the lock to be free") < BUSY_S
        await caller.until(lambda: Alarm.FIRE in caller.gate.alarms.standing, "the alarm")
        caller.box.fire(False)
        await caller.until(lambda: caller.box.locked, "the lock to hold")
        await caller.until(lambda: not caller.gate.alarms.standing, "the end of the alarm")

    at_door(scenario, controller=controller)


@pytest.mark.fault("cable-pulled-mid-unlock")
@pytest.mark.fault("controller-lost")
def test_r68_a_cable_pulled_mid_unlock_locks_in_time_grants_nothing_and_is_told_once(at_door):
    async def scenario(caller):
        with logbook() as book:
            await opens(caller)
            caller.box.pull()
            took = await caller.until(lambda: caller.box.locked, "the lock to hold")
            assert took <= RELEASE_S + BUSY_S
            await caller.until(lambda: not caller.gate.hardware.door_healthy, "the loss to be seen")
            assert (await caller.card()).reason is Reason.FAULT
            assert caller.box.locked
            caller.box.plug()
            await caller.until(lambda: book.named("device_back", "door"), "the word of the return")
            await opens(caller)
            assert len(book.named("device_lost", "door")) == 1
            assert len(book.named("device_back", "door")) == 1

    at_door(scenario)


def of_door(logs, event):
    return any((each["event"], each.get("device")) == (event, "door") for each in logs)


@pytest.mark.fault("controller-reset-mid-unlock")
def test_r68_a_controller_reset_mid_unlock_locks_at_once_and_releases_nothing_until_a_new_card(at_door):
    async def scenario(caller):
        await opens(caller)
        with capture_logs() as logs:  # on a busy machine it is back before anybody asks again how it is
            caller.box.reset()
            assert caller.box.locked
            await caller.until(lambda: of_door(logs, "device_lost"), "the loss to be seen")
            await caller.until(lambda: of_door(logs, "device_back"), "the controller to be back")
        await caller.wait(0.2)
        assert caller.box.locked
        await opens(caller)

    at_door(scenario)


@either
@pytest.mark.fault("host-hung-mid-unlock")
def test_r67_a_loop_hung_mid_unlock_ends_in_the_declared_state_within_the_lease(at_door, declared):
    async def scenario(caller):
        await opens(caller)
        took = caller.hang_until(lambda: caller.box.locked, "the lock to hold")
        assert took <= RELEASE_S + BUSY_S
        if declared is Declared.FAIL_SAFE:
            caller.hang_until(lambda: not caller.box.locked, "the declared state", LEASE_S + BUSY_S - took)
        else:
            caller.hang_for(LEASE_S + BUSY_S - took)
            assert caller.box.locked
        await caller.until(lambda: caller.box.locked, "the gate to be back")
        await opens(caller)

    at_door(scenario, declared=declared)


@pytest.mark.fault("noise-flood")
def test_noise_on_both_lines_grants_nothing_and_keeps_nobody_out(at_door):
    async def scenario(caller):
        results = caller.results
        for _ in range(10):
            caller.reader.babble(os.urandom(300))
            caller.box.babble(os.urandom(300))
            caller.box.tell(os.urandom(100))
            await caller.wait(0.02)
        assert caller.results == results
        assert caller.box.locked
        await opens(caller)

    at_door(scenario)


@pytest.mark.fault("replayed-frames")
def test_a_recorded_release_played_to_the_controller_does_nothing(at_door):
    async def scenario(caller):
        await opens(caller)
        await caller.rests()
        recorded = caller.box.overheard
        caller.box.tell(recorded)
        stayed = True
        for _ in range(100):
            await caller.wait(0.01)
            stayed &= caller.box.locked
        assert stayed
        await opens(caller)

    at_door(scenario)


@pytest.mark.fault("wrong-key")
@pytest.mark.fault("reader-lost")
def test_an_osdp_reader_with_another_key_is_never_believed_and_the_true_one_comes_back(at_door):
    async def scenario(caller):
        true_key, results = caller.reader.key, caller.results
        with logbook() as book:
            caller.reader.restart(key=secrets.token_bytes(16))
            await caller.until(
                lambda: Alarm.READER_LOST in caller.gate.alarms.standing, "the loss to be seen"
            )
            caller.reader.present(CARD)
            await caller.wait(0.5)
            assert caller.results == results
            assert caller.box.locked
            (lost,) = book.named("device_lost", "reader")
            assert "gate reader pair" in lost["cause"]
        assert (await caller.card_at_controller()).granted
        caller.reader.restart(key=true_key)
        await caller.until(lambda: caller.gate.hardware.reader_healthy, "the true reader to be back")
        await opens(caller)

    at_door(scenario)


@pytest.mark.fault("case-opened")
def test_r60_the_readers_own_case_is_an_alarm_of_the_door(at_door):
    async def scenario(caller):
        caller.reader.tamper(on=True)
        await caller.until(lambda: Alarm.TAMPER in caller.gate.alarms.standing, "the alarm")
        await opens(caller)
        caller.reader.tamper(on=False)
        await caller.until(lambda: Alarm.TAMPER not in caller.gate.alarms.standing, "its end")

    at_door(scenario)


def test_where_it_takes_two_factors_neither_card_nor_pin_opens_alone_and_both_do(at_door):
    async def scenario(caller):
        await caller.sees(do.AskSecond, lambda: caller.reader.press(f"{UNIT}#{caller.resident.pin}#"))
        assert caller.box.locked
        await caller.sees(do.ShowResult, lambda: caller.reader.present(CARD))
        await caller.until(lambda: not caller.box.locked, "the lock to be free")
        await caller.rests()
        await caller.sees(do.AskSecond, lambda: caller.reader.present(CARD))
        assert isinstance(caller.gate.service.gate.phase, Choosing)
        assert caller.box.locked
        await caller.sees(do.ShowResult, lambda: caller.reader.press(f"{caller.resident.pin}#"))
        await caller.until(lambda: not caller.box.locked, "the lock to be free")

    at_door(scenario, two_factors=True)


def gate(*words):
    return subprocess.run(
        [sys.executable, "-m", "gate.cli", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def wait(until, what, patience=60.0):
    end = time.monotonic() + patience
    while not until():
        assert time.monotonic() < end, what
        time.sleep(0.005)


@pytest.mark.fault("not-paired")
def test_check_names_what_is_unpaired_and_the_commands_pair_it(tmp_path):
    with wires(tmp_path, controller=SimulatedController) as there:
        before = gate("check", "--config", there.config)
        assert before.returncode == 1
        assert "gate reader pair" in before.stdout
        read = gate("reader", "pair", "--config", there.config)
        assert (read.returncode, there.reader.key is None) == (0, False), read.stderr
        there.box.pair_button()
        door = gate("door", "pair", "--config", there.config)
        assert (door.returncode, there.box.key is None) == (0, False), door.stderr
        after = gate("check", "--config", there.config).stdout
        assert "ok    reader   osdp driver" in after
        assert "ok    door     controller driver, fail-secure" in after
        said = read.stdout + read.stderr + door.stdout + door.stderr
        assert not [key for key in (there.reader.key, there.box.key) if key.hex() in said]


@pytest.mark.fault("host-hung-mid-unlock")
def test_r67_a_gate_killed_mid_unlock_leaves_the_door_as_declared(tmp_path):
    with paired(tmp_path, controller=SimulatedController, declared=Declared.FAIL_SAFE) as there:
        move_in(there.settings)
        with gate_run(there.config) as process:
            assert "https://localhost:" in process.stdout.readline()
            wait(lambda: there.box.locked, "a host that the controller hears")
            wait(lambda: _opens_in(there, 0.5), "her card to open")
            os.kill(process.pid, signal.SIGKILL)
            process.communicate(timeout=10)
        wait(lambda: there.box.locked, "the lock to hold", RELEASE_S + BUSY_S)
        wait(lambda: not there.box.locked, "the declared state", LEASE_S + BUSY_S)


def _opens_in(there, seconds):
    """Hold the card to the reader once; tell whether the lock was free within so long."""
    there.reader.present(CARD)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not there.box.locked:
            return True
        time.sleep(0.005)
    return False
