"""A screen that cannot be touched: a sign, and the reader's keys do everything (R10, R24)."""

import re

import pytest

from gate.core import effects as do
from gate.core.phases import Idle, Noticing
from gate.core.policy import Hint
from gate.core.types import Method, Reason, Sign
from gate.web.app import create_app
from gate.web.kiosk.deeds import READ_FIRST_S, Deeds
from gate.web.kiosk.parts import KioskParts
from tests.notices import FIRST as NOTICE
from tests.web.conftest import Client
from tests.web.kiosk.screen import ALL, ATTEMPT, PAGE, ask, see
from tests.web.world import World


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
