"""The composed gate with a folder for backups: it makes them, shows what hinders it, and opens the door meanwhile."""

import asyncio

from gate.app import open_gate
from gate.settings import read_settings
from gate.simulated import SimulatedScreen
from gate.store.backup.backups import backups_in
from tests.settings_file import settings_file


def settings_in(folder):
    return read_settings(settings_file(folder, more=f'[backup]\nfolder = "{folder}/stick"'))


async def until(holds):
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - what is waited for is on a real disk
            await asyncio.sleep(0.005)


def test_a_started_gate_backs_itself_up_and_says_so(tmp_path):
    (tmp_path / "stick").mkdir(mode=0o700)

    async def run():
        async with open_gate(settings_in(tmp_path), SimulatedScreen) as gate:
            await until(lambda: backups_in(tmp_path / "stick"))
            status = gate.status()
            assert (status.backup_wanted, status.backup_fault) == (True, None)

    asyncio.run(run())


def test_an_absent_medium_is_an_alarm_in_the_status_and_stops_nothing(tmp_path):
    async def run():
        async with open_gate(settings_in(tmp_path), SimulatedScreen) as gate:
            await until(lambda: gate.status().backup_fault is not None)
            assert "is not there" in gate.status().backup_fault
            assert gate.status().door_healthy

    asyncio.run(run())
