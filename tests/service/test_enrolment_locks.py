"""Only while face may run at this gate is anybody enrolled (R01, R12, R60)."""

from datetime import timedelta

import pytest

from gate.errors import RequestError


def lock_by_clock(gate):
    gate.clock.move(-timedelta(days=366))


LOCKS = {
    "reader": lambda gate: gate.reader.unplug(),
    "case": lambda gate: gate.reader.tamper(),
    "clock": lock_by_clock,
}


@pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS)
def test_while_face_is_locked_nobody_is_enrolled_and_no_camera_opens(at_gate, lock):
    """R01, R12, R60."""

    async def scenario(gate):
        person, _ = gate.add_resident()
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        lock(gate)
        await gate.until(lambda: not gate.service.face_offered, "face to go")
        with pytest.raises(RequestError) as caught:
            await gate.desk.enrol(person, gate.said())
        assert caught.value.code == "enrol-locked"
        assert "open" not in gate.vision.told
        assert gate.store.consents.of(person) == ()

    at_gate(scenario)


@pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS)
def test_a_lock_during_an_enrolment_shuts_the_camera_and_writes_nothing(at_gate, lock):
    """R01, R12, R60."""

    async def scenario(gate):
        person, _ = gate.add_resident()
        enrolment = await gate.begin_enrolment(person)
        lock(gate)
        with pytest.raises(RequestError) as caught:
            await enrolment
        assert caught.value.code == "enrol-locked"
        assert gate.vision.capturing is None
        assert gate.store.consents.of(person) == ()

    at_gate(scenario)


def test_r60_a_lock_that_falls_with_the_last_capture_writes_nothing(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        enrolment = await gate.begin_enrolment(person)
        gate.take_face()
        lock_by_clock(gate)
        with pytest.raises(RequestError) as caught:
            await enrolment
        assert caught.value.code == "enrol-locked"
        assert gate.store.consents.of(person) == ()

    at_gate(scenario)
