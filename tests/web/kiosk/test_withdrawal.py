"""Withdrawing at the gate's screen: a press, a card or PIN, a press (R24)."""

import re

import pytest

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.phases import Choosing, Confirming, Identifying, Idle, Told
from gate.core.types import AttemptId, Method, WithdrawalOutcome
from gate.web.kiosk.parts import KioskParts
from gate.web.qr import qr_svg
from gate.web.words import PHASES, WITHDRAWALS
from tests.web.kiosk.screen import ATTEMPT, see
from tests.web.world import LONGEST, RECEIPT, REFERENCE

CONSENT_STEPS = ("read the notice", "tick the box", "press agree", "stand before the camera")
"""What consenting takes at the desk."""


@pytest.fixture
def kiosk():
    """A screen with nobody to call and no codes."""
    return KioskParts()


def seen(client, world, view):
    """Give the page of *view* in English."""
    world.screen.speak("en")
    world.screen.show(view)
    return see(client)


def pressed(client, html, label):
    """Press the button with *label*, with whatever its form holds."""
    forms = re.findall(r"<form.*?</form>", html, flags=re.DOTALL)
    (form,) = (each for each in forms if re.search(rf">\s*{re.escape(label)}\s*(</b>)?</button>", each))
    values = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    return client.post(re.search(r'action="([^"]+)"', form)[1], values)


def test_a_withdrawal_takes_no_more_steps_than_consent_and_asks_no_reason(client, world):
    """R24: and it opens the door on its way, as a card always does (R02)."""
    world.screen.speak("en")
    steps = [
        lambda: pressed(client, see(client), "Withdraw face"),
        lambda: world.present("known"),
        lambda: pressed(client, see(client), "Delete my face"),
    ]
    for step in steps:
        step()
    html = see(client)
    assert len(steps) <= len(CONSENT_STEPS)
    assert "Your face was deleted" in html
    assert REFERENCE in html
    assert "<input" not in html.replace('<input type="hidden"', "")
    assert [type(effect) for effect in world.effects].count(do.ReleaseDoor) == 1
    assert [type(effect) for effect in world.effects].count(do.Withdraw) == 1


def test_withdrawing_stands_beside_start_and_at_the_choice(client, world):
    world.screen.speak("en")
    rest = see(client)
    assert rest.index("Start") < rest.index("Withdraw face")
    assert rest.count("<button") == 4  # Start, unit and PIN, withdraw, the other language
    choice = seen(client, world, do.OfferMethods(ATTEMPT, (Method.CARD, Method.PIN)))
    assert "Withdraw face" in choice


def test_from_the_choice_the_same_attempt_goes_on_to_ask_for_a_card_or_pin(client, world):
    client.post("/kiosk/start")
    world.screen.speak("en")
    choice = world.gate.phase
    assert isinstance(choice, Choosing)
    pressed(client, see(client), "Withdraw face")
    assert isinstance(world.gate.phase, Identifying)
    assert world.gate.phase.attempt == choice.attempt
    assert "Show your card, or type unit and PIN" in see(client)


def test_a_stale_choice_asks_for_nothing_while_another_person_chooses(client, world):
    client.post("/kiosk/start")
    client.post("/kiosk/withdraw", {"attempt": "of before"})
    assert isinstance(world.gate.phase, Choosing)


def test_withdrawing_works_with_everything_broken_that_face_depends_on(client, world):
    """R24, R02: no vision, no screen's script, no notice, face switched off."""
    world.obstacles_elsewhere = True
    world.look()
    client.post("/kiosk/withdraw")
    world.present("known")
    client.post("/kiosk/withdraw/confirm", {"attempt": world.gate.phase.attempt})
    assert do.Withdraw(world.gate.phase.attempt) in world.effects


def test_an_unknown_card_asks_no_question(client, world):
    world.screen.speak("en")
    client.post("/kiosk/withdraw")
    world.present("unknown")
    assert "does not open this gate" in see(client)


def test_a_press_of_another_attempt_withdraws_nothing(client, world):
    client.post("/kiosk/withdraw")
    world.present("known")
    client.post("/kiosk/withdraw/confirm", {"attempt": "another"})
    assert isinstance(world.gate.phase, Confirming)
    assert on.WithdrawalConfirmed(AttemptId("another")) in world.posted


def test_a_confirmation_without_a_question_withdraws_nothing(client, world):
    """R24: nothing is withdrawn without the card and the press, in this order."""
    client.post("/kiosk/withdraw/confirm", {"attempt": "early"})
    client.post("/kiosk/withdraw")
    client.post("/kiosk/withdraw/confirm", {"attempt": world.gate.phase.attempt})
    assert not any(isinstance(effect, do.Withdraw) for effect in world.effects)


