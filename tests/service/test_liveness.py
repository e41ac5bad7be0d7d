"""A face at the service's gate: what is drawn, what vision is told, and what a picture of somebody comes to."""

import itertools
from collections import Counter
from dataclasses import replace

import pytest

from gate import capturing
from gate.core import effects as do
from gate.core import inputs as on
from gate.core.liveness import DRAWN, Level, Verdict
from gate.core.policy import Finding, Hint
from gate.core.types import AttemptId, Method, Reason
from gate.service import new_attempt
from tests.service.world import CARD, with_rules

ALWAYS = with_rules(liveness=Level.CHALLENGE, settle_s=0)


def finds(gate, attempt, template, live):
    for _ in range(ALWAYS.agreeing_frames):
        gate.inputs.put_nowait(on.FaceFound(attempt, Finding(Hint.COMPARED, template, live=live)))


def test_what_is_asked_for_is_drawn_by_the_service_each_as_likely():
    """A thousand draws; a share beyond these bounds comes once in a million runs."""
    chosen = on.FaceChosen(AttemptId("a"))
    drawn = Counter(capturing.with_draw(chosen).challenge for _ in range(1000))
    assert set(drawn) == set(DRAWN)
    assert all(abs(count - 1000 / len(DRAWN)) < 75 for count in drawn.values())


def test_what_was_asked_for_last_says_nothing_of_what_comes_next():
    chosen = on.FaceChosen(AttemptId("a"))
    drawn = [capturing.with_draw(chosen).challenge for _ in range(1000)]
    again = sum(one is two for one, two in itertools.pairwise(drawn))
    assert abs(again - 1000 / len(DRAWN)) < 75


def test_whoever_posts_the_choice_of_face_does_not_choose_what_is_asked_for():
    picked = on.FaceChosen(AttemptId("a"), DRAWN[0])
    assert {capturing.with_draw(picked).challenge for _ in range(100)} == set(DRAWN)


def test_no_other_input_is_changed():
    event = on.Presence(AttemptId("a"))
    assert capturing.with_draw(event) is event


def test_a_gate_without_vision_asks_nobody():
    capturing.carry_out(do.AskChallenge(AttemptId("a"), DRAWN[0]), None)


def test_vision_is_told_the_level_and_the_movement_and_the_screen_shows_the_same(at_gate):
    async def scenario(gate):
        person, _ = gate.add_resident()
        template = gate.consent(person)
        attempt = await gate.to_capture()
        assert gate.vision.liveness is Level.CHALLENGE
        finds(gate, attempt, template, Verdict.UNDECIDED)
        await gate.until(lambda: gate.vision.asked, "a movement to be asked for")
        (asked,) = gate.vision.asked
        await gate.until(lambda: isinstance(gate.screen.view, do.Guide), "the words for it")
        assert gate.screen.view.challenge is asked
        assert gate.door.locked
        finds(gate, attempt, template, Verdict.LIVE)
        assert (await gate.result()).granted

    at_gate(scenario, rules=ALWAYS)


@pytest.mark.parametrize("level", Level)
def test_a_picture_of_a_resident_is_recorded_here_and_told_as_a_stranger_is(at_gate, level):
    async def scenario(gate):
        person, _ = gate.add_resident()
        template = gate.consent(person)
        attempt = await gate.to_capture()
        finds(gate, attempt, template, Verdict.ATTACK)
        result = await gate.result()
        assert (result.granted, result.reason) == (False, Reason.NOT_RECOGNISED)
        assert gate.door.locked
        assert gate.decisions() == [(False, "not-live", None)]

    at_gate(scenario, rules=with_rules(liveness=level))


def test_a_site_that_asks_for_depth_and_has_none_offers_no_face_and_card_goes_on(at_gate):
    async def scenario(gate):
        gate.add_resident()
        await gate.until(lambda: gate.service.gate.conditions.screen_live, "the gate to look")
        assert gate.service.gate.conditions.obstacles == ("liveness_fitted",)
        gate.inputs.put_nowait(on.Presence(new_attempt()))
        await gate.until(lambda: isinstance(gate.screen.view, do.OfferMethods), "the offer")
        assert Method.FACE not in gate.screen.view.methods
        gate.reader.present(CARD)
        assert (await gate.result()).granted

    at_gate(scenario, rules=replace(ALWAYS, liveness=Level.DEPTH), liveness_fitted=False)
