"""Hours at the running gate: the same answer for card, PIN and face, and one set beside it holds at once (R03)."""

import pytest

from gate.core.types import Reason
from tests.service.world import CARD

NEVER_NOW = "{day} 00:00-00:01"
ALL_DAY = "mon-sun 00:00-24:00"


def other_day(now):
    """Give hours that lie three days off, whatever the time is."""
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    return NEVER_NOW.format(day=days[(now.weekday() + 3) % 7])


async def by_card(gate, _pin, _template):
    gate.reader.present(CARD)
    return 0


async def by_pin(gate, pin, _template):
    gate.reader.press(f"1203#{pin}#")
    return 0


async def by_face(gate, _pin, template):
    attempt = await gate.to_capture()
    since = len(gate.screen.views)
    gate.finds(attempt, template)
    return since


@pytest.mark.parametrize("come", [by_card, by_pin, by_face])
@pytest.mark.parametrize("within", [True, False])
def test_r03_hours_hold_for_every_method_alike(at_gate, come, within):
    async def scenario(gate):
        person, pin = gate.add_resident()
        template = gate.consent(person)
        now = gate.clock.now()
        gate.store.permits.set("shift", ALL_DAY if within else other_day(now), now)
        gate.store.permits.give("1203", "shift", now)
        result = await gate.result(await come(gate, pin, template))
        assert result.granted is within
        if not within:
            assert result.reason is Reason.NOT_NOW
            assert [decision[:2] for decision in gate.decisions()] == [(False, "not-now")]

    at_gate(scenario)
