"""What else a person may do or see at the gate's screen: ask for time or help, read again, find the place to stand."""

import pytest

from gate.core import effects as do
from gate.core.liveness import Challenge
from gate.core.phases import Choosing, Noticing
from gate.core.policy import CHOOSE_S, FacePlace, Hint
from gate.core.types import Method, Reason
from gate.web.app import create_app
from gate.web.screen import ASIDE_S
from tests.web.conftest import Client
from tests.web.kiosk.screen import ALL, ATTEMPT, ask, see, to_the_choice
from tests.web.world import World


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
