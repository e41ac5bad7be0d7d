"""One damaged number in the database stops neither the door nor the erasing; face rests for whom it concerns (R02, R76)."""

import sqlite3

import pytest

from gate.core.types import ConsentId
from gate.store.account.audit import Action
from tests.notices import board


def write(tmp_path, *statements):
    connection = sqlite3.connect(tmp_path / "data" / "gate.sqlite3")
    with connection:
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'given_consent_keeps%'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
    connection.close()


def two_residents(gate):
    people = [gate.add_resident(unit, card)[0] for unit, card in (("1203", 1), ("1204", 2))]
    return people, [gate.consent(person) for person in people]


DAMAGE = ["expires_at = 1152921504606846976", "notice_version = 'x'", "purpose = 'x'"]


def damage(gate, tmp_path, person, what):
    [consent] = gate.store.consents.of(person)
    write(tmp_path, f"UPDATE consents SET {what} WHERE id = '{consent.id}'")
    return consent.id


@pytest.mark.parametrize("what", DAMAGE)
def test_r76_a_damaged_consent_is_taken_out_and_the_others_go_on(at_gate, tmp_path, what):
    async def scenario(gate):
        (damaged, _), (_, others) = two_residents(gate)
        consent = damage(gate, tmp_path, damaged, what)
        gate.service._keep_house()
        gate.service.reload_gallery()
        assert list(gate.vision.gallery) == [others]
        [failure] = gate.store.retention.standing
        assert (failure.ref, failure.code, failure.stopped) == (ConsentId(consent), "record-altered", True)
        await gate.until(lambda: gate.service.face_offered, "face to be offered to the others")

    at_gate(scenario)


@pytest.mark.parametrize("what", DAMAGE)
def test_r24_a_damaged_consent_hinders_no_withdrawal_its_own_neither(at_gate, tmp_path, what):
    async def scenario(gate):
        people, _ = two_residents(gate)
        damage(gate, tmp_path, people[0], what)
        for person in reversed(people):
            assert gate.desk.withdraw(person) is not None
        assert gate.store.templates.count() == 0
        assert gate.vision.gallery == {}

    at_gate(scenario)


@pytest.mark.parametrize("what", DAMAGE)
def test_r51_a_damaged_consent_keeps_no_erased_template_in_its_epoch(at_gate, tmp_path, what):
    async def scenario(gate):
        people, _ = two_residents(gate)
        damage(gate, tmp_path, people[0], what)
        gate.desk.withdraw(people[1])
        gate.service._keep_house()
        await gate.until(lambda: not gate.store.rotation.due, "a new epoch")
        assert Action.EPOCH_ROTATED in [entry.action for entry in gate.store.audit.entries()]

    at_gate(scenario)


def test_r75_a_damaged_consent_postpones_no_other_deletion(at_gate, tmp_path):
    async def scenario(gate):
        people, _ = two_residents(gate)
        damage(gate, tmp_path, people[0], DAMAGE[0])
        gate.store.residents.set_end("1204", gate.clock.now(), gate.clock.now())
        gate.service._keep_house()
        assert gate.store.templates.count() == 1

    at_gate(scenario)


def test_r76_an_unforeseen_fault_of_the_assessment_keeps_face_off_until_it_is_over(at_gate):
    broken = []

    def approved():
        if broken:
            raise broken[0]
        return True

    async def scenario(gate):
        gate.consent(gate.add_resident()[0])
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        broken.append(TypeError())
        gate.service._keep_house()
        await gate.until(lambda: not gate.service.face_offered, "face to go")
        assert gate.service.gate.conditions.obstacles == ("assessment_approved",)
        broken.clear()
        gate.service._keep_house()
        await gate.until(lambda: gate.service.face_offered, "face to come back")

    at_gate(scenario, approved=approved)


def test_r51_an_unforeseen_fault_of_one_chore_keeps_face_off_and_the_epoch_is_changed_all_the_same(at_gate):
    class Board:
        """A notice board that breaks in a way nobody foresaw."""

        def __init__(self, store):
            self.real, self.broken = board(store), False

        newest = property(lambda self: self.real.newest)
        in_force = property(lambda self: self.real.in_force)

        def refresh(self):
            if self.broken:
                raise TypeError
            self.real.refresh()

    boards = []

    def made(store):
        boards.append(Board(store))
        return boards[0]

    async def scenario(gate):
        people, _ = two_residents(gate)
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        gate.desk.withdraw(people[0])
        boards[0].broken = True
        gate.service._keep_house()
        await gate.until(lambda: not gate.service.face_offered, "face to go")
        await gate.until(lambda: not gate.store.rotation.due, "a new epoch")
        assert gate.service.gate.conditions.obstacles == ("storage_healthy",)

    at_gate(scenario, notices=made)
