"""The gate's screen step by step: what it shows, what is posted of it, and who holds it (R10, R12)."""

import re

import pytest

from gate.core import effects as do
from gate.core import inputs as on
from gate.core.attempt import Capturing, Choosing, Idle, Noticing
from gate.core.liveness import Challenge
from gate.core.policy import Hint
from gate.core.types import AttemptId, Method, Reason
from gate.web.words import CHALLENGES, CHECKING, CHOSEN, HINTS, METHODS, RESULTS, SECOND, SHUT
from tests.notices import FIRST as NOTICE
from tests.web.kiosk.screen import PAGE
from tests.web.world import World

ATTEMPT = AttemptId("attempt-1")

ELSEWHERE = "This screen was opened elsewhere. Reload to use it here."


@pytest.fixture
def world(clock):
    """A gate that is new, in its own language."""
    return World(clock)


def see(client, world, page=PAGE):
    """Ask for the view as the page's script does."""
    return client.get("/kiosk/view", params={"after": -1, "page": page}).json()


def load(client):
    """Load the page and give its token."""
    return re.search('data-page="([^"]+)"', client.get("/kiosk").text)[1]


def confirm(client, world, page=PAGE):
    client.post("/kiosk/shown", {"attempt": world.gate.phase.attempt, "notice": NOTICE, "page": page})


def in_english(world):
    world.screen.speak("en")


def to_the_choice(client, world):
    in_english(world)
    see(client, world)
    client.post("/kiosk/start")
    attempt = world.gate.phase.attempt
    client.post("/kiosk/shown", {"attempt": attempt, "notice": NOTICE, "page": PAGE})
    world.clock.seconds += 2
    see(client, world)
    world.look()
    return attempt


def test_the_script_asking_for_the_view_is_the_heartbeat_and_the_page_alone_is_not_r12(client, world):
    client.get("/kiosk")
    assert not world.screen.live
    see(client, world)
    assert world.screen.live


def test_a_question_waits_for_the_next_view(client, world):
    before = world.screen.shown.number
    answer = client.during(f"/kiosk/view?after={before}&page=a", lambda: world.present("known")).json()
    assert answer["number"] > before


def test_a_question_without_news_is_answered_within_its_hold(client, world):
    number = world.screen.shown.number
    answer = client.get(f"/kiosk/view?after={number}&page=a").json()
    assert (answer["number"], answer["language"], answer["html"]) == (number, "zh-CN", None)


def test_start_on_a_live_screen_shows_the_notice_in_the_visitors_language_r10(client, world):
    in_english(world)
    see(client, world)
    client.post("/kiosk/start")
    assert isinstance(world.gate.phase, Noticing)
    assert "Opening by face is your choice" in see(client, world)["html"]


def test_start_on_a_screen_without_script_offers_card_and_pin_only_r12(client, world):
    in_english(world)
    assert client.post("/kiosk/start").headers["location"] == "/kiosk"
    page = client.get("/kiosk").text
    assert world.gate.phase.methods == (Method.CARD, Method.PIN)
    assert 'value="face"' not in page
    assert "Face is not offered at the moment; card and PIN are." in page
    assert "cannot confirm the notice, so face is not offered" in page


def test_a_shown_notice_starts_its_minimum_time_r10(client, world):
    to_the_choice(client, world)
    assert Method.FACE in world.gate.phase.methods


@pytest.mark.parametrize(
    ("attempt", "notice"),
    [("another", NOTICE), (ATTEMPT, "0.9"), (ATTEMPT, "")],
    ids=["attempt", "version", "none"],
)
def test_only_the_notice_on_the_screen_can_be_confirmed_r10(client, world, attempt, notice):
    see(client, world)
    client.post("/kiosk/start")
    client.post("/kiosk/shown", {"attempt": attempt, "notice": notice, "page": PAGE})
    assert not any(isinstance(event, on.NoticeShown) for event in world.posted)


def test_a_notice_on_a_stale_screen_is_not_confirmed_r12(client, world):
    see(client, world)
    client.post("/kiosk/start")
    client.post("/kiosk/hidden", {"page": PAGE})
    client.post("/kiosk/shown", {"attempt": ATTEMPT, "notice": NOTICE, "page": PAGE})
    assert not any(isinstance(event, on.NoticeShown) for event in world.posted)


def test_choices_stand_as_card_pin_face_with_nothing_preselected_r03(client, world):
    to_the_choice(client, world)
    html = see(client, world)["html"]
    assert html.index('value="card"') < html.index('value="pin"') < html.index('value="face"')
    assert html.count('class="tile"') == 3
    assert "checked" not in html
    assert "autofocus" not in html


def test_choosing_face_opens_the_camera_and_says_so(client, world):
    attempt = to_the_choice(client, world)
    client.post("/kiosk/choose", {"attempt": attempt, "method": "face"})
    assert isinstance(world.gate.phase, Capturing)
    assert do.OpenCamera(attempt) in world.effects
    assert "The camera is being switched on." in see(client, world)["html"]


