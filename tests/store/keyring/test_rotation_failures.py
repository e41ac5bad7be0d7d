"""A change of epoch that meets changes, failures, full disks or another one comes out whole (R24, R50, R51)."""

import asyncio
import random

import pytest

from gate.errors import VaultError
from tests import disks
from tests.consents import AT_DESK, give
from tests.disks import fill
from tests.rotations import FACES, faces, keep, three_residents


def test_an_enrolment_meanwhile_is_not_left_behind(open_store, store, people, noon):
    beside = open_store()
    person = store.people.add("304", "Bo", "")
    rounds = []

    def enrol_meanwhile(_old, _new, templates):
        rounds.append(len(templates))
        if len(rounds) == 1:
            give(beside, person, at=noon, template=b"d" * 512)
        return templates

    assert store.rotation.rotate_now(enrol_meanwhile, noon)
    assert rounds == [3, 4]
    assert set(faces(store, noon).values()) == {*FACES.values(), b"d" * 512}


def test_a_withdrawal_meanwhile_is_not_brought_back(open_store, store, people, noon):
    """R24"""
    beside = open_store()
    rounds = []

    def withdraw_meanwhile(_old, _new, templates):
        rounds.append(len(templates))
        if len(rounds) == 1:
            beside.consents.withdraw(people["301"][0], at=noon, by=AT_DESK)
        return templates

    assert store.rotation.rotate_now(withdraw_meanwhile, noon)
    assert rounds == [3, 2]
    assert people["301"][1] not in faces(store, noon)
    assert not store.rotation.due


def test_templates_that_never_stand_still_end_in_an_error_and_the_old_epoch(
    open_store, store, people, keys_dir, noon
):
    beside = open_store()

    def restless(_old, _new, templates):
        give(beside, beside.people.add(str(random.randrange(10**8)), "Bo", ""), at=noon)
        return templates

    with pytest.raises(VaultError) as caught:
        store.rotation.rotate_now(restless, noon)
    assert caught.value.code == "rotation-outrun"
    assert store.templates.gallery(noon).faulty == ()
    assert store.epochs.current.number == 1
    assert [path.name for path in keys_dir.iterdir() if "epoch" in path.name] == ["epoch-1"]


@pytest.mark.parametrize("answer", [[], [b"x" * 512] * 2, [b"x" * 512] * 4])
def test_a_renewal_that_loses_or_adds_templates_changes_nothing(store, people, withdraw, noon, answer):
    before = store.epochs.current.number
    with pytest.raises(VaultError) as caught:
        store.rotation.rotate_now(lambda *_: answer, noon)
    assert caught.value.code == "renewal-failed"
    assert (store.epochs.current.number, len(faces(store, noon))) == (before, 3)


def test_a_failed_renewal_leaves_the_old_epoch_and_stays_due(store, people, withdraw, noon):
    withdraw(people["301"][0])

    def fail(*_):
        raise VaultError("renewal-failed", "It failed.", remedy="Try again.")

    with pytest.raises(VaultError):
        store.rotation.rotate_now(fail, noon)
    assert store.rotation.due
    assert len(faces(store, noon)) == 2
    assert store.rotation.rotate_now(keep, noon)


def test_of_two_rotations_at_once_one_steps_back(open_store, store, people, noon):
    beside = open_store()
    answers = []

    def rotate_meanwhile(_old, _new, templates):
        answers.append(beside.rotation.rotate_now(keep, noon))
        return templates

    assert store.rotation.rotate_now(rotate_meanwhile, noon) is True
    assert answers == [False]
    assert store.epochs.current.number == 2


def test_the_services_way_comes_to_the_same(store, people, withdraw, keys_dir, noon):
    withdraw(people["301"][0])

    async def slowly(_old, _new, templates):
        await asyncio.sleep(0)
        return [each[::-1] for each in templates]

    assert asyncio.run(store.rotation.rotate(slowly, noon))
    assert set(faces(store, noon).values()) == {FACES["302"][::-1], FACES["303"][::-1]}
    assert [path.name for path in keys_dir.iterdir() if "epoch" in path.name] == ["epoch-2"]
    assert not store.rotation.due


