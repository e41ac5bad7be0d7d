"""What else a person may do at the gate's screen: type, ask for time or help, read again, take a code along."""

import re

import pytest

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.liveness import Challenge
from gate.core.phases import Choosing, Identifying, Idle, Noticing
from gate.core.policy import CHOOSE_S, FacePlace, Hint
from gate.core.types import AttemptId, Method, Pin, Reason, Sign, UnitPin
from gate.web.app import create_app
from gate.web.kiosk.deeds import READ_FIRST_S, Deeds
from gate.web.kiosk.keypad import PAD_S
from gate.web.kiosk.parts import KioskParts
from gate.web.screen import ASIDE_S, CODE_S
from gate.web.transport import Transport
from tests.notices import FIRST as NOTICE
from tests.web.conftest import Client
from tests.web.world import World

ATTEMPT = AttemptId("shown")
PAGE = "the gate's screen"
ALL = (Method.FACE, Method.CARD, Method.PIN)


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


@pytest.fixture
def sign(world):
    """A screen that cannot be touched."""
    return Deeds(world.context, world.screen)


def ask(client, after=-1):
    return client.get("/kiosk/view", params={"after": after, "page": PAGE}).json()


def see(client):
    return ask(client)["html"]


def type_in(client, keys):
    for key in keys.split():
        client.post("/kiosk/key", {"key": key})


def typed(world):
    return [event.credential for event in world.posted if isinstance(event, on.CredentialPresented)]


def to_the_choice(client, world):
    ask(client)
    client.post("/kiosk/start")
    attempt = world.gate.phase.attempt
    client.post("/kiosk/shown", {"attempt": attempt, "notice": NOTICE, "page": PAGE})
    world.clock.seconds += 2
    ask(client)
    world.look()
    return attempt


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


def test_more_time_prolongs_the_choice_and_says_how_much_is_left_r15(client, world):
    attempt = to_the_choice(client, world)
    world.clock.seconds += 15
    drawn = ask(client)["number"]
    client.post("/kiosk/more-time", {"attempt": attempt})
    answer = ask(client, drawn)
    assert (answer["html"], answer["live"]["left_s"]) == (None, CHOOSE_S)
    world.clock.seconds += 15
    world.look()
    assert isinstance(world.gate.phase, Choosing)


def test_the_notice_can_be_read_again_from_the_choice_and_only_where_face_is_offered_r10(client, world):
    attempt = to_the_choice(client, world)
    assert "Read again" in see(client)
    client.post("/kiosk/read", {"attempt": attempt})
    assert isinstance(world.gate.phase, Noticing)
    world.screen.show(do.OfferMethods(ATTEMPT, ALL[1:]))
    assert "Read again" not in see(client)


def test_a_call_for_help_is_said_with_the_number_until_staff_knows_and_ends_nothing_r74(client, world, parts):
    to_the_choice(client, world)
    phase = world.gate.phase
    client.post("/kiosk/help")
    assert parts.calls == 1
    assert ask(client)["live"]["aside"] == "Help was called. You can also ring: 010-5555 0100"
    assert world.gate.phase == phase
    parts.called = False
    assert ask(client)["live"]["aside"] == ""


def test_where_nobody_can_be_called_there_is_no_button_for_it(clock, runner):
    world = World(clock)
    world.screen.speak("en")
    client = Client(create_app(world.context, world.screen), runner)
    assert "Call for help" not in see(client)
    assert "Read aloud" not in see(client)
    assert "My data" not in see(client)
    assert client.post("/kiosk/help").status_code == 303


def test_somebody_else_who_is_refused_is_told_beside_the_question_for_a_while_r74(client, world):
    world.screen.show(do.AskSecond(ATTEMPT, (Method.PIN, Method.FACE)))
    drawn = ask(client)["number"]
    world.screen.show(do.TellRefused(ATTEMPT, Reason.UNKNOWN_CREDENTIAL))
    answer = ask(client, drawn)
    assert answer["live"]["aside"] == "Another card, PIN or code was not accepted. Your own turn goes on."
    assert answer["html"] is None
    world.clock.seconds += ASIDE_S
    assert ask(client)["live"]["aside"] == ""