@pytest.mark.parametrize(("method", "words"), [("card", "Hold your card"), ("pin", "Your unit number")])
def test_choosing_card_or_pin_tells_how_and_back_returns_without_a_camera(client, world, method, words):
    attempt = to_the_choice(client, world)
    client.post("/kiosk/choose", {"attempt": attempt, "method": method})
    assert words in see(client, world)["html"]
    client.post("/kiosk/choose", {"attempt": attempt})
    assert 'class="tiles"' in see(client, world)["html"]
    assert do.OpenCamera(attempt) not in world.effects


def test_a_method_that_does_not_exist_is_refused(client, world):
    attempt = to_the_choice(client, world)
    assert client.post("/kiosk/choose", {"attempt": attempt, "method": "voice"}).status_code == 400
    assert isinstance(world.gate.phase, Choosing)


def test_cancel_ends_the_attempt_it_belongs_to_and_no_other(client, world):
    attempt = to_the_choice(client, world)
    client.post("/kiosk/cancel", {"attempt": "another"})
    assert isinstance(world.gate.phase, Choosing)
    client.post("/kiosk/cancel", {"attempt": attempt})
    assert isinstance(world.gate.phase, Idle)


def test_a_card_is_answered_whatever_the_screen_shows_r02(client, world):
    to_the_choice(client, world)
    world.present("known")
    assert "Please come in" in see(client, world)["html"]


def test_a_notice_begins_again_in_the_other_language_r14(client, world):
    see(client, world)
    client.post("/kiosk/start")
    first = world.gate.phase.attempt
    client.post("/kiosk/shown", {"attempt": first, "notice": NOTICE, "page": PAGE})
    client.post("/kiosk/language", {"language": "en"})
    assert world.gate.phase.attempt != first
    assert not world.gate.phase.confirmed
    answer = see(client, world)
    assert answer["language"] == "en"
    assert "Opening by face is your choice" in answer["html"]


def test_a_language_nobody_translated_is_refused(client, world):
    assert client.post("/kiosk/language", {"language": "xx"}).status_code == 400
    assert world.screen.shown.language == "zh-CN"


def test_every_refusal_says_what_next_and_names_card_pin_and_help_r74(client, world):
    in_english(world)
    for reason in Reason:
        world.screen.show(do.ShowResult(ATTEMPT, granted=False, reason=reason))
        html = see(client, world)["html"]
        assert ("Card and PIN work at any moment." in html) == (reason not in SHUT)
        assert "Help: 010-5555 0100" in html
        assert RESULTS[reason].title in html


@pytest.mark.parametrize("reason", [Reason.NOT_RECOGNISED, Reason.NOT_CONSENTED])
def test_r22_a_refused_face_is_told_the_way_back_after_a_change_of_the_notice(client, world, reason):
    in_english(world)
    world.screen.show(do.ShowResult(ATTEMPT, granted=False, reason=reason))
    html = see(client, world)["html"]
    assert "If you agreed earlier and the notice has changed since, agree again at the desk." in html


def test_granted_and_refused_differ_in_words_colour_and_shape(client, world):
    in_english(world)
    world.screen.show(do.ShowResult(ATTEMPT, granted=True, reason=Reason.MATCHED))
    granted = see(client, world)["html"]
    world.screen.show(do.ShowResult(ATTEMPT, granted=False, reason=Reason.NOT_RECOGNISED))
    refused = see(client, world)["html"].partition("</section>")[0]
    assert "stage granted" in granted
    assert "<circle" in granted
    assert "stage refused" in refused
    assert "<circle" not in refused


def test_there_are_words_for_every_value_the_core_can_give():
    assert set(RESULTS) == set(Reason)
    assert set(HINTS) == set(Hint)
    assert set(CHALLENGES) == set(Challenge)
    assert set(METHODS) == set(CHOSEN) == set(CHECKING) == set(Method)
    assert set(SECOND) == {Method.CARD, Method.PIN, Method.FACE}


def test_an_older_page_is_told_that_it_is_no_longer_the_screen_r12(client, world):
    in_english(world)
    old, new = load(client), load(client)
    see(client, world, new)
    answer = client.get("/kiosk/view", params={"after": -1, "page": old})
    assert answer.status_code == 409
    assert ELSEWHERE in answer.json()["html"]


def test_only_the_gates_screen_confirms_a_notice_r10(client, world):
    old = load(client)
    see(client, world, old)
    new = load(client)
    see(client, world, new)
    client.post("/kiosk/start")
    confirm(client, world, old)
    assert not world.gate.phase.confirmed
    confirm(client, world, new)
    assert world.gate.phase.confirmed


def test_a_visit_does_not_move_to_a_page_opened_meanwhile_r10(client, world):
    see(client, world, load(client))
    client.post("/kiosk/start")
    assert isinstance(world.gate.phase, Noticing)
    see(client, world, load(client))
    assert isinstance(world.gate.phase, Idle)


def test_a_cancelled_notice_leaves_the_next_visitor_the_first_language_r14(client, world):
    see(client, world)
    client.post("/kiosk/start")
    client.post("/kiosk/language", {"language": "en"})
    client.post("/kiosk/cancel", {"attempt": world.gate.phase.attempt})
    assert see(client, world)["language"] == "zh-CN"
