"""A unit and a PIN typed on the gate's screen go the keypad's way (R02, R15, R24)."""

import pytest

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.phases import Choosing, Identifying, Idle
from gate.core.policy import CHOOSE_S, Hint
from gate.core.types import Method, Pin, UnitPin
from gate.web.app import create_app
from gate.web.kiosk.keypad import PAD_S
from tests.notices import FIRST as NOTICE
from tests.web.conftest import Client
from tests.web.kiosk.screen import PAGE, ask, see, to_the_choice, type_in, typed
from tests.web.world import World


def test_a_unit_and_pin_typed_on_the_screen_go_the_keypads_way_r02(client, world):
    client.post("/kiosk/pad")
    type_in(client, "1 2 0 3 ok 7 3 9 1 5 4 ok")
    assert typed(world) == [UnitPin("1203", "739154")]
    assert "Please come in" in see(client)


def test_the_page_gets_the_count_of_a_pins_digits_and_nothing_else(client, world):
    client.post("/kiosk/pad")
    type_in(client, "1 2 0 3 ok 7 3 9 1 5")
    answer = ask(client)
    assert answer["live"]["typed"] == "\u2022" * 5
    assert "73915" not in str(answer)
    assert "73915" not in client.get("/kiosk").text
    assert "73915" not in repr(world.screen.shown)


def test_a_pressed_key_draws_nothing_anew(client, world):
    client.post("/kiosk/pad")
    before = ask(client)["number"]
    type_in(client, "1")
    answer = ask(client, before)
    assert (answer["html"], answer["live"]["typed"]) == (None, "1")
    assert answer["number"] > before


@pytest.mark.parametrize(
    ("keys", "words"),
    [("ok", "Type your unit number first."), ("1 ok 7 3 ok", "A PIN has six digits or more.")],
)
def test_half_an_entry_is_told_beside_the_field_and_costs_no_try(client, world, keys, words):
    client.post("/kiosk/pad")
    type_in(client, keys)
    assert words in see(client)
    assert typed(world) == []


def test_what_is_no_key_presses_nothing(client, world):
    client.post("/kiosk/pad")
    for key in ("#", "12", "x", "\u0663"):
        client.post("/kiosk/key", {"key": key})
    assert client.post("/kiosk/key", {"key": "1" * 9}).status_code == 400
    assert ask(client)["live"]["typed"] == ""


def test_keys_pressed_where_there_are_none_do_nothing(client, world):
    type_in(client, "1 2 0 3 ok 7 3 9 1 5 4 ok")
    assert typed(world) == []


def test_a_half_typed_entry_is_gone_after_its_time_and_so_is_its_language(client, world):
    client.post("/kiosk/pad")
    type_in(client, "1 2 0 3 ok 7")
    world.clock.seconds += PAD_S
    answer = ask(client)
    assert "unit and PIN" not in answer["html"]
    assert "keypad" not in answer["html"]
    assert answer["language"] == "zh-CN"


def test_who_types_at_the_choice_is_not_timed_out_and_loses_no_digit_r15(client, world):
    attempt = to_the_choice(client, world)
    client.post("/kiosk/choose", {"attempt": attempt, "method": "pin"})
    type_in(client, "1 2 0 3 ok")
    for key in "73915":
        world.clock.seconds += CHOOSE_S - 1
        type_in(client, key)
    assert isinstance(world.gate.phase, Choosing)
    type_in(client, "4 ok")
    assert typed(world) == [UnitPin("1203", "739154")]


def test_an_entry_outlives_the_choice_it_began_from(client, world):
    attempt = to_the_choice(client, world)
    client.post("/kiosk/choose", {"attempt": attempt, "method": "pin"})
    type_in(client, "1 2 0 3 ok 7 3")
    world.clock.seconds += CHOOSE_S
    world.look()
    assert isinstance(world.gate.phase, Idle)
    type_in(client, "9 1 5 4 ok")
    assert typed(world) == [UnitPin("1203", "739154")]


def test_an_entry_stays_when_face_leaves_the_choice_r02(client, world):
    attempt = to_the_choice(client, world)
    client.post("/kiosk/choose", {"attempt": attempt, "method": "pin"})
    type_in(client, "1 2 0 3 ok 7 3 9")
    world.obstacles_elsewhere = True
    world.look()
    assert Method.FACE not in world.gate.phase.methods
    assert ask(client)["live"]["typed"] == "\u2022" * 3


def test_keys_opened_while_a_notice_is_read_end_it_and_nobody_reads_it_to_the_end_behind_them_r10(
    client, world
):
    ask(client)
    client.post("/kiosk/start")
    notice = world.screen.shown.view
    client.post("/kiosk/pad")
    client.post("/kiosk/shown", {"attempt": notice.attempt, "notice": NOTICE, "page": PAGE})
    assert isinstance(world.gate.phase, Idle)
    assert not any(isinstance(event, on.NoticeShown) for event in world.posted)
    assert "Your unit number" in see(client)


def test_keys_opened_during_a_face_attempt_close_the_camera_r02(client, world):
    attempt = to_the_choice(client, world)
    client.post("/kiosk/choose", {"attempt": attempt, "method": "face"})
    world.screen.show(do.Guide(attempt, Hint.COME_CLOSER))
    client.post("/kiosk/pad")
    assert do.CloseCamera() in world.effects
    assert "Your unit number" in see(client)


def test_a_card_takes_the_keys_away_r02(client, world):
    client.post("/kiosk/pad")
    type_in(client, "1 2 0 3")
    world.present("known")
    assert "Please come in" in see(client)


def test_a_face_is_withdrawn_with_a_pin_typed_on_the_screen_r24(client, world):
    client.post("/kiosk/withdraw")
    assert isinstance(world.gate.phase, Identifying)
    client.post("/kiosk/pad")
    assert "Then this screen asks once whether to delete your face." in see(client)
    type_in(client, "1 2 0 3 ok 7 3 9 1 5 4 ok")
    assert "Delete my face and withdraw consent now?" in see(client)


def test_an_entry_for_a_withdrawal_that_timed_out_opens_nothing_instead_r24(client, world):
    client.post("/kiosk/withdraw")
    client.post("/kiosk/pad")
    type_in(client, "1 2 0 3 ok 7 3 9 1 5 4")
    world.clock.seconds += CHOOSE_S
    world.look()
    type_in(client, "ok")
    assert typed(world) == []


def test_the_pin_after_a_card_is_typed_alone_on_the_screen(clock, runner):
    world = World(clock, two_factors=True)
    client = Client(create_app(world.context, world.screen), runner)
    world.obstacles_elsewhere = True
    world.present("known")
    type_in(client, "7 3 9 1 5 4 ok")
    assert typed(world)[-1] == Pin("739154")
    assert any(isinstance(effect, do.ReleaseDoor) for effect in world.effects)


def test_back_from_the_keys_shows_what_stands_behind_them(client, world):
    attempt = to_the_choice(client, world)
    client.post("/kiosk/choose", {"attempt": attempt, "method": "pin"})
    client.post("/kiosk/back")
    assert 'class="tiles"' in see(client)
