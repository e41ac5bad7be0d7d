"""A gate for one fault."""

import asyncio

import pytest

from tests.service.world import world


@pytest.fixture
def at_gate(tmp_path):
    """Run a scenario at a fresh gate."""

    def run(scenario, **options):
        async def play():
            async with world(tmp_path, **options) as gate:
                return await scenario(gate)

        return asyncio.run(play())

    return run
