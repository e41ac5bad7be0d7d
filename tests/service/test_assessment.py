"""R80: face, and the camera for an enrolment, stay locked until the assessment of the present configuration is approved."""

import asyncio

import pytest

from gate.errors import RequestError, VaultError
from tests.service.world import CARD, world


class Approval:
    """What the store says of the assessment."""

    def __init__(self, *, held):
        self.held = held

    def __call__(self):
        if isinstance(self.held, Exception):
            raise self.held
        return self.held


def obstacles(gate):
    return gate.service.gate.conditions.obstacles


async def settled(gate, *, approved):
    await gate.until(
        lambda: ("assessment_approved" not in obstacles(gate)) is approved, "the approval to count"
    )


def test_r80_without_an_approval_face_is_not_offered_and_a_card_opens(tmp_path):
    async def scenario():
        async with world(tmp_path, approved=Approval(held=False)) as gate:
            gate.add_resident()
            await gate.until(lambda: obstacles(gate) == ("assessment_approved",), "nothing else in the way")
            assert not gate.service.face_offered
            gate.reader.present(CARD)
            assert (await gate.result()).granted

    asyncio.run(scenario())


def test_r80_an_approval_at_the_command_line_is_taken_up_by_the_running_gate(tmp_path):
    async def scenario():
        approval = Approval(held=False)
        async with world(tmp_path, approved=approval) as gate:
            await settled(gate, approved=False)
            approval.held = True
            gate.service._keep_house()  # as it does by itself every 20 s
            await gate.until(lambda: gate.service.face_offered, "face to be offered")

    asyncio.run(scenario())


def test_r80_a_configuration_that_changed_locks_face_at_the_running_gate(tmp_path):
    async def scenario():
        approval = Approval(held=True)
        async with world(tmp_path, approved=approval) as gate:
            await gate.until(lambda: gate.service.face_offered, "face to be offered")
            approval.held = False
            gate.service._keep_house()
            await gate.until(lambda: not gate.service.face_offered, "face to be locked")

    asyncio.run(scenario())


def test_r80_what_cannot_be_read_is_not_approved(tmp_path):
    async def scenario():
        approval = Approval(held=True)
        async with world(tmp_path, approved=approval) as gate:
            await settled(gate, approved=True)
            approval.held = VaultError("database-io", "It cannot be read.", remedy="Check the disk.")
            gate.service._keep_house()
            await settled(gate, approved=False)

    asyncio.run(scenario())


def test_r80_nobody_is_enrolled_without_an_approval(tmp_path):
    async def scenario():
        async with world(tmp_path, approved=Approval(held=False)) as gate:
            await settled(gate, approved=False)
            with pytest.raises(RequestError) as refusal:
                async with gate.service.lend_camera():
                    raise AssertionError("the camera was lent")
            assert refusal.value.code == "assessment-missing"
            assert gate.vision.capturing is None

    asyncio.run(scenario())


def test_r87_face_that_was_ended_is_its_own_obstacle_and_nobody_is_enrolled(tmp_path):
    async def scenario():
        async with world(tmp_path, approved=Approval(held=True)) as gate:
            await settled(gate, approved=True)
            gate.store.assessments.stop("north", gate.clock.now(), {})
            gate.service._keep_house()
            await gate.until(lambda: obstacles(gate) == ("not_stopped",), "the end to be heeded")
            with pytest.raises(RequestError) as refusal:
                async with gate.service.lend_camera():
                    raise AssertionError("the camera was lent")
            assert refusal.value.code == "face-stopped"

    asyncio.run(scenario())
