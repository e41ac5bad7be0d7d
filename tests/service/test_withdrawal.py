"""Withdrawing at the gate's screen on a real store: what the person gets, and what is gone (R24)."""

import pytest
import structlog

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.consent import ConsentState
from gate.core.phases import Confirming, Gate, Idle
from gate.core.types import Reason, WithdrawalOutcome
from gate.errors import RequestError
from gate.service import new_attempt
from gate.store.consent import receipts
from gate.visitor import Visitor
from gate.withdrawal import ScreenWithdrawals
from tests.service.world import CARD, OTHER_FACE, with_rules


async def to_question(gate, card=CARD):
    """Ask to withdraw, hold *card* to the reader, and give the attempt whose question stands there."""
    await gate.until(lambda: isinstance(gate.service.gate.phase, Idle), "rest")
    gate.inputs.put_nowait(on.WithdrawalChosen(new_attempt()))
    await gate.until(lambda: isinstance(gate.screen.view, do.AskCredential), "the screen to ask for a card")
    gate.reader.present(card)
    return await question(gate)


async def question(gate):
    await gate.until(lambda: isinstance(gate.service.gate.phase, Confirming), "the question")
    return gate.service.gate.phase.attempt


async def delete(gate, attempt):
    """Press delete, and give what the screen says."""
    gate.inputs.put_nowait(on.WithdrawalConfirmed(attempt))
    await gate.until(lambda: isinstance(gate.screen.view, do.ShowWithdrawn), "the answer")
    return gate.screen.view


async def leave(gate, told):
    gate.inputs.put_nowait(on.Cancelled(told.attempt))
    await gate.until(lambda: isinstance(gate.service.gate.phase, Idle), "rest")


def states(gate, person):
    return [consent.state for consent in gate.store.consents.of(person)]


def test_a_face_that_withdrew_at_the_screen_is_refused_five_seconds_later(at_gate):
    """R24: matching stops before the next decision; card and PIN go on."""

    async def scenario(gate):
        person, pin = gate.add_resident()
        template = gate.consent(person)
        told = await delete(gate, await to_question(gate))
        assert told.outcome is WithdrawalOutcome.WITHDRAWN
        assert gate.vision.gallery == {}
        assert gate.store.templates.count() == 0
        assert states(gate, person) == [ConsentState.WITHDRAWN]
        await leave(gate, told)
        gate.finds(await gate.to_capture(), template)  # a vision process that had not heard yet
        assert (await gate.result()).reason is Reason.NOT_CONSENTED
        for act in (lambda: gate.reader.present(CARD), lambda: gate.reader.press(f"1203#{pin}#")):
            start = len(gate.screen.views)
            act()
            assert (await gate.result(start)).granted

    at_gate(scenario)


def test_the_card_opens_the_door_before_the_question_is_answered(at_gate):
    """R02: nothing is withdrawn without the press."""

    async def scenario(gate):
        person, _ = gate.add_resident()
        gate.consent(person)
        await to_question(gate)
        await gate.until(lambda: not gate.door.locked, "the card to open")
        assert gate.decisions()[0][:2] == (True, "known-credential")
        assert states(gate, person) == [ConsentState.GIVEN]

    at_gate(scenario)


def test_a_pin_tells_whose_face_goes_as_a_card_does(at_gate):
    async def scenario(gate):
        first, pin = gate.add_resident()
        other, _ = gate.add_resident("1204", CARD + 1)
        gate.consent(first)
        kept = gate.consent(other, OTHER_FACE)
        gate.inputs.put_nowait(on.WithdrawalChosen(new_attempt()))
        await gate.until(lambda: isinstance(gate.screen.view, do.AskCredential), "the screen to ask")
        gate.reader.press(f"1203#{pin}#")
        told = await delete(gate, await question(gate))
        assert told.outcome is WithdrawalOutcome.WITHDRAWN
        assert list(gate.vision.gallery) == [kept]

    at_gate(scenario)


