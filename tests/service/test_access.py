"""What it takes to come in, at a gate at work: two factors, codes, duress, a second entry, a lockdown, the door's hours."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.alarms import Alarm
from gate.core.phases import Idle
from gate.core.types import Method, Reason
from gate.store.account.audit import Actor
from gate.store.permits import DoorHoursKind
from tests.service.world import CARD, DOOR_RULES, OTHER_FACE, replace, with_rules

TWO = {"rules": with_rules(two_factors=True, choose_s=0.6)}


async def at_rest(gate):
    """Wait until door and reader have said how they are, and the screen says that nothing is amiss."""
    await gate.until(lambda: gate.screen.views[-1:] == [do.ClearScreen()], "the screen to rest")


async def asked_for_second(gate):
    await gate.until(
        lambda: isinstance(gate.screen.view, do.AskSecond | do.ShowNotice), "the second to be asked for"
    )


async def comes(gate, method, pin, person):
    """Come by *method*; give the result."""
    start = len(gate.screen.views)
    match method:
        case Method.CARD:
            gate.reader.present(CARD)
        case Method.PIN:
            gate.reader.press(f"1203#{pin}#")
        case Method.CODE:
            now = gate.clock.now()
            gate.reader.scan(gate.store.visits.issue(person, now, now + timedelta(hours=1), at=now).text)
    return await gate.result(start)


def test_two_factors_open_with_card_and_pin_and_with_neither_alone(at_gate):
    async def scenario(gate):
        _, pin = gate.add_resident()
        gate.reader.present(CARD)
        await asked_for_second(gate)
        assert gate.door.locked
        gate.reader.press(f"{pin}#")
        assert (await gate.result()).granted
        await gate.until(lambda: isinstance(gate.service.gate.phase, Idle), "rest")
        start = len(gate.screen.views)
        gate.reader.present(CARD)
        assert (await gate.result(start)).reason is Reason.SECOND_MISSING

    at_gate(scenario, **TWO)


def test_the_second_factor_is_the_same_persons_or_nobodys(at_gate):
    """A neighbour's PIN after a card, and a neighbour's card after a PIN, are unknown."""

    async def scenario(gate):
        _, pin = gate.add_resident()
        _, other = gate.add_resident("1204", CARD + 1)
        gate.reader.present(CARD)
        await asked_for_second(gate)
        gate.reader.press(f"{other}#")
        assert (await gate.result()).reason is Reason.UNKNOWN_CREDENTIAL
        await gate.until(lambda: isinstance(gate.service.gate.phase, Idle), "rest")
        start = len(gate.screen.views)
        gate.reader.press(f"1203#{pin}#")
        await asked_for_second(gate)
        gate.reader.present(CARD + 1)
        assert (await gate.result(start)).reason is Reason.UNKNOWN_CREDENTIAL
        assert gate.door.locked

    at_gate(scenario, **TWO)


def test_after_a_card_only_its_own_persons_face_is_compared_and_opens(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        neighbour, _ = gate.add_resident("1204", CARD + 1)
        mine, other = gate.consent(person), gate.consent(neighbour, OTHER_FACE)
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        gate.reader.present(CARD)
        await gate.until(lambda: isinstance(gate.screen.view, do.AskSecond), "face and PIN to be offered")
        assert set(gate.screen.view.methods) == {Method.FACE, Method.PIN}
        attempt = gate.screen.view.attempt
        gate.inputs.put_nowait(on.FaceChosen(attempt))
        await gate.until(lambda: gate.vision.capturing == attempt, "the camera to open")
        assert gate.vision.only == (mine,)
        gate.finds(attempt, other)
        await gate.until(gate.inputs.empty, "the neighbour's face to be looked at")
        assert gate.door.locked
        gate.finds(attempt, mine)
        assert (await gate.result()).granted

    at_gate(scenario, rules=with_rules(two_factors=True))


def test_a_gallery_too_large_to_search_serves_one_to_one(at_gate):
    """Above the validated number a search is refused; card and face together go on."""

    async def scenario(gate):
        for place in range(3):
            person, _ = gate.add_resident(str(1203 + place), CARD + place)
            gate.consent(person)
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        assert len(gate.vision.gallery) == 3

    at_gate(scenario, templates_most=2, rules=with_rules(two_factors=True))


@pytest.mark.parametrize("method", [Method.CARD, Method.PIN, Method.CODE])
def test_r03_a_lockdown_refuses_every_method_alike_and_at_once_and_leaving_stays_free(at_gate, method):
    async def scenario(gate):
        person, pin = gate.add_resident()
        gate.store.lockdown.begin(gate.clock.now(), Actor.INSTALLER)
        await gate.until(lambda: gate.service.gate.entry is Reason.DOOR_LOCKED, "the lockdown")
        result = await comes(gate, method, pin, person)
        assert (result.granted, result.reason) == (False, Reason.DOOR_LOCKED)
        assert gate.door.locked
        gate.door.press_exit()
        assert not gate.door.locked
        gate.store.lockdown.end(gate.clock.now(), Actor.INSTALLER)
        await gate.until(lambda: gate.service.gate.entry is None, "its end")

    at_gate(scenario)


def test_a_code_shown_during_a_lockdown_is_not_used_up(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        now = gate.clock.now()
        code = gate.store.visits.issue(person, now, now + timedelta(hours=1), at=now).text
        gate.store.lockdown.begin(now, Actor.INSTALLER)
        await gate.until(lambda: gate.service.gate.entry is not None, "the lockdown")
        gate.reader.scan(code)
        assert not (await gate.result()).granted
        gate.store.lockdown.end(now, Actor.INSTALLER)
        await gate.until(lambda: gate.service.gate.entry is None, "its end")
        start = len(gate.screen.views)
        gate.reader.scan(code)
        assert (await gate.result(start)).granted
        await gate.until(lambda: isinstance(gate.service.gate.phase, Idle), "rest")
        start = len(gate.screen.views)
        gate.reader.scan(code)
        assert (await gate.result(start)).reason is Reason.UNKNOWN_CREDENTIAL

    at_gate(scenario)


def test_in_its_open_hours_the_door_stands_open_and_locks_when_they_end(at_gate):
    async def scenario(gate):
        now = gate.clock.now()
        gate.store.permits.set("always-open", "mon-sun 00:00-24:00", now)
        gate.store.permits.set_door({DoorHoursKind.OPEN: "always-open"}, now)
        await gate.until(lambda: not gate.door.locked, "the door to stand open")
        gate.store.permits.set_door({DoorHoursKind.OPEN: None}, now)
        await gate.until(lambda: gate.door.locked, "the door to lock")

    at_gate(scenario, door_rules=replace(DOOR_RULES, may_stand_open=True))


def test_under_duress_the_gate_shows_the_same_and_only_the_alarm_tells(at_gate):
    async def scenario(gate):
        gate.add_resident()
        pins = gate.store.residents.new_pins("1203", gate.clock.now())
        await at_rest(gate)
        seen = []
        for pin in (pins.pin, pins.duress_pin):
            start = len(gate.screen.views)
            with capture_logs() as logs:
                gate.reader.press(f"1203#{pin}#")
                await gate.result(start)
                await gate.until(lambda: isinstance(gate.service.gate.phase, Idle), "rest")
            shown = [
                (type(view), getattr(view, "granted", None), getattr(view, "reason", None))
                for view in gate.screen.views[start:]
            ]
            told = [each for each in logs if each["event"] == "attempt"]
            seen.append((shown, gate.reader.shown, told))
        assert seen[0] == seen[1]
        assert len(set(gate.decisions())) == 1
        assert gate.alarms.standing == (Alarm.DURESS,)

    at_gate(scenario, duress=True)


def test_the_right_pin_raises_no_alarm(at_gate):
    async def scenario(gate):
        _, pin = gate.add_resident()
        gate.reader.press(f"1203#{pin}#")
        assert (await gate.result()).granted
        assert gate.alarms.standing == ()

    at_gate(scenario, duress=True)


def test_a_second_entry_within_minutes_opens_and_raises_an_alarm_that_names_nobody(at_gate):
    """R36: by card and then by face, it is the same person, and no trace says who."""

    async def scenario(gate):
        person, pin = gate.add_resident()
        assert (await comes(gate, Method.CARD, pin, person)).granted
        await gate.until(lambda: isinstance(gate.service.gate.phase, Idle), "rest")
        assert gate.alarms.standing == ()
        with capture_logs() as logs:
            assert (await comes(gate, Method.PIN, pin, person)).granted
            await gate.until(lambda: gate.alarms.standing == (Alarm.PASSBACK,), "the alarm")
        assert person not in repr(logs)

    at_gate(scenario, passback_s=300.0)


def test_the_readers_light_says_what_the_screen_says(at_gate):
    async def scenario(gate):
        gate.add_resident()
        await at_rest(gate)
        lights = []
        gate.reader.show = lambda signal: lights.append(signal.value)
        gate.reader.present(CARD)
        await gate.result()
        await gate.until(lambda: isinstance(gate.service.gate.phase, Idle), "rest")
        assert lights == ["wait", "granted", "ready"]

    at_gate(scenario)


def test_a_light_that_fails_keeps_nobody_out(at_gate):
    async def scenario(gate):
        def burnt(_signal):
            raise OSError(5, "Input/output error")

        gate.add_resident()
        gate.reader.show = burnt
        gate.reader.present(CARD)
        await gate.until(lambda: not gate.door.locked, "the card to open")

    at_gate(scenario)