def test_what_was_said_of_somebody_else_is_not_said_at_the_end_of_ones_own_visit(client, world):
    world.screen.show(do.AskSecond(ATTEMPT, (Method.PIN, Method.FACE)))
    world.screen.show(do.TellRefused(ATTEMPT, Reason.UNKNOWN_CREDENTIAL))
    world.screen.show(do.ShowResult(ATTEMPT, granted=True, reason=Reason.KNOWN_CREDENTIAL))
    assert ask(client)["live"]["aside"] == ""


def test_a_silhouette_moves_as_in_a_mirror_and_the_page_is_not_drawn_anew(client, world):
    world.screen.show(do.Guide(ATTEMPT, Hint.COME_CLOSER, FacePlace.near(0.5, 0.5, 0.2)))
    drawn = ask(client)["number"]
    world.screen.show(do.Guide(ATTEMPT, Hint.COME_CLOSER, FacePlace.near(0.25, 0.4, 0.3)))
    answer = ask(client, drawn)
    assert (answer["html"], answer["live"]["place"]) == (None, [0.75, 0.4, 0.3])
    world.screen.show(do.Guide(ATTEMPT, Hint.HOLD_STILL, FacePlace.near(0.25, 0.4, 0.3)))
    assert "Hold still" in ask(client, answer["number"])["html"]


def test_a_movement_stands_still_on_the_screen_while_the_face_moves(client, world):
    world.screen.show(do.Guide(ATTEMPT, Hint.COMPARED, FacePlace.near(0.5, 0.5, 0.3), Challenge.NOD))
    drawn = ask(client)["number"]
    world.screen.show(do.Guide(ATTEMPT, Hint.COMPARED, FacePlace.near(0.25, 0.4, 0.3), Challenge.NOD))
    assert ask(client, drawn)["html"] is None
    world.screen.show(do.Guide(ATTEMPT, Hint.COMPARED))
    assert "Checking your face" in ask(client)["html"]


@pytest.mark.parametrize(
    ("challenge", "mirrored"), [(Challenge.TURN_LEFT, False), (Challenge.TURN_RIGHT, True)]
)
def test_the_persons_own_left_is_shown_on_the_left_as_in_a_mirror(client, world, challenge, mirrored):
    world.screen.show(do.Guide(ATTEMPT, Hint.COMPARED, challenge=challenge))
    html = ask(client)["html"]
    assert f"Turn your head slowly to your {'right' if mirrored else 'left'}" in html
    assert ("scale(-1 1)" in html) is mirrored


def test_a_picture_on_the_screen_is_no_word_more_than_a_stranger_is_told_r43(client, world):
    shown = []
    for reason in (Reason.NOT_LIVE, Reason.NOT_RECOGNISED):
        world.screen.show(do.ShowResult(ATTEMPT, granted=False, reason=reason))
        shown.append(ask(client)["html"])
    assert shown[0] == shown[1]


def test_a_code_for_ones_telephone_stands_for_a_minute_and_no_longer(client, world, parts):
    client.post("/kiosk/code")
    html = see(client)
    assert "4820 1937" in html
    assert parts.issued == 1
    world.clock.seconds += CODE_S
    assert "4820" not in see(client)


def test_a_code_goes_when_somebody_comes(client, world):
    client.post("/kiosk/code")
    world.present("known")
    assert "4820" not in see(client)


def test_nobody_takes_a_code_while_another_is_served(client, world, parts):
    to_the_choice(client, world)
    client.post("/kiosk/code")
    assert parts.issued == 0


@pytest.mark.parametrize(
    ("transport", "address"),
    [
        (Transport(names=("gate.example",), port=8443), "https://gate.example:8443/me"),
        (Transport(names=("gate.example",), port=443), "https://gate.example/me"),
        (Transport(names=("fd00::1",), port=8443), "https://[fd00::1]:8443/me"),
    ],
)
def test_a_code_comes_with_the_address_it_is_for(clock, runner, kiosk, transport, address):
    world = World(clock, kiosk=kiosk)
    object.__setattr__(world.context, "transport", transport)
    client = Client(create_app(world.context, world.screen), runner)
    client.post("/kiosk/code")
    html = see(client)
    assert f" {address} " in html
    assert 'class="qr"' in html


# Where the screen cannot be touched.


