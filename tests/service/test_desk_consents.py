"""Declining, agreeing again, and children, at the desk (R05, R22, R25, R27)."""

import asyncio
from datetime import date, timedelta

import pytest

from gate.core.consent import Approver, Relation, RelationProof
from gate.core.roles import AccountId, Staff
from gate.errors import RequestError
from gate.store.consent.consents import MINOR_OPEN_FOR
from gate.web.context import ChildSaid, FaceStanding
from tests.consents import AT_DESK, WITH_CHILDREN
from tests.notices import publish_major
from tests.service.world import FACE, STAFF


async def enrolled(gate, person, said, by=None):
    """Enrol *person* with a face before the camera. by: STAFF for a child."""
    await gate.until(lambda: gate.service.face_offered, "face to be offered")
    by = STAFF if said.child else by
    enrolment = asyncio.create_task(gate.desk.enrol(person, said, by=by))
    await gate.until(lambda: gate.vision.capturing or enrolment.done(), "the camera to open")
    if not enrolment.done():
        gate.take_face()
    return await enrolment


def standing(gate):
    return gate.desk.residents()[0].standing


def test_r25_consent_and_withdrawal_at_the_desk_each_yield_a_receipt(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        given = await enrolled(gate, person, gate.said())
        withdrawn = gate.desk.withdraw(person)
        assert gate.desk.receipts(person) == (given, withdrawn)
        assert gate.desk.withdraw(person) is None

    at_gate(scenario)


def test_r05_who_declines_is_remembered_and_the_face_of_an_earlier_yes_stops_at_once(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        await enrolled(gate, person, gate.said())
        gate.desk.decline(person, gate.said())
        assert gate.vision.gallery == {}
        assert standing(gate) is FaceStanding.DECLINED
        await enrolled(gate, person, gate.said())  # they asked for it themselves
        assert standing(gate) is FaceStanding.GIVEN

    at_gate(scenario)


def test_r05_declining_during_an_enrolment_wins(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        enrolment = await gate.begin_enrolment(person)
        gate.desk.decline(person, gate.said())
        gate.take_face()
        with pytest.raises(RequestError, match="withdrawn"):
            await enrolment
        assert gate.store.templates.count() == 0

    at_gate(scenario)


def test_r22_after_a_major_notice_a_face_rests_until_its_person_agrees_again_without_the_camera(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        await enrolled(gate, person, gate.said())
        publish_major(gate.store, gate.clock.now())
        gate.service._keep_house()
        assert gate.vision.gallery == {}
        assert standing(gate) is FaceStanding.OUTDATED
        told = len(gate.vision.told)
        gate.desk.reconfirm(person, gate.said())
        assert list(gate.vision.gallery.values()) == [FACE]
        assert "open" not in gate.vision.told[told:]
        assert standing(gate) is FaceStanding.GIVEN

    at_gate(scenario)


def test_r71_a_restricted_face_is_shown_as_resting(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        await enrolled(gate, person, gate.said())
        gate.store.consents.restrict(person, at=gate.clock.now(), by=AT_DESK)
        assert standing(gate) is FaceStanding.RESTRICTED
        assert gate.desk.residents()[0].has_consented

    at_gate(scenario)


CHILD = ChildSaid(Relation.PARENT, RelationProof.HOUSEHOLD_REGISTER, date(2035, 1, 1))


def allow(gate, person):
    """Have a second person let STAFF open the child's record."""
    opening = gate.store.consents.open_minor(person, Approver.MANAGER, at=gate.clock.now(), by=AT_DESK)
    gate.desk.opening_of = lambda staff, _person: opening if staff == STAFF else None


def test_r27_a_child_is_enrolled_with_guardian_and_second_approval_and_named_nowhere_at_the_desk(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        allow(gate, person)
        await enrolled(gate, person, gate.said(child=CHILD))
        opened = [entry.object for entry in gate.store.audit.entries() if entry.action == "minor-opened"]
        assert len(opened) == 1
        assert opened != [person]  # R35: the lines that follow name the record
        resident = gate.desk.resident(person)
        assert (resident.child, resident.name) == (True, "")
        assert gate.desk.withdraw(person) is not None  # by the child or the guardian, without approval

    at_gate(scenario, terms=WITH_CHILDREN)


def test_r27_without_a_second_approval_no_camera_opens_for_a_child(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        with pytest.raises(RequestError) as refused:
            await enrolled(gate, person, gate.said(child=CHILD))
        assert refused.value.code == "minor-approval"
        assert "open" not in gate.vision.told

    at_gate(scenario, terms=WITH_CHILDREN)


def test_r27_an_approval_for_one_account_opens_nothing_for_another(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        allow(gate, person)
        other = Staff(AccountId("b" * 16), STAFF.roles)
        with pytest.raises(RequestError) as refused:
            await gate.desk.enrol(person, gate.said(child=CHILD), by=other)
        assert refused.value.code == "minor-approval"

    at_gate(scenario, terms=WITH_CHILDREN)


def test_r27_where_face_is_off_for_children_no_camera_opens_for_one(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        with pytest.raises(RequestError) as refused:
            await enrolled(gate, person, gate.said(child=CHILD))
        assert refused.value.code == "under-14-off"
        assert "open" not in gate.vision.told
        assert gate.store.templates.count() == 0

    at_gate(scenario)


def test_r27_a_childs_earlier_receipts_are_not_shown_at_the_desk_but_the_one_just_issued_is(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        allow(gate, person)
        await enrolled(gate, person, gate.said(child=CHILD))
        assert len(gate.desk.receipts(person)) == 1
        gate.clock.move(MINOR_OPEN_FOR + timedelta(seconds=1))
        assert gate.desk.receipts(person) == []
        withdrawn = gate.desk.withdraw(person)
        assert gate.desk.receipts(person) == [withdrawn]

    at_gate(scenario, terms=WITH_CHILDREN)