def test_the_receipt_on_the_screen_can_be_checked_without_the_gate(at_gate):
    """R25."""

    async def scenario(gate):
        person, _ = gate.add_resident()
        gate.consent(person)
        told = await delete(gate, await to_question(gate))
        facts = receipts.read(told.receipt, public_key=gate.store.signer.public_key)
        assert facts.what == "withdrawn"
        assert facts.reference == told.reference
        assert facts.subject == gate.store.people.get(person).subject

    at_gate(scenario)


@pytest.mark.parametrize("lost", ["vision", "notice", "assessment", "screen"])
def test_withdrawing_needs_nothing_that_face_needs(at_gate, lost):
    """R24, R02."""
    options = {
        "vision": {"vision": False},
        "notice": {"notice_published": False},
        "assessment": {"approved": lambda: False},
        "screen": {},
    }

    async def scenario(gate):
        gate.add_resident()
        await gate.until(lambda: gate.service.gate.conditions.reader_healthy, "the first look")
        gate.screen.live = lost != "screen"
        gate.inputs.put_nowait(on.WithdrawalChosen(new_attempt()))
        await gate.until(lambda: not isinstance(gate.service.gate.phase, Idle), "the gate to ask")
        gate.reader.present(CARD)
        attempt = await question(gate)
        gate.screen.live = True
        told = await delete(gate, attempt)
        assert told.outcome is WithdrawalOutcome.NOTHING_TO_WITHDRAW

    at_gate(scenario, **options[lost])


def test_a_person_who_never_agreed_is_told_so_and_gets_no_receipt(at_gate):
    async def scenario(gate):
        gate.add_resident()
        told = await delete(gate, await to_question(gate))
        assert told == do.ShowWithdrawn(told.attempt, WithdrawalOutcome.NOTHING_TO_WITHDRAW)

    at_gate(scenario)


def test_a_card_after_a_walk_off_opens_and_its_question_ends_by_itself(at_gate):
    """R02: nothing is withdrawn, and nobody is remembered."""

    async def scenario(gate):
        person, _ = gate.add_resident()
        gate.consent(person)
        await to_question(gate)
        await gate.until(lambda: isinstance(gate.service.gate.phase, Idle), "rest")
        assert states(gate, person) == [ConsentState.GIVEN]
        assert gate.service._visitor._verified == {}

    at_gate(scenario, rules=with_rules(choose_s=0.2))


def test_a_second_card_at_the_question_opens_and_withdraws_for_nobody(at_gate):
    async def scenario(gate):
        first, _ = gate.add_resident()
        second, _ = gate.add_resident("1204", CARD + 1)
        gate.consent(first)
        gate.consent(second, OTHER_FACE)
        attempt = await to_question(gate)
        start = len(gate.screen.views)
        gate.reader.present(CARD + 1)
        assert (await gate.result(start)).granted
        for each in (attempt, gate.screen.view.attempt):
            gate.inputs.put_nowait(on.WithdrawalConfirmed(each))
        await gate.until(gate.inputs.empty, "both presses")
        assert states(gate, first) == states(gate, second) == [ConsentState.GIVEN]
        assert gate.service._visitor._verified == {}

    at_gate(scenario, rules=with_rules(show_result_s=0.5))


def test_a_person_is_known_from_the_card_to_the_answer_and_at_no_other_time(at_gate):
    """R36: and a card without a withdrawal is never known."""

    async def scenario(gate):
        person, _ = gate.add_resident()
        gate.consent(person)
        visitor = gate.service._visitor
        gate.reader.present(CARD)
        await gate.result()
        assert visitor._verified == {}
        attempt = await to_question(gate)
        assert visitor.of(attempt) == person
        await delete(gate, attempt)
        assert visitor._verified == {}
        assert not gate.service._withdrawals.owed

    at_gate(scenario)


