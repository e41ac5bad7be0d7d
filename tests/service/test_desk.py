"""What staff do at the desk beside an enrolment (R05, R53)."""

import pytest

from gate.errors import RequestError
from tests.service.world import STAFF


def test_r05_r53_a_fresh_pin_stands_as_whoever_handed_over_and_a_card_as_the_residents_own_act(at_gate):
    """Staff are signed out while the resident types the card's number: the log does not say that they gave it."""

    async def scenario(gate):
        person, old = gate.add_resident()
        fresh = await gate.desk.fresh_pin(person, by=STAFF)
        gate.desk.give_card(person, "40999")
        gate.reader.press(f"1203#{fresh}#")
        assert (await gate.result()).granted
        assert fresh != old
        actors = [entry.actor for entry in gate.store.audit.entries() if entry.action == "credential-issued"]
        assert actors[-2:] == [STAFF.value, "resident"]

    at_gate(scenario)


@pytest.mark.parametrize("card", ["", "4o451", "129:1", "99999999999"])
def test_what_is_no_cards_number_is_given_to_nobody(at_gate, card):
    async def scenario(gate):
        person, _ = gate.add_resident()
        with pytest.raises(RequestError) as refused:
            gate.desk.give_card(person, card)
        assert refused.value.code == "card-unfit"

    at_gate(scenario)


def test_a_resident_is_found_by_unit_and_by_unit_and_pin(at_gate):
    async def scenario(gate):
        person, pin = gate.add_resident()
        assert gate.desk.find(" 1203 ").person == person
        assert gate.desk.find("9") is None
        assert await gate.desk.identify("1203", pin) == person
        with pytest.raises(RequestError) as refused:
            await gate.desk.identify("1203", "000111")
        assert refused.value.code == "sign-in-wrong"

    at_gate(scenario)
