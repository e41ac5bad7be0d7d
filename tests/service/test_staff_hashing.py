"""The staff's passwords are hashed behind the keypad's PINs, one at a time, and few of them wait (R03, R54)."""

from __future__ import annotations

import asyncio
import threading

import pytest

from gate.core import inputs as on
from gate.core.types import AttemptId, UnitPin
from gate.errors import RequestError
from gate.verifier import STAFF_WAITING_MOST, Verifier
from tests.staffing import SetClock
from tests.store.conftest import open_store, store  # noqa: F401


@pytest.fixture
def verify(store):  # noqa: F811 - pytest names a fixture so
    """Run a scenario with a verifier over the real store."""

    def run(scenario):
        async def play():
            answers = []
            verifier = Verifier(
                store,
                SetClock(),
                post=answers.append,
                heed=lambda *_: None,
                falter=answers.append,
            )
            try:
                return await scenario(verifier, answers)
            finally:
                verifier.close()

        return asyncio.run(play())

    return run


def typed(verifier, attempt="a1"):
    assert verifier.check(AttemptId(attempt), UnitPin("301", "739154")) is None


def test_a_pin_typed_meanwhile_goes_first(verify):
    order = []

    async def scenario(verifier, answers):
        begun, go_on = threading.Event(), threading.Event()

        def first():
            begun.set()
            go_on.wait(5)
            order.append("staff 1")

        under_way = asyncio.create_task(verifier.hash_for_staff(first))
        await asyncio.to_thread(begun.wait, 5)
        second = asyncio.create_task(
            verifier.hash_for_staff(lambda: order.append(f"staff 2 after {len(answers)}"))
        )
        await asyncio.sleep(0)
        typed(verifier)
        go_on.set()
        await asyncio.gather(under_way, second)

    verify(scenario)
    assert order == ["staff 1", "staff 2 after 1"]


def test_a_password_waits_for_every_pin_also_for_one_that_came_after_it(verify):
    async def scenario(verifier, answers):
        typed(verifier, "a1")
        waiting = asyncio.create_task(verifier.hash_for_staff(lambda: len(answers)))
        await asyncio.sleep(0)
        typed(verifier, "a2")
        return await waiting

    assert verify(scenario) == 2


def test_two_passwords_are_never_hashed_at_once(verify):
    running, most = [], []

    def work():
        running.append(1)
        most.append(len(running))
        running.pop()

    async def scenario(verifier, _answers):
        await asyncio.gather(*(verifier.hash_for_staff(work) for _ in range(STAFF_WAITING_MOST)))

    verify(scenario)
    assert most == [1] * STAFF_WAITING_MOST


def test_a_flood_of_sign_ins_is_told_to_wait_and_no_pin_is(verify):
    go_on = threading.Event()

    async def scenario(verifier, answers):
        waiting = [
            asyncio.create_task(verifier.hash_for_staff(lambda: go_on.wait(5)))
            for _ in range(STAFF_WAITING_MOST)
        ]
        await asyncio.sleep(0)
        with pytest.raises(RequestError) as told:
            await verifier.hash_for_staff(lambda: None)
        typed(verifier)
        go_on.set()
        await asyncio.gather(*waiting)
        return told.value.code, answers

    code, answers = verify(scenario)
    assert code == "staff-sign-in-wait"
    assert [type(answer) for answer in answers] == [on.CredentialChecked]


def test_a_browser_that_hangs_up_does_not_free_the_place(verify):
    go_on = threading.Event()

    async def scenario(verifier, _answers):
        task = asyncio.create_task(verifier.hash_for_staff(lambda: go_on.wait(5)))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        more = [
            asyncio.create_task(verifier.hash_for_staff(lambda: None)) for _ in range(STAFF_WAITING_MOST - 1)
        ]
        await asyncio.sleep(0)
        with pytest.raises(RequestError):
            await verifier.hash_for_staff(lambda: None)
        go_on.set()
        await asyncio.gather(*more)

    verify(scenario)