def test_a_door_that_fails_keeps_nobody_from_withdrawing(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        gate.consent(person)
        gate.door.mute = True
        attempt = await to_question(gate)
        await gate.until(
            lambda: gate.screen.view == do.ConfirmWithdrawal(attempt, do.DoorSaid.FAILED), "the fault"
        )
        assert (await delete(gate, attempt)).outcome is WithdrawalOutcome.WITHDRAWN
        assert gate.decisions() == [(True, "known-credential", "fault")]

    at_gate(scenario)


def test_a_withdrawal_the_store_cannot_write_is_owed_and_face_rests_until_it_is_done(at_gate):
    """R76: a failed deletion stops processing."""

    async def scenario(gate):
        person, _ = gate.add_resident()
        gate.consent(person)
        await gate.until(lambda: gate.service.face_offered, "face to be offered")
        database = gate.store.decisions._database
        attempt = await to_question(gate)
        database.write(lambda connection: connection.execute("ALTER TABLE consents RENAME TO gone"))
        told = await delete(gate, attempt)
        database.write(lambda connection: connection.execute("ALTER TABLE gone RENAME TO consents"))
        assert told == do.ShowWithdrawn(attempt, WithdrawalOutcome.FAILED)
        await gate.until(lambda: not gate.service.face_offered, "face to rest")
        assert states(gate, person) == [ConsentState.GIVEN]
        gate.service._keep_house()
        assert states(gate, person) == [ConsentState.WITHDRAWN]
        assert gate.vision.gallery == {}
        await gate.until(lambda: gate.service.face_offered, "face to come back")

    at_gate(scenario)


def test_a_withdrawal_carried_out_late_is_heard_of_like_any_other(at_gate):
    """R24: so that an enrolment begun before it ends."""

    async def scenario(gate):
        person, _ = gate.add_resident()
        heard = []
        visitor = Visitor()
        withdrawals = ScreenWithdrawals(gate.store, visitor, heard.append)
        visitor.heed(Gate(Confirming("mine", 9.0)), "mine", person)
        database, now = gate.store.decisions._database, gate.clock.now()
        database.write(lambda connection: connection.execute("ALTER TABLE consents RENAME TO gone"))
        withdrawals.carry_out("mine", now)
        database.write(lambda connection: connection.execute("ALTER TABLE gone RENAME TO consents"))
        assert heard == []
        withdrawals.catch_up(now)
        assert heard == [person]

    at_gate(scenario)


def test_an_accident_in_a_withdrawal_still_answers_the_person_and_opens_to_no_face(at_gate):
    async def scenario(gate):
        def accident(_person):
            raise RuntimeError

        person, _ = gate.add_resident()
        template = gate.consent(person)
        gate.service.on_withdrawal(accident)
        told = await delete(gate, await to_question(gate))
        assert told.outcome is WithdrawalOutcome.FAILED
        await leave(gate, told)
        gate.finds(await gate.to_capture(), template)
        assert (await gate.result()).reason is Reason.NOT_CONSENTED

    at_gate(scenario)


def test_a_person_who_moved_out_before_the_press_has_nothing_left_to_withdraw(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        gate.consent(person)
        attempt = await to_question(gate)
        gate.store.residents.move_out("1203", gate.clock.now())
        assert (await delete(gate, attempt)).outcome is WithdrawalOutcome.NOTHING_TO_WITHDRAW
        assert not gate.service._withdrawals.owed

    at_gate(scenario)


def test_a_withdrawal_at_the_screen_outlives_an_enrolment_begun_before_it(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        enrolment = await gate.begin_enrolment(person)
        await delete(gate, await to_question(gate))
        gate.take_face()
        with pytest.raises(RequestError, match="withdrawn"):
            await enrolment
        assert gate.store.templates.count() == 0

    at_gate(scenario)


def test_no_log_line_of_a_withdrawal_tells_whose_it_was(at_gate):
    """R36, R55."""

    async def scenario(gate):
        person, pin = gate.add_resident()
        gate.consent(person)
        subject = gate.store.people.get(person).subject
        with structlog.testing.capture_logs() as logs:
            told = await delete(gate, await to_question(gate))
        said = repr(logs)
        assert "withdrawal" in said
        for secret in ("Ada", "1203", str(CARD), pin, person, subject, told.reference, told.receipt):
            assert secret not in said

    at_gate(scenario)