@pytest.fixture
def untouched(clock, runner, parts):
    world = World(clock, kiosk=KioskParts(touch=False, help_line=parts, codes=parts))
    world.screen.speak("en")
    return world, Client(create_app(world.context, world.screen), runner), Deeds(world.context, world.screen)


@pytest.mark.parametrize(
    "view",
    [
        do.ClearScreen(),
        do.ShowNotice(ATTEMPT, NOTICE),
        do.OfferMethods(ATTEMPT, ALL),
        do.AskSecond(ATTEMPT, (Method.PIN,)),
        do.Guide(ATTEMPT, Hint.NO_FACE),
        do.ShowResult(ATTEMPT, granted=False, reason=Reason.NOT_RECOGNISED),
        do.AskCredential(ATTEMPT),
        do.ConfirmWithdrawal(ATTEMPT),
    ],
    ids=lambda view: type(view).__name__,
)
def test_on_a_sign_nothing_looks_as_if_it_could_be_pressed_and_the_keys_are_named(untouched, view):
    world, client, _ = untouched
    world.screen.show(view)
    world.screen.speak("en")
    html = see(client)
    assert not re.search(r"<(button|form|a|input)\b", html)
    assert "<kbd>" in html


def test_the_star_leads_through_a_visit_by_face_on_a_sign_r10(untouched):
    world, client, deeds = untouched
    ask(client)
    deeds.heed(Sign.GO)
    attempt = world.gate.phase.attempt
    assert isinstance(world.gate.phase, Noticing)
    deeds.heed(Sign.GO)
    assert isinstance(world.gate.phase, Noticing)
    client.post("/kiosk/shown", {"attempt": attempt, "notice": NOTICE, "page": PAGE})
    world.clock.seconds += 2
    ask(client)
    world.look()
    deeds.heed(Sign.GO)
    assert do.OpenCamera(attempt) not in world.effects
    world.clock.seconds += READ_FIRST_S
    deeds.heed(Sign.GO)
    assert do.OpenCamera(attempt) in world.effects


def test_the_star_chooses_no_face_that_is_not_offered_r10(untouched):
    world, _, deeds = untouched
    deeds.heed(Sign.GO)
    world.clock.seconds += READ_FIRST_S
    deeds.heed(Sign.GO)
    assert world.gate.phase.methods == (Method.CARD, Method.PIN)
    assert not any(isinstance(effect, do.OpenCamera) for effect in world.effects)


def test_a_face_is_withdrawn_by_the_keypads_keys_on_a_sign_r24(untouched):
    world, client, deeds = untouched
    deeds.heed(Sign.WITHDRAW)
    world.present("known")
    deeds.heed(Sign.GO)
    assert not any(isinstance(effect, do.Withdraw) for effect in world.effects)
    world.clock.seconds += READ_FIRST_S
    deeds.heed(Sign.GO)
    assert "Your face was deleted" in see(client)


def test_hash_says_no_to_the_question_and_turns_the_language_elsewhere(untouched):
    world, client, deeds = untouched
    deeds.heed(Sign.WITHDRAW)
    deeds.heed(Sign.OTHER)
    assert ask(client)["language"] == "zh-CN"
    world.present("known")
    world.clock.seconds += READ_FIRST_S
    deeds.heed(Sign.OTHER)
    assert isinstance(world.gate.phase, Idle)
    assert not any(isinstance(effect, do.Withdraw) for effect in world.effects)


def test_time_help_a_code_and_the_voice_are_a_sign_away(untouched, parts):
    world, client, deeds = untouched
    deeds.heed(Sign.OWN_CODE)
    assert "4820 1937" in see(client)
    deeds.heed(Sign.HELP)
    assert parts.calls == 1
    before = ask(client)["live"]["spoken"]
    deeds.heed(Sign.SPEAK)
    assert ask(client)["live"]["spoken"] == before + 1
    deeds.heed(Sign.MORE_TIME)
    deeds.heed(Sign.GO)
    attempt = world.gate.phase.attempt
    world.clock.seconds += 10
    deeds.heed(Sign.MORE_TIME)
    assert do.Prolonged(attempt) in world.effects


def test_a_sign_has_no_keys_of_its_own(untouched):
    world, client, _ = untouched
    client.post("/kiosk/pad")
    assert world.screen.shown.over is None
    world.screen.show(do.AskSecond(ATTEMPT, (Method.PIN,)))
    assert world.screen.shown.over is None
