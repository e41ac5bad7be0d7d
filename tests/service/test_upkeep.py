"""A running gate keeps time, case and retention, and says so (R60, R75, R76); card and PIN never notice (R02)."""

import sqlite3
from datetime import timedelta

import structlog

from gate.core.consent import By, Channel
from gate.store.account.audit import Action

YEAR = timedelta(days=366)
HALF_A_DAY = timedelta(hours=12)


def plant(tmp_path, sql):
    connection = sqlite3.connect(tmp_path / "data" / "gate.sqlite3")
    with connection:
        connection.execute(sql)
    connection.close()


def test_r75_retention_runs_at_the_start_and_every_hour(at_gate):
    async def scenario(gate):
        await gate.until(gate.store.retention.runs, "a first run")
        gate.service._keep_house()
        assert len(gate.store.retention.runs()) == 1
        gate.clock.move(timedelta(hours=1))
        gate.service._keep_house()
        assert len(gate.store.retention.runs()) == 2

    at_gate(scenario)


def test_a_clock_set_back_turns_face_off_and_a_card_opens(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        gate.consent(person)
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        gate.clock.move(-YEAR)
        await gate.until(lambda: not gate.service.face_offered, "face to go")
        assert gate.service.gate.conditions.obstacles == ("clock_trusted",)
        gate.reader.present(40451)
        assert (await gate.result()).granted

    at_gate(scenario)


def test_face_comes_back_when_somebody_accepts_the_clock_beside_the_running_gate(at_gate):
    async def scenario(gate):
        gate.clock.move(HALF_A_DAY)
        gate.service._keep_house()
        gate.clock.move(-HALF_A_DAY)
        await gate.until(lambda: not gate.service.face_offered, "face to go")
        gate.store.clock.accept(gate.clock.now())
        gate.service._keep_house()
        await gate.until(lambda: gate.service.face_offered, "face to come back")

    at_gate(scenario)


def test_r60_an_opened_case_empties_the_gallery_and_a_card_opens(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        gate.consent(person)
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        with structlog.testing.capture_logs() as lines:
            gate.reader.tamper()
            await gate.until(lambda: not gate.service.face_offered, "face to go")
        assert gate.vision.gallery == {}
        assert "untampered" in gate.service.gate.conditions.obstacles
        assert [line["log_level"] for line in lines if line["event"] == "tampered"] == ["critical"]
        assert Action.TAMPERED in [entry.action for entry in gate.store.audit.entries()]
        gate.reader.present(40451)
        assert (await gate.result()).granted

    at_gate(scenario)


def test_r60_a_withdrawal_while_the_case_stands_open_is_done_and_loads_nobody(at_gate):
    async def scenario(gate):
        people = [gate.add_resident(unit, card)[0] for unit, card in (("1203", 1), ("1204", 2))]
        for person in people:
            gate.consent(person)
        gate.door.tamper()
        await gate.until(lambda: gate.store.tamper.is_raised, "the alarm")
        gate.desk.withdraw(people[0])
        assert gate.vision.gallery == {}
        assert gate.store.templates.count() == 1

    at_gate(scenario)


def test_r76_a_failed_deletion_is_told_once_and_the_others_go_on_by_face(at_gate, tmp_path):
    async def scenario(gate):
        person, _ = gate.add_resident()
        template = gate.consent(person)
        plant(
            tmp_path,
            f"CREATE TRIGGER planted BEFORE DELETE ON templates WHEN OLD.id = '{template}'"
            " BEGIN SELECT RAISE(ABORT, 'planted'); END",
        )
        other, _ = gate.add_resident("1204", 7)
        gate.clock.move(timedelta(days=300))
        others = gate.consent(other)
        gate.clock.move(timedelta(days=66))
        with structlog.testing.capture_logs() as lines:
            gate.service._keep_house()
            gate.service._keep_house()
        assert [line["item"] for line in lines if line["event"] == "retention_failed"] == ["template"]
        assert list(gate.vision.gallery) == [others]
        await gate.until(lambda: gate.service.face_offered, "face to be offered to the others")

    at_gate(scenario)


def test_r76_what_can_be_neither_deleted_nor_stopped_turns_face_off(at_gate, tmp_path):
    async def scenario(gate):
        person, _ = gate.add_resident()
        gate.consent(person)
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        for deed in ("DELETE ON templates", "UPDATE OF restricted_at ON consents"):
            plant(
                tmp_path,
                f"CREATE TRIGGER planted{len(deed)} BEFORE {deed} BEGIN SELECT RAISE(ABORT, 'planted'); END",
            )
        gate.clock.move(YEAR)
        gate.service._keep_house()
        await gate.until(lambda: not gate.service.face_offered, "face to go")
        assert gate.service.gate.conditions.obstacles == ("storage_healthy",)

    at_gate(scenario)


def test_r75_the_end_of_a_tenancy_takes_the_face_from_the_gallery(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        gate.consent(person)
        gate.store.residents.set_end("1203", gate.clock.now(), gate.clock.now())
        gate.service._keep_house()
        assert gate.vision.gallery == {}
        gate.reader.present(40451)
        assert not (await gate.result()).granted

    at_gate(scenario)


def test_r71_a_face_restricted_beside_the_running_gate_leaves_the_gallery_and_comes_back(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        template = gate.consent(person)
        by = By(Channel.DEVICE, "installer")
        gate.store.consents.restrict(person, at=gate.clock.now(), by=by)
        gate.service._keep_house()
        assert gate.vision.gallery == {}
        gate.store.consents.release(person, at=gate.clock.now(), by=by)
        gate.service._keep_house()
        assert list(gate.vision.gallery) == [template]

    at_gate(scenario)


async def enrolled_under_a_leap(gate):
    """Let somebody agree to face, then the wall clock alone leap ten years ahead."""
    person, _ = gate.add_resident()
    gate.consent(person)
    await gate.until(lambda: gate.service.face_offered, "face to be offered")
    gate.clock.move(10 * YEAR)
    gate.clock.leap(-10 * YEAR.total_seconds())


def test_r75_a_clock_that_leaps_ahead_deletes_nothing_stops_face_and_a_card_opens(at_gate):
    async def scenario(gate):
        await enrolled_under_a_leap(gate)
        gate.service._keep_house()
        await gate.until(lambda: not gate.service.face_offered, "face to go")
        assert gate.service.gate.conditions.obstacles == ("clock_trusted",)
        assert gate.store.templates.count() == 1
        gate.reader.present(40451)
        assert (await gate.result()).granted
        gate.clock.move(-10 * YEAR)
        gate.store.clock.accept(gate.clock.now())
        gate.service._keep_house()
        await gate.until(lambda: gate.service.face_offered, "face to come back")

    at_gate(scenario)


def test_r75_a_leap_between_two_looks_deletes_nothing_and_face_comes_back_by_itself(at_gate):
    """A wrong reading of a moment, at which a card came: it once cost every template and credential past that time."""

    async def scenario(gate):
        await enrolled_under_a_leap(gate)
        gate.reader.present(40451)
        assert (await gate.result()).granted
        gate.clock.move(-10 * YEAR)
        gate.service._keep_house()
        await gate.until(lambda: gate.service.face_offered, "face to be offered again")
        assert gate.store.templates.count() == 1
        gate.reader.present(40451)
        assert (await gate.result()).granted

    at_gate(scenario)
