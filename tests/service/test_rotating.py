"""The running gate changes the epoch after each erasure, within a minute, and the door never waits (R24, R51)."""

import asyncio

import pytest
import structlog

from gate.errors import VaultError
from gate.rotating import LENT_MOST_S
from gate.vision.renewal import renewed
from tests.consents import AT_DESK
from tests.service.world import CARD, FACE, OTHER_FACE


@pytest.fixture
def logged():
    with structlog.testing.capture_logs() as lines:
        yield lines


def attend(gate, *, camera_lent=False):
    gate.service._rotating.attend(camera_lent=camera_lent)


def withdraw(gate, person):
    gate.store.consents.withdraw(person, at=gate.clock.now(), by=AT_DESK)
    gate.service.reload_gallery()


def epoch(gate):
    return gate.store.epochs.current.number


async def two_enrolled(gate):
    """Give the first person, who will withdraw, and the template of the second, who stays.

    The first housekeeping is over by then; the next one is 20 s away.
    """
    await gate.until(lambda: gate.service.face_offered, "face to be offered")
    person, _ = gate.add_resident()
    gate.consent(person, FACE)
    other, _ = gate.add_resident("1204", CARD + 1)
    return person, gate.consent(other, OTHER_FACE)


def test_after_a_withdrawal_the_epoch_changes_and_vision_gets_the_new_seed(at_gate):
    async def scenario(gate):
        person, staying = await two_enrolled(gate)
        seed = gate.store.epochs.current.seed
        withdraw(gate, person)
        gate.service._keep_house()
        await gate.until(lambda: epoch(gate) == 2, "a new epoch")
        await gate.until(lambda: gate.vision.seed != seed, "the new seed in vision")
        assert gate.vision.gallery == {staying: OTHER_FACE}
        assert gate.vision.seed == gate.store.epochs.current.seed

    at_gate(scenario)


def test_the_real_renewal_carries_the_survivors_over(at_gate):
    async def scenario(gate):
        person, staying = await two_enrolled(gate)
        withdraw(gate, person)
        attend(gate)
        await gate.until(lambda: epoch(gate) == 2, "a new epoch", patience=20)
        [(template, protected)] = gate.store.templates.gallery(gate.clock.now()).templates
        assert template == staying
        assert protected != OTHER_FACE
        assert len(protected) == len(OTHER_FACE)

    at_gate(scenario, renew=renewed)


def test_nothing_erased_changes_nothing(at_gate):
    async def scenario(gate):
        await two_enrolled(gate)
        for _ in range(3):
            gate.service._keep_house()
            await asyncio.sleep(0)
        assert epoch(gate) == 1

    at_gate(scenario)


def test_a_card_opens_while_the_epoch_changes(at_gate):
    """R02"""
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def slowly(_old, _new, templates):
        begun.set()
        await may_end.wait()
        return list(templates)

    async def scenario(gate):
        person, _ = await two_enrolled(gate)
        withdraw(gate, person)
        attend(gate)
        await asyncio.wait_for(begun.wait(), 30)
        attend(gate)  # one at a time
        gate.reader.present(CARD)
        assert (await gate.result()).granted
        assert epoch(gate) == 1
        may_end.set()
        await gate.until(lambda: epoch(gate) == 2, "a new epoch")

    at_gate(scenario, renew=slowly)


def test_an_enrolment_on_its_way_is_let_finish_but_not_for_ever(at_gate):
    async def scenario(gate):
        person, _ = await two_enrolled(gate)
        withdraw(gate, person)
        attend(gate, camera_lent=True)
        await asyncio.sleep(0)
        assert gate.service._rotating._task is None
        assert epoch(gate) == 1
        gate.clock.leap(LENT_MOST_S)
        attend(gate, camera_lent=True)
        await gate.until(lambda: epoch(gate) == 2, "a new epoch")

    at_gate(scenario)


async def failing(*_):
    raise VaultError("renewal-failed", "It failed.", remedy="Try again.")


async def fail_once(gate):
    attend(gate)
    task = gate.service._rotating._task
    await gate.until(task.done, "the try to end")


def test_two_failures_in_a_row_raise_the_alarm_and_a_success_ends_it(at_gate, logged):
    async def scenario(gate):
        person, _ = await two_enrolled(gate)
        withdraw(gate, person)
        await fail_once(gate)
        assert not gate.service.rotation_failing
        await fail_once(gate)
        assert gate.service.rotation_failing
        assert gate.store.rotation.due

        async def works(_old, _new, templates):
            return list(templates)

        gate.service._rotating._renew = works
        attend(gate)
        await gate.until(lambda: epoch(gate) == 2, "a new epoch")
        await gate.until(lambda: not gate.service.rotation_failing, "the alarm to end")

    at_gate(scenario, renew=failing)
    lines = [line for line in logged if line["event"] == "rotation_failed"]
    assert [(line["code"], line["alarm"]) for line in lines] == [
        ("renewal-failed", False),
        ("renewal-failed", True),
    ]


def test_an_accident_in_the_change_is_logged_without_its_words(at_gate, logged):
    async def accident(*_):
        raise RuntimeError("a name in here")

    async def scenario(gate):
        person, _ = await two_enrolled(gate)
        withdraw(gate, person)
        await fail_once(gate)
        assert epoch(gate) == 1

    at_gate(scenario, renew=accident)
    assert any(line.get("code") == "RuntimeError" for line in logged)
    assert "a name in here" not in str(logged)


def test_a_change_by_the_command_line_reaches_vision(at_gate):
    async def scenario(gate):
        _, staying = await two_enrolled(gate)
        seed = gate.store.epochs.current.seed
        gate.store.rotation.rotate_now(lambda _old, _new, templates: templates, gate.clock.now())
        gate.service._keep_house()
        assert gate.vision.seed not in {seed, b""}
        assert staying in gate.vision.gallery

    at_gate(scenario)


def test_a_service_that_stops_gives_the_change_up_and_leaves_the_old_epoch(at_gate):
    async def never(*_):
        await asyncio.Event().wait()

    tasks = []

    async def scenario(gate):
        person, _ = await two_enrolled(gate)
        withdraw(gate, person)
        attend(gate)
        tasks.append(gate.service._rotating._task)
        await asyncio.sleep(0)

    at_gate(scenario, renew=never)
    assert tasks[0].done()
    assert tasks[0].cancelled()
