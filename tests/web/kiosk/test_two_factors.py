"""The gate's screen where a card and a PIN, or a card and a face, are asked for."""

import re

import pytest

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.phases import Capturing, Choosing, Idle, Noticing
from gate.core.types import AttemptId, Method, Pin, Reason
from gate.web.app import create_app
from tests.notices import FIRST as NOTICE
from tests.web.conftest import Client
from tests.web.kiosk.screen import PAGE, see
from tests.web.world import World

ATTEMPT = AttemptId("attempt-1")


@pytest.fixture
def world(clock):
    world = World(clock, two_factors=True)
    world.screen.speak("en")
    return world


def stage(html):
    return html.partition("</section>")[0]


def read_the_notice(client, world):
    """Show a known card and read the notice; give what the screen then shows."""
    see(client)
    world.look()
    world.present("known")
    client.post("/kiosk/shown", {"attempt": world.gate.phase.attempt, "notice": NOTICE, "page": PAGE})
    world.clock.seconds += 2
    see(client)
    world.look()
    return see(client)


def test_r05_the_rest_and_the_start_name_card_and_pin_and_offer_no_face(client, world):
    assert "Card and PIN: use the reader at any moment" in see(client)
    client.post("/kiosk/start")
    html = see(client)
    assert "How would you like to begin?" in html
    assert "This gate asks for two" in html
    assert re.findall(r'value="(card|pin|face)"', html) == ["card", "pin"]


def test_r10_after_a_card_the_notice_stands_and_says_that_the_pin_may_come_already(client, world):
    see(client)
    world.look()
    world.present("known")
    assert isinstance(world.gate.phase, Noticing)
    assert "Or type your PIN now, then #." in see(client)


def test_r10_the_notice_without_a_card_asks_for_no_pin(client, world):
    world.screen.show(do.ShowNotice(ATTEMPT, NOTICE))
    assert "type your PIN now" not in see(client)


def test_r10_a_notice_after_a_card_is_confirmed_by_the_gates_screen_like_any_other(client, world):
    see(client)
    world.look()
    world.present("known")
    attempt = world.gate.phase.attempt
    client.post("/kiosk/shown", {"attempt": attempt, "notice": "9.9", "page": PAGE})
    client.post("/kiosk/shown", {"attempt": "another", "notice": NOTICE, "page": PAGE})
    assert not world.gate.phase.confirmed
    client.post("/kiosk/shown", {"attempt": attempt, "notice": NOTICE, "page": PAGE})
    assert world.gate.phase.confirmed


def test_r03_pin_and_face_stand_as_equals_after_the_card_and_the_pin_first(client, world):
    html = read_the_notice(client, world)
    assert re.findall(r'<button class="tile" name="method" value="(\w+)">', html) == ["pin", "face"]
    assert "The keypad takes your PIN right now, then #." in html
    assert "autofocus" not in html
    assert "Withdraw face" not in html


def test_choosing_face_after_the_card_opens_the_camera(client, world):
    read_the_notice(client, world)
    client.post("/kiosk/choose", {"attempt": world.gate.phase.attempt, "method": "face"})
    assert isinstance(world.gate.phase, Capturing)
    assert "The camera is being switched on." in see(client)


def test_choosing_the_pin_tells_how_and_back_returns_to_both(client, world):
    read_the_notice(client, world)
    attempt = world.gate.phase.attempt
    client.post("/kiosk/choose", {"attempt": attempt, "method": "pin"})
    assert "The PIN is the second step." in see(client)
    client.post("/kiosk/back")
    assert 'class="tiles"' in see(client)


def test_a_method_that_is_not_asked_for_cannot_be_chosen(client, world):
    read_the_notice(client, world)
    client.post("/kiosk/choose", {"attempt": world.gate.phase.attempt, "method": "card"})
    assert 'class="tiles"' in see(client)
    assert isinstance(world.gate.phase, Choosing)


@pytest.mark.parametrize(
    ("method", "words"), [(Method.PIN, "The PIN is the second step."), (Method.CARD, "Now hold your card")]
)
def test_a_second_step_that_is_the_only_one_is_asked_for_without_a_choice(client, world, method, words):
    world.screen.show(do.AskSecond(ATTEMPT, (method,)))
    html = see(client)
    assert words in html
    assert 'class="tile"' not in stage(html)
    assert ">Back<" not in html


def test_the_pin_after_the_card_comes_in(client, world):
    read_the_notice(client, world)
    world.post(on.CredentialPresented(world.new_attempt(), Pin("739154")))
    assert "Please come in" in see(client)


def test_r14_a_notice_after_a_card_changes_its_language_by_beginning_again_with_the_card(client, world):
    see(client)
    world.look()
    world.present("known")
    client.post("/kiosk/language", {"language": "zh-CN"})
    assert isinstance(world.gate.phase, Idle)
    client.post("/kiosk/language", {"language": "en"})
    world.present("known")
    assert isinstance(world.gate.phase, Noticing)
    assert world.screen.shown.language == "en"


@pytest.mark.parametrize("reason", [Reason.NOT_NOW, Reason.DOOR_LOCKED, Reason.INTERLOCKED])
def test_a_door_nothing_opens_now_promises_no_other_way_in(client, world, reason):
    world.screen.show(do.ShowResult(ATTEMPT, granted=False, reason=reason))
    html = see(client)
    assert "Card and PIN work at any moment." not in html
    assert "Help: 010-5555 0100" in html


@pytest.mark.parametrize(("scanner", "told"), [(True, True), (False, False)])
def test_visitors_are_told_of_the_scanner_exactly_where_there_is_one(clock, runner, scanner, told):
    world = World(clock, scanner=scanner)
    world.screen.speak("en")
    client = Client(create_app(world.context, world.screen), runner)
    client.post("/kiosk/start")
    assert ("Visitors hold their code to the scanner." in see(client)) is told
