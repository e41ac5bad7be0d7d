"""A gate for one scenario."""

import asyncio

import pytest

from gate.identifying import PinPages
from gate.office.gatecodes import GateCodes
from gate.rights import records_of
from gate.selfservice import SelfService
from gate.service import new_attempt
from gate.store.upkeep.clock import TrustedClock
from gate.vision.manifest import load_operating_point, manifest_for
from gate.web.app import create_app
from gate.web.context import WebContext
from gate.web.screen import KioskScreen
from tests.notices import board
from tests.service.browsing import SHANGHAI, Browser
from tests.service.world import world
from tests.settings_of import settings_of
from tests.web.world import known_office


@pytest.fixture
def at_gate(tmp_path):
    """Run a scenario at a fresh gate."""

    def run(scenario, **options):
        async def play():
            async with world(tmp_path, **options) as gate:
                return await scenario(gate)

        return asyncio.run(play())

    return run


@pytest.fixture
def at_page(at_gate, models_dir):
    """Run a scenario with a gate, a resident with PIN, and a way to open browsers at the gate's own page."""

    def run(scenario):
        async def play(gate):
            clock = TrustedClock(gate.clock, gate.store.clock)
            point = load_operating_point(models_dir, manifest_for(models_dir, "embed"))
            records = records_of(settings_of("north"), gate.store, point)
            codes = GateCodes(clock)
            own = SelfService(
                clock=clock,
                service=gate.service,
                pins=PinPages(clock, gate.service),
                records=records,
                codes=codes,
                zone=SHANGHAI,
            )
            context = WebContext(
                clock=clock,
                post=gate.inputs.put_nowait,
                new_attempt=new_attempt,
                notices=board(gate.store),
                public_url=None,
                notice_minimum_s=2.0,
                status=lambda: None,
                desk=gate.desk,
                own=own,
                office=known_office(),
                contact="010-5555",
                zone=SHANGHAI,
            )
            app = create_app(context, KioskScreen(clock))
            person, pin = gate.add_resident()
            await scenario(gate, lambda: Browser(app, codes), person, pin)

        at_gate(play)

    return run
