"""A full disk stops face and nothing else."""

import asyncio

import pytest

from tests import disks
from tests.service.world import CARD, world


@pytest.mark.fault("disk-full")
def test_on_a_full_disk_the_card_opens_face_leaves_and_comes_back_with_room(tmp_path):
    async def scenario(folder):
        async with world(folder) as gate:
            gate.add_resident()
            await gate.until(lambda: gate.service.face_offered, "face to be offered")
            filler = disks.fill(folder)
            gate.reader.present(CARD)
            assert (await gate.result()).granted
            assert not gate.door.locked
            await gate.until(lambda: not gate.service.face_offered, "face to leave")
            assert gate.service.gate.conditions.obstacles == ("storage_healthy",)
            filler.unlink()
            gate.store.reclaim()
            await gate.until(lambda: gate.service.face_offered, "face to come back")
            assert [granted for granted, *_ in gate.decisions()] == [True]

    with disks.small_disk(tmp_path / "disk") as folder:
        asyncio.run(scenario(folder))