def test_the_services_way_steps_back_before_another_process(open_store, store, people, noon):
    beside = open_store()

    async def rotate_meanwhile(_old, _new, templates):
        assert beside.rotation.rotate_now(keep, noon) is False
        return templates

    assert asyncio.run(store.rotation.rotate(rotate_meanwhile, noon))


def test_the_services_way_retries_when_templates_changed(open_store, store, people, noon):
    beside = open_store()
    rounds = []

    async def withdraw_meanwhile(_old, _new, templates):
        rounds.append(len(templates))
        if len(rounds) == 1:
            beside.consents.withdraw(people["301"][0], at=noon, by=AT_DESK)
        return templates

    assert asyncio.run(store.rotation.rotate(withdraw_meanwhile, noon))
    assert rounds == [3, 2]


def test_a_cancelled_change_leaves_the_old_epoch(store, people, withdraw, open_store, keys_dir, noon):
    withdraw(people["301"][0])

    async def scenario():
        begun = asyncio.Event()

        async def never(*_):
            begun.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(store.rotation.rotate(never, noon))
        await asyncio.wait_for(begun.wait(), 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())
    assert store.rotation.due
    assert len(faces(store, noon)) == 2
    assert store.rotation.rotate_now(keep, noon), "the lock fell"


@pytest.fixture
def small_disk(tmp_path):
    with disks.small_disk(tmp_path / "disk") as folder:
        yield folder


def enrolled_on(open_store, noon, **folders):
    store = open_store(**folders)
    three_residents(store, noon)
    store._database.write(lambda c: c.execute("DELETE FROM templates WHERE rowid = 1"))
    return store


def test_a_full_key_disk_leaves_everything_as_it_was(open_store, small_disk, noon):
    store = enrolled_on(open_store, noon, keys_dir=small_disk)
    filler = fill(small_disk)
    with pytest.raises(VaultError) as caught:
        store.rotation.rotate_now(keep, noon)
    assert caught.value.code == "key-unwritable"
    assert store.rotation.due
    assert (store.epochs.current.number, len(faces(store, noon))) == (1, 2)
    filler.unlink()
    assert store.rotation.rotate_now(keep, noon)
    assert [path.name for path in small_disk.iterdir() if "epoch" in path.name] == ["epoch-2"]


def test_a_full_data_disk_spends_the_ballast_and_the_epoch_changes(open_store, small_disk, noon):
    store = enrolled_on(open_store, noon, data_dir=small_disk)
    fill(small_disk)
    assert store.rotation.rotate_now(keep, noon)
    assert len(faces(store, noon)) == 2


def test_a_full_data_disk_without_ballast_leaves_the_old_epoch_whole(open_store, small_disk, keys_dir, noon):
    store = enrolled_on(open_store, noon, data_dir=small_disk)
    (small_disk / "ballast").unlink()
    store._database.scrub()
    filler = fill(small_disk)
    with pytest.raises(VaultError) as caught:
        store.rotation.rotate_now(keep, noon)
    assert caught.value.code == "disk-full"
    assert store.rotation.due
    assert (store.epochs.number, len(faces(store, noon))) == (1, 2)
    filler.unlink()
    assert store.rotation.rotate_now(keep, noon)
    assert len(faces(store, noon)) == 2
    assert len([path for path in keys_dir.iterdir() if "epoch" in path.name]) == 1


def test_an_old_secret_that_could_not_be_destroyed_keeps_the_change_due(
    store, people, withdraw, keys_dir, noon
):
    """R51"""
    withdraw(people["301"][0])

    def block(_old, _new, templates):
        (keys_dir / "epoch-1").unlink()
        (keys_dir / "epoch-1").mkdir()  # as a file that cannot be overwritten
        return templates

    with pytest.raises(VaultError):
        store.rotation.rotate_now(block, noon)
    assert len(faces(store, noon)) == 2
    assert store.rotation.due
    (keys_dir / "epoch-1").rmdir()
    (keys_dir / "epoch-1").touch()
    assert store.rotation.rotate_now(keep, noon)
    assert not store.rotation.due
