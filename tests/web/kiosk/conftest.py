"""A gate's screen that speaks English, with somebody to call and codes to take along."""

import pytest

from gate.web.kiosk.parts import KioskParts
from tests.web.world import World


class Parts:
    """A help line and codes that remember what was asked of them."""

    def __init__(self):
        self.calls, self.issued, self.called = 0, 0, False

    def call(self):
        self.calls += 1
        self.called = True

    def issue(self):
        self.issued += 1
        return "48201937"


@pytest.fixture
def parts():
    return Parts()


@pytest.fixture
def kiosk(parts):
    return KioskParts(help_line=parts, codes=parts)


@pytest.fixture
def world(clock, kiosk):
    world = World(clock, kiosk=kiosk)
    world.screen.speak("en")
    return world
