"""Who stands at the desk, and what the records say of how that was known (R26, R53)."""

import asyncio
from dataclasses import replace

import pytest

from gate.core.consent import Indication
from gate.core.types import Method
from gate.errors import RequestError
from gate.store.account.audit import Action, Actor
from gate.web.context import Identified
from tests.service.world import CARD

WRONG = ("99999", "", "4o451", "26:1", "129:1", "9" * 64)


def refusal(gate, card):
    with pytest.raises(RequestError) as refused:
        gate.desk.identify_card(card)
    return refused.value


def test_a_card_that_opens_tells_whose_it_is_as_a_reader_types_it(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        assert gate.desk.identify_card(f"{CARD}") == person
        assert gate.desk.identify_card(f"00{CARD}\n") == person
        assert gate.desk.identify_card(f"26:{CARD}") == person
        assert gate.decisions() == [], "nothing opened for it"

    at_gate(scenario)


@pytest.mark.parametrize("card", WRONG)
def test_a_wrong_card_is_refused_in_the_same_words_whatever_is_wrong(at_gate, card):
    async def scenario(gate):
        gate.add_resident()
        fault = refusal(gate, card)
        assert (fault.code, fault.what) == ("card-wrong", "No card that opens here has this number.")

    at_gate(scenario)


def test_a_card_that_was_ended_tells_nobody(at_gate):
    async def scenario(gate):
        gate.add_resident()
        gate.store.credentials.revoke_card(f"26:{CARD}", gate.clock.now())
        assert refusal(gate, f"{CARD}").code == "card-wrong"

    at_gate(scenario)


def test_cards_tried_in_a_row_have_to_wait_and_neither_keypad_nor_reader_does(at_gate):
    """Numbers run in a row: the neighbours' are not to be tried. The wait is the pages' alone (R04)."""

    async def scenario(gate):
        _, pin = gate.add_resident()
        codes = [refusal(gate, f"{CARD + 1 + number}").code for number in range(12)]
        assert codes[0] == "card-wrong"
        assert codes[-1] == "sign-in-wait"
        assert refusal(gate, f"{CARD}").code == "sign-in-wait", "the right one waits as well"
        gate.reader.press(f"1203#{pin}#")
        assert (await gate.result()).granted

    at_gate(scenario)


@pytest.mark.parametrize(
    ("identified", "indication"),
    [
        (Identified.BY_STAFF, Indication.TICKED_AND_PRESSED),
        (Identified.BY_CARD, Indication.CREDENTIAL_TICKED_AND_PRESSED),
        (Identified.BY_PIN, Indication.CREDENTIAL_TICKED_AND_PRESSED),
    ],
)
def test_r26_the_consents_record_tells_whether_staff_or_a_credential_said_who_it_was(
    at_gate, identified, indication
):
    async def scenario(gate):
        person, _ = gate.add_resident()
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        said = replace(gate.said(), identified=identified)
        enrolment = asyncio.create_task(gate.desk.enrol(person, said))
        await gate.until(lambda: gate.vision.capturing, "the camera to open")
        gate.take_face()
        await enrolment
        [consent] = gate.store.consents.of(person)
        assert gate.store.ledger.events_of(consent.id)[-1].event.indication is indication

    at_gate(scenario)


def test_the_list_goes_by_unit_and_tells_what_opens_now(at_gate):
    async def scenario(gate):
        second, _ = gate.add_resident("1203")
        first, _ = gate.add_resident("301", 40452)

        async def in_order():
            return [first, second]

        gate.desk.in_order = in_order
        gate.store.credentials.revoke_card("26:40452", gate.clock.now())
        listed = await gate.desk.by_unit(0, 50)
        assert [(each.unit, each.methods) for each in listed] == [
            ("301", {Method.PIN}),
            ("1203", {Method.CARD, Method.PIN}),
        ]
        assert [each.unit for each in await gate.desk.by_unit(1, 1)] == ["1203"]

    at_gate(scenario)


def test_r53_a_card_that_a_resident_takes_opens_at_once_and_the_log_finds_it_again(at_gate):
    """The person's page shows it so."""

    async def scenario(gate):
        person, _ = gate.add_resident()
        gate.desk.give_card(person, "40999")
        gate.reader.present(40999)
        assert (await gate.result()).granted
        [line] = gate.store.audit.about(person, Actor.RESIDENT, Action.CREDENTIAL_ISSUED, latest=1000)
        assert line.detail == '{"method":"card"}'
        assert gate.store.audit.about(person, Actor.RESIDENT, Action.CREDENTIAL_ISSUED, latest=0) == ()

    at_gate(scenario)