def test_no_leads_back_to_rest(client, world):
    world.screen.speak("en")
    client.post("/kiosk/withdraw")
    world.present("known")
    pressed(client, see(client), "No, keep it")
    assert isinstance(world.gate.phase, Idle)
    assert not any(isinstance(effect, do.Withdraw) for effect in world.effects)


def test_the_question_has_two_buttons_of_one_look_and_no_third_way(client, world):
    html = seen(client, world, do.ConfirmWithdrawal(ATTEMPT))
    stage = html.partition("</section>")[0]
    assert re.findall(r"<button[^>]*>", stage) == ["<button>", "<button>"]
    assert "Cancel" not in html


def test_the_question_says_whether_the_door_opened(client, world):
    assert "The door is open for a few seconds." in seen(client, world, do.ConfirmWithdrawal(ATTEMPT))
    assert "The door did not open." in seen(client, world, do.ConfirmWithdrawal(ATTEMPT, do.DoorSaid.FAILED))
    shut = seen(client, world, do.ConfirmWithdrawal(ATTEMPT, do.DoorSaid.STAYED_SHUT))
    assert "The door stays shut. Your answer here counts all the same." in shut


def test_asking_for_a_card_promises_the_door_only_where_it_opens(client, world):
    assert "The door opens as always." in seen(client, world, do.AskCredential(ATTEMPT))
    assert "The door stays shut." in seen(client, world, do.AskCredential(ATTEMPT, opens=False))


def test_the_question_keeps_its_attempt_in_the_other_language(client, world):
    """R14."""
    client.post("/kiosk/withdraw")
    world.present("known")
    attempt = world.gate.phase.attempt
    client.post("/kiosk/language", {"language": "en"})
    assert "Delete my face and withdraw consent now?" in see(client)
    assert world.gate.phase == Confirming(attempt, world.gate.phase.until)


def test_there_are_words_for_every_outcome():
    assert set(WITHDRAWALS) == set(WithdrawalOutcome)


def test_a_withdrawal_that_failed_names_the_desk_and_whom_to_ask(client, world):
    html = seen(client, world, do.ShowWithdrawn(ATTEMPT, WithdrawalOutcome.FAILED))
    assert "Ask at the desk" in html
    assert "Help: 010-5555 0100" in html
    assert "stage refused" in html


def test_a_person_who_never_agreed_is_told_that_nothing_is_stored(client, world):
    html = seen(client, world, do.ShowWithdrawn(ATTEMPT, WithdrawalOutcome.NOTHING_TO_WITHDRAW))
    assert "Nothing is stored of your face" in html
    assert "Your receipt" not in html


@pytest.mark.parametrize("leave", ["done", "time", "next person"])
def test_no_receipt_stays_for_the_next_person(client, world, leave):
    """R25."""
    client.post("/kiosk/withdraw")
    world.present("known")
    client.post("/kiosk/withdraw/confirm", {"attempt": world.gate.phase.attempt})
    assert isinstance(world.gate.phase, Told)
    if leave == "done":
        client.post("/kiosk/cancel", {"attempt": world.gate.phase.attempt})
    elif leave == "time":
        world.clock.seconds += world.rules.show_withdrawn_s
        world.look()
    else:
        world.present("known")
    html = see(client)
    assert REFERENCE not in html
    assert qr_svg(RECEIPT) not in html  # the code to the notice may be there


def test_the_receipt_is_drawn_without_anything_a_strict_page_would_refuse(client, world):
    """R54: no inline style, no script, nothing fetched."""
    html = seen(client, world, do.ShowWithdrawn(ATTEMPT, WithdrawalOutcome.WITHDRAWN, REFERENCE, RECEIPT))
    code = html[html.index('<svg viewBox="0 0') :]
    assert 'class="qr"' in code
    for refused in ("style=", "<script", "href=", "data:"):
        assert refused not in html.partition("<footer")[0]
    assert RECEIPT not in html


def test_a_receipt_too_long_to_scan_is_shown_by_its_number_alone(client, world):
    long = do.ShowWithdrawn(ATTEMPT, WithdrawalOutcome.WITHDRAWN, REFERENCE, "x" * 2000)
    html = seen(client, world, long)
    assert "Your receipt has this number:" in html
    assert REFERENCE in html
    assert 'class="qr"' not in html


@pytest.mark.parametrize(("letters", "drawn"), [(1, True), (1700, True), (1800, False), (5000, False)])
def test_a_code_is_drawn_as_long_as_it_can_be_scanned(letters, drawn):
    assert bool(qr_svg("x" * letters)) == drawn


def test_what_a_receipt_holds_cannot_leave_its_drawing():
    assert "<b>" not in qr_svg("<b>" * LONGEST)


def test_the_status_page_does_not_tell_that_the_person_at_the_gate_withdraws():
    """R43: whoever reads it may see who stands there."""
    assert PHASES["confirming"] == PHASES["withdrawing"] == PHASES["told"] == PHASES["granted"]
