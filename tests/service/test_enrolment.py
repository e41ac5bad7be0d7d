"""Consent and template at the desk: live, together, or not at all."""

import asyncio
from datetime import date, timedelta

import pytest

from gate.core.consent import Approver, Relation, RelationProof
from gate.core.enrolment import Advice, Pose, Progress
from gate.core.roles import AccountId, Role, Staff
from gate.errors import RequestError
from gate.store.consent.consents import MINOR_OPEN_FOR
from gate.vision import wire
from gate.web.context import ChildSaid, FaceStanding
from tests.consents import AT_DESK, WITH_CHILDREN
from tests.notices import publish_major
from tests.service.world import FACE, OTHER_FACE


def test_r26_enrolment_takes_one_template_live_and_then_matches(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        enrolment = asyncio.create_task(gate.desk.enrol(person, gate.said()))
        await gate.until(lambda: gate.vision.capturing, "the camera to open")
        assert gate.vision.enrolling
        assert not gate.service.face_offered
        gate.capture.take(gate.capture.attempt, gate.vision.epoch, FACE)
        await enrolment
        assert list(gate.vision.gallery.values()) == [FACE]
        assert gate.vision.told[-2:] == ["close", "forget"]
        assert gate.desk.residents()[0].has_consented

    at_gate(scenario)


@pytest.mark.parametrize("told", [True, False])
def test_who_comes_near_another_face_is_told_so_at_the_desk_and_until_they_give_up_face(at_gate, told):
    """Twins; and no word of whose face it is."""

    async def scenario(gate):
        person, _ = gate.add_resident()
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        enrolment = asyncio.create_task(gate.desk.enrol(person, gate.said()))
        await gate.until(lambda: gate.vision.capturing, "the camera to open")
        gate.capture.take(gate.capture.attempt, gate.vision.epoch, FACE, lookalike=told)
        await enrolment
        assert gate.desk.looks_alike(person) is told
        gate.desk.withdraw(person)
        assert not gate.desk.looks_alike(person)

    at_gate(scenario)


@pytest.mark.parametrize(
    ("happens", "code"),
    [
        (
            lambda gate: gate.capture.fail(gate.capture.attempt, wire.NOT_ALIKE, "Two people.", "Try again."),
            "enrol-not-alike",
        ),
        (
            lambda gate: gate.capture.fail(gate.capture.attempt, wire.DUPLICATE, "Already.", "Withdraw."),
            "enrol-duplicate",
        ),
        (
            lambda gate: gate.capture.fail(gate.capture.attempt, "camera-silent", "No frame.", "Plug it in."),
            "enrol-camera",
        ),
    ],
)
def test_r20_an_enrolment_that_fails_writes_neither_consent_nor_template(at_gate, happens, code):
    async def scenario(gate):
        person, _ = gate.add_resident()
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        enrolment = asyncio.create_task(gate.desk.enrol(person, gate.said()))
        await gate.until(lambda: gate.vision.capturing, "the camera to open")
        happens(gate)
        with pytest.raises(RequestError) as caught:
            await enrolment
        assert caught.value.code == code
        assert gate.store.consents.of(person) == ()
        assert gate.capture.attempt is None
        await gate.until(lambda: gate.service.face_offered, "face to be offered again")

    at_gate(scenario)


def test_r26_a_template_of_another_attempt_is_not_taken(at_gate):
    """Somebody whose enrolment was broken off is not enrolled as the next person."""

    async def scenario(gate):
        person, _ = gate.add_resident()
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        enrolment = asyncio.create_task(gate.desk.enrol(person, gate.said()))
        await gate.until(lambda: gate.vision.capturing, "the camera to open")
        gate.capture.take("earlier", gate.vision.epoch, OTHER_FACE)
        gate.capture.fail("earlier", "camera-silent", "No frame.", "Plug it in.")
        gate.capture.take(gate.capture.attempt, gate.vision.epoch, FACE)
        gate.capture.take(gate.capture.attempt, gate.vision.epoch, OTHER_FACE)
        await enrolment
        assert list(gate.vision.gallery.values()) == [FACE]

    at_gate(scenario)


def test_how_far_an_enrolment_is_can_be_asked_while_it_runs_and_no_longer(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        assert gate.desk.progress is None
        enrolment = asyncio.create_task(gate.desk.enrol(person, gate.said()))
        await gate.until(lambda: gate.vision.capturing, "the camera to open")
        step = Progress(Pose.LEFT, Advice.TURN_LEFT, 3)
        gate.capture.heed("earlier", Progress(Pose.FRONT, Advice.GOOD, 0))
        assert gate.desk.progress is None
        gate.capture.heed(gate.capture.attempt, step)
        assert gate.desk.progress == step
        gate.capture.take(gate.capture.attempt, gate.vision.epoch, FACE)
        await enrolment
        assert gate.desk.progress is None

    at_gate(scenario)


def test_r26_a_face_may_be_like_its_persons_own_template_and_no_other(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        other, _ = gate.add_resident("1204", 40452)
        gate.consent(other, OTHER_FACE)
        mine = gate.consent(person)
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        enrolment = asyncio.create_task(gate.desk.enrol(person, gate.said()))
        await gate.until(lambda: gate.vision.enrolling, "the camera to open")
        assert gate.vision.own == (mine,)
        gate.capture.take(gate.capture.attempt, gate.vision.epoch, FACE)
        await enrolment

    at_gate(scenario)


# What staff do at the desk beside it.


def test_r05_r53_a_fresh_pin_stands_as_whoever_handed_over_and_a_card_as_the_residents_own_act(at_gate):
    """Staff are signed out while the resident types the card's number: the log does not say that they gave it."""

    async def scenario(gate):
        person, old = gate.add_resident()
        fresh = await gate.desk.fresh_pin(person, by=STAFF)
        gate.desk.give_card(person, "40999")
        gate.reader.press(f"1203#{fresh}#")
        assert (await gate.result()).granted
        assert fresh != old
        actors = [entry.actor for entry in gate.store.audit.entries() if entry.action == "credential-issued"]
        assert actors[-2:] == [STAFF.value, "resident"]

    at_gate(scenario)


@pytest.mark.parametrize("card", ["", "4o451", "129:1", "99999999999"])
def test_what_is_no_cards_number_is_given_to_nobody(at_gate, card):
    async def scenario(gate):
        person, _ = gate.add_resident()
        with pytest.raises(RequestError) as refused:
            gate.desk.give_card(person, card)
        assert refused.value.code == "card-unfit"

    at_gate(scenario)


def test_a_resident_is_found_by_unit_and_by_unit_and_pin(at_gate):
    async def scenario(gate):
        person, pin = gate.add_resident()
        assert gate.desk.find(" 1203 ").person == person
        assert gate.desk.find("9") is None
        assert await gate.desk.identify("1203", pin) == person
        with pytest.raises(RequestError) as refused:
            await gate.desk.identify("1203", "000111")
        assert refused.value.code == "sign-in-wrong"

    at_gate(scenario)


def test_an_enrolment_never_takes_the_camera_from_a_visitor(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        await gate.to_capture()
        with pytest.raises(RequestError, match="just now"):
            await gate.desk.enrol(person, gate.said())
        assert not gate.vision.enrolling

    at_gate(scenario)


def test_a_withdrawal_outlives_an_enrolment_begun_before_it(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        enrolment = asyncio.create_task(gate.desk.enrol(person, gate.said()))
        await gate.until(lambda: gate.vision.capturing, "the camera to open")
        gate.desk.withdraw(person)
        gate.capture.take(gate.capture.attempt, gate.vision.epoch, FACE)
        with pytest.raises(RequestError, match="withdrawn"):
            await enrolment
        assert gate.store.templates.count() == 0

    at_gate(scenario)


# Declining, agreeing again, children.


async def enrolled(gate, person, said, by=None):
    """Enrol *person* with a face before the camera. by: STAFF for a child."""
    await gate.until(lambda: gate.service.face_offered, "face to be offered")
    by = STAFF if said.child else by
    enrolment = asyncio.create_task(gate.desk.enrol(person, said, by=by))
    await gate.until(lambda: gate.vision.capturing or enrolment.done(), "the camera to open")
    if not enrolment.done():
        gate.capture.take(gate.capture.attempt, gate.vision.epoch, FACE)
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
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        enrolment = asyncio.create_task(gate.desk.enrol(person, gate.said()))
        await gate.until(lambda: gate.vision.capturing, "the camera to open")
        gate.desk.decline(person, gate.said())
        gate.capture.take(gate.capture.attempt, gate.vision.epoch, FACE)
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
STAFF = Staff(AccountId("a" * 16), frozenset({Role.MANAGER}))


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


# Only while face may run at this gate.


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
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        enrolment = asyncio.create_task(gate.desk.enrol(person, gate.said()))
        await gate.until(lambda: gate.vision.capturing, "the camera to open")
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
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        enrolment = asyncio.create_task(gate.desk.enrol(person, gate.said()))
        await gate.until(lambda: gate.vision.capturing, "the camera to open")
        gate.capture.take(gate.capture.attempt, gate.vision.epoch, FACE)
        lock_by_clock(gate)
        with pytest.raises(RequestError) as caught:
            await enrolment
        assert caught.value.code == "enrol-locked"
        assert gate.store.consents.of(person) == ()

    at_gate(scenario)


def test_the_desk_needs_no_screen_at_the_gate_for_it_shows_the_notice_itself(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        gate.screen.live = False
        await gate.until(lambda: not gate.service.face_offered, "face to go")
        enrolment = asyncio.create_task(gate.desk.enrol(person, gate.said()))
        await gate.until(lambda: gate.vision.capturing, "the camera to open")
        gate.capture.take(gate.capture.attempt, gate.vision.epoch, FACE)
        assert (await enrolment).facts.record

    at_gate(scenario)
