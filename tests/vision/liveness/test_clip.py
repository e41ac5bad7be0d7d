"""One face, look by look: who is LIVE, when everything begins anew, and what is left afterwards."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gate.core.liveness import DRAWN, Level, Verdict
from gate.vision.detect import Face
from gate.vision.liveness import BLIND_S, GAP_S, Liveness
from gate.vision.pipeline import Pipeline
from gate.vision.scenes import SceneCamera

pytestmark = [pytest.mark.models, pytest.mark.portraits]
RATE = 15
JUMPED = 200


@pytest.fixture(scope="module")
def pipeline(models_dir):
    return Pipeline.load(models_dir, ("cpu",), 1)


class Visit:
    """A person or a picture before the simulated camera, at 15 looks a second."""

    def __init__(self, settings, pipeline, passive=None):
        self.liveness, self.at = Liveness(passive), 0.0
        self.camera, self.pipeline = SceneCamera(settings, clock=lambda: self.at), pipeline

    def look(self, scene, count=1):
        self.camera.scene = scene
        for _ in range(count):
            frame = self.camera.read()
            (self.face,) = self.pipeline.detect(frame)
            self.follows = self.liveness.observe(frame, self.face, self.at)
            self.frame = frame
            self.at += 1 / RATE
        return self

    def put(self, scene):
        """Show *scene* in the very place where the last face was."""
        self.camera.scene = scene
        self.follows = self.liveness.observe(self.camera.read(), self.face, self.at)
        self.at += 1 / RATE

    def until_decided(self, scene, level=Level.BASIC, most=75):
        for _ in range(most):
            self.look(scene)
            if self.verdict(level) is not Verdict.UNDECIDED:
                break
        return self.verdict(level)

    def ask(self, challenge, *, obeys=True):
        self.liveness.ask(challenge, self.at)
        if obeys:
            self.camera.ask(challenge)

    def verdict(self, level=Level.BASIC):
        return self.liveness.verdict(level, self.at - 1 / RATE)


@pytest.fixture
def visit(settings_for, models_dir, pipeline):
    source = models_dir / "weights/portraits"
    return Visit(settings_for("simulated", source, frames_per_s=5000), pipeline)


@pytest.mark.parametrize("scene", ["resident", "stranger"])
def test_a_person_who_moves_naturally_is_live_within_six_tenths_of_a_second(visit, scene):
    assert visit.until_decided(scene) is Verdict.LIVE
    assert visit.at <= 0.6


@pytest.mark.parametrize("scene", ["print"])
def test_a_picture_in_the_hand_is_never_live(visit, scene):
    assert visit.until_decided(scene, most=30) is not Verdict.LIVE


def test_a_picture_that_does_not_move_is_never_live(visit):
    visit.look("resident")
    for _ in range(30):
        visit.liveness.observe(visit.frame, visit.face, visit.at)
        visit.at += 1 / RATE
        assert visit.verdict() is Verdict.UNDECIDED


def test_a_film_on_a_screen_is_asked_and_does_not_answer(visit):
    visit.look("replay", 3)
    visit.ask(DRAWN[0], obeys=False)
    assert visit.until_decided("replay", Level.CHALLENGE, most=15) is not Verdict.LIVE


@pytest.mark.parametrize("challenge", DRAWN)
def test_a_person_does_what_is_asked_and_is_live_then_and_when_looking_ahead_again(visit, challenge):
    visit.look("resident", 3)
    visit.ask(challenge)
    assert visit.until_decided("resident", Level.CHALLENGE) is Verdict.LIVE
    assert visit.look("resident", 20).verdict(Level.CHALLENGE) is Verdict.LIVE


def test_a_living_head_does_not_vouch_for_the_print_that_follows_after_a_gap(visit):
    visit.until_decided("resident")
    visit.at += BLIND_S
    visit.look("print", 2)
    assert not visit.look("print").liveness._frames > 3
    assert visit.verdict() is Verdict.UNDECIDED


@pytest.mark.parametrize("same", [None, False])
def test_a_print_swapped_in_while_nobody_looked_fails_the_challenge_that_was_done(visit, same):
    """Whoever did what was asked is another than the picture: nothing was compared before, or another face was."""
    visit.look("resident", 3)
    visit.ask(DRAWN[0])
    assert visit.until_decided("resident", Level.CHALLENGE) is Verdict.LIVE
    visit.at += BLIND_S - 2 / RATE
    visit.put("print")
    assert visit.follows
    assert visit.verdict(Level.CHALLENGE) is Verdict.UNDECIDED
    visit.liveness.vouch(same=same)
    assert visit.verdict(Level.CHALLENGE) is not Verdict.LIVE
    assert visit.look("print", 3).verdict(Level.CHALLENGE) is Verdict.ATTACK


def test_a_person_whom_nobody_looked_at_for_a_while_is_live_once_their_likeness_vouches(visit):
    visit.look("resident", 3)
    visit.ask(DRAWN[0])
    visit.until_decided("resident", Level.CHALLENGE)
    visit.at += BLIND_S - 2 / RATE
    visit.look("resident", 2)
    assert visit.verdict(Level.CHALLENGE) is Verdict.UNDECIDED
    visit.liveness.vouch(same=True)
    assert visit.verdict(Level.CHALLENGE) is Verdict.LIVE


def test_a_face_that_was_looked_for_and_not_there_has_half_a_second(visit):
    visit.until_decided("resident")
    visit.at += GAP_S
    visit.liveness.miss()
    assert not visit.look("resident").follows
    visit.liveness.miss()
    visit.at += GAP_S - 2 / RATE
    assert visit.look("resident").follows


def test_a_machine_that_looks_once_in_eight_tenths_of_a_second_still_sees_a_movement_done(visit):
    visit.look("resident", 2)
    visit.ask(DRAWN[0])
    for _ in range(8):
        visit.at += 0.8 - 1 / RATE
        visit.look("resident")
        visit.liveness.vouch(same=True)
        if visit.verdict(Level.CHALLENGE) is not Verdict.UNDECIDED:
            break
    assert visit.verdict(Level.CHALLENGE) is Verdict.LIVE


def test_a_face_that_jumps_is_another_one(visit):
    visit.until_decided("resident")
    moved = Face(visit.face.box, 0.9, visit.face.landmarks + JUMPED)
    assert not visit.liveness.observe(visit.frame, moved, visit.at)
    visit.at += 1 / RATE
    assert visit.verdict() is Verdict.UNDECIDED


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_face_without_numbers_follows_nothing(visit, bad):
    visit.until_decided("resident")
    broken = Face((bad, bad, bad, bad), 0.9, np.full((5, 2), bad, np.float32))
    with np.errstate(invalid="ignore"):
        assert not visit.liveness.observe(visit.frame, broken, visit.at)
        assert not visit.liveness.observe(visit.frame, visit.face, visit.at + 0.1)


def test_a_clock_set_back_begins_anew(visit):
    visit.until_decided("resident")
    assert not visit.liveness.observe(visit.frame, visit.face, visit.at - 5)


def test_a_restart_fails_the_challenge_that_was_asked(visit):
    visit.look("resident", 3)
    visit.ask(DRAWN[0])
    visit.liveness.restart()
    assert visit.look("resident").verdict() is Verdict.ATTACK


def test_a_verdict_is_worth_nothing_once_the_face_is_gone(visit):
    visit.until_decided("resident")
    assert visit.liveness.verdict(Level.BASIC, visit.at + GAP_S) is Verdict.UNDECIDED
    assert visit.liveness.verdict(Level.BASIC, math.nan) is Verdict.UNDECIDED


def test_networks_that_give_no_number_are_never_live(visit):
    class Silent:
        def live_probability(self, _frame, _face):
            return math.nan

        def wipe(self):
            pass

    visit.liveness = Liveness(Silent())
    assert visit.until_decided("resident", most=15) is Verdict.UNDECIDED
    assert visit.liveness.passive_fitted


def test_r31_wiping_leaves_nothing_of_a_clip(visit):
    visit.until_decided("resident")
    visit.ask(DRAWN[0])
    visit.liveness.wipe()
    assert visit.verdict() is Verdict.UNDECIDED
    assert visit.liveness._signals() == Liveness()._signals()
    assert visit.until_decided("resident") is Verdict.LIVE, (
        "the next person begins without the last one's challenge"
    )
