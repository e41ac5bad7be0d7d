"""One visit's frames: what they add up to, what makes them begin anew, and that nothing of them stays."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from gate.core.liveness import Level, Verdict
from gate.core.policy import Hint
from gate.vision import wire
from gate.vision.detect import Face
from gate.vision.liveness import BLIND_S, GAP_S, Liveness
from gate.vision.pipeline import Pipeline
from gate.vision.quality import Assessor
from gate.vision.visit import OTHER_FACE, SAME_FACE, Senses
from tests.vision.planted import OneFace, OneVector, axis, scenery, towards
from tests.vision.world import EPOCH, SEED

STEP = 0.04


class Crowd(OneFace):
    """A detector's stand-in that sees so many faces of one size, one number after the other."""

    def __init__(self, *numbers):
        super().__init__()
        self.numbers = list(numbers)

    def run(self, outputs, inputs):
        answers = dict(zip(outputs, super().run(outputs, inputs), strict=True))
        number = self.numbers.pop(0) if self.numbers else 1
        if number == 0:
            answers["cls_32"][:] = 0
        if number == 2:
            here, there = 3 * 10 + 4, 3 * 10 + 9
            for head in ("cls", "obj", "bbox", "kps"):
                answers[f"{head}_32"][0, there] = answers[f"{head}_32"][0, here]
        return [answers[name] for name in outputs]


class Swapped(Liveness):
    """Liveness that sees another face in the place of the last one, at these looks."""

    def __init__(self, *looks):
        super().__init__()
        self.looks, self.count = looks, 0

    def observe(self, _frame, _face, _at):
        self.count += 1
        return self.count not in self.looks

    def verdict(self, _level, _at):
        return Verdict.LIVE


@pytest.fixture
def visit(child_of, settings_for):
    """Give a function that shows a child frames, at their times, and gives the templates it names."""

    def build(*vectors, detector=None, liveness=None, level="", only=(), threshold=0.7, rise=0.0, **known):
        child = child_of(settings_for("folder", threshold=threshold, margin=0.1, n_threshold=1, rise=rise))
        pipeline = Pipeline(detector or OneFace(), OneVector(*vectors))
        child.worker.fit(Senses(child.settings, pipeline, liveness or Liveness(), Assessor()))
        child.captures(wire.StartCapture("x", only=only, liveness=level))
        child.knows(**(known or {"ada": axis()}))
        return child

    return build


def shows(child, count, *, start=10.0, step=STEP, seed=0):
    """Show so many frames, *step* seconds apart; give what is found."""
    found = []
    for number in range(count):
        child.worker.report(scenery(seed + number), start + number * step)
        found += child.said()
    return found


def names(*seen, **at):
    return [each.template for each in shows(*seen, **at)]


def test_r68_a_first_hit_never_names_and_the_second_frame_may(visit):
    assert names(visit(axis()), 4) == [None, "ada", "ada", "ada"]


def test_one_lucky_frame_among_others_never_makes_two_in_a_row(visit):
    """A stranger whose every fourth frame is as like as can be: no frame is named on the strength of another alone."""
    seen = names(visit(axis(), towards(0.55), towards(0.55), towards(0.55)), 40)
    assert ("ada", "ada") not in pairwise(seen)


@pytest.mark.parametrize("cosine", [0.69, 0.6, 0.3])
def test_however_long_somebody_below_the_threshold_stands_there_they_are_nobody(visit, cosine):
    assert set(names(visit(towards(cosine)), 40)) == {None}


def test_a_face_unlike_those_before_it_begins_anew(visit):
    """One face does not vouch for the next, though it stood in the very same place."""
    other = np.eye(128)[5]
    child = visit(axis(), axis(), other, axis(), axis())
    assert names(child, 5) == [None, "ada", None, None, "ada"]
    assert float(other @ axis()) < SAME_FACE


def test_two_people_who_alternate_are_nobody(visit):
    assert set(names(visit(axis(), np.eye(128)[5]), 20)) == {None}


def test_a_face_that_was_away_begins_anew(visit):
    away = [1, 1, 0, 1, 1]
    assert names(visit(axis(), detector=Crowd(*away)), 5, step=GAP_S / 2) == [None, "ada", None, "ada", "ada"]
    assert names(visit(axis(), detector=Crowd(*away)), 5, step=GAP_S / 2 + 0.01) == [
        None,
        "ada",
        None,
        None,
        "ada",
    ]


def test_a_face_that_nobody_looked_for_begins_anew_only_after_twice_that(visit):
    """A starved machine looks seldom: that is no sign that the face was gone."""
    assert names(visit(axis()), 4, step=BLIND_S) == [None, "ada", "ada", "ada"]
    assert names(visit(axis()), 4, step=BLIND_S + 0.01) == [None] * 4


def test_a_time_that_is_no_number_names_nobody(visit):
    assert names(visit(axis()), 4, start=math.nan) == [None] * 4


@pytest.mark.parametrize(("between", "named"), [(1, ["ada", "ada"]), (0, [None, "ada"]), (2, [None, None])])
def test_r32_a_second_person_makes_the_evidence_begin_anew_and_a_missed_frame_does_not(visit, between, named):
    child = visit(axis(), detector=Crowd(1, 1, between, 1))
    seen = names(child, 4)
    assert (seen[1], seen[2:]) == ("ada", named)


def test_another_face_by_its_motion_begins_anew(visit):
    child = visit(axis(), liveness=Swapped(1, 4), level="basic")
    assert names(child, 6) == [None, "ada", "ada", None, "ada", "ada"]


class Told(Liveness):
    """Liveness that follows any face and notes what the comparison says of it."""

    def __init__(self):
        super().__init__()
        self.said = []

    def vouch(self, *, same):
        self.said.append(same)

    def miss(self):
        self.said.append("missed")


def test_liveness_hears_of_every_look_whether_it_showed_the_same_face(visit):
    """So what lived before a gap cannot be swapped for a picture within it."""
    told = Told()
    unlike = towards(OTHER_FACE - 0.01)
    shows(visit(axis(), axis(), unlike, detector=Crowd(1, 1, 0, 1), liveness=told, level="challenge"), 4)
    assert told.said == [None, True, "missed", False]


def test_what_is_known_of_its_life_comes_with_every_frame(visit):
    found = shows(visit(axis(), liveness=Swapped(), level="basic", detector=Crowd(0, 1, 2)), 3)
    assert [each.live for each in found] == ["live"] * 3


def test_where_no_level_is_asked_nothing_is_looked_for(visit):
    watching = Swapped()
    assert [each.live for each in shows(visit(axis(), liveness=watching), 2)] == ["undecided"] * 2
    assert watching.count == 0


def test_r24_r35_evidence_does_not_outlive_the_gallery_it_was_gathered_on(visit):
    child = visit(axis())
    shows(child, 3)
    child.told(wire.LoadGallery(9, EPOCH + 1, (), SEED))
    assert child.worker._visit._probe.frames == 0


@pytest.mark.parametrize("message", [wire.Wipe(), wire.StopCapture(), wire.StartCapture("y")])
def test_r31_nothing_of_a_visit_outlives_it(visit, message):
    child = visit(axis())
    shows(child, 3)
    ended = child.worker._visit
    held, aligned = ended._probe._sum, child.worker._senses.assessor._aligned
    assert held.any()
    assert aligned.any()
    child.told(message)
    assert not held.any()
    assert not aligned.any()
    assert (ended._probe.frames, child.pixels().any()) == (0, False)


def test_a_visit_changes_no_template(visit):
    """R34: nothing is learnt from passages."""
    child = visit(towards(0.9))
    before = child.worker._gallery.matrix.copy()
    assert "ada" in names(child, 30)
    np.testing.assert_array_equal(child.worker._gallery.matrix, before)


def test_a_claim_needs_several_frames_too(visit):
    child = visit(towards(0.72), only=("ada",), ada=axis(), ben=towards(0.7))
    assert names(child, 3) == [None, "ada", "ada"]


def test_r33_the_threshold_rises_with_the_gallery_and_not_with_what_is_claimed(visit):
    others = {f"p{number}": np.eye(128)[number] for number in range(2, 9)}
    probe = towards(0.75)
    assert names(visit(probe, rise=0.05), 6)[-1] == "ada"
    assert set(names(visit(probe, rise=0.05, ada=axis(), **others), 6)) == {None}
    assert names(visit(probe, rise=0.05, only=("ada",), ada=axis(), **others), 6)[-1] == "ada"


def test_the_larger_the_gallery_the_more_two_frames_must_say(visit):
    others = {f"p{number}": np.eye(128)[number] for number in range(3, 120)}
    assert names(visit(towards(0.58), threshold=0.5), 2)[-1] == "ada"
    crowd = visit(towards(0.58), threshold=0.5, ada=axis(), **others)
    seen = names(crowd, 40)
    assert (seen[1], seen[-1]) == (None, "ada")


# --- what is not a number ---


@pytest.mark.filterwarnings("ignore:overflow encountered", "ignore:invalid value encountered")
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 0.0, 1e38])
def test_an_embedding_that_is_no_vector_is_a_fault_and_names_nobody(visit, bad):
    (fault,) = visit(np.full(128, bad)).look(Shot())
    assert (fault.code, bool(fault.remedy)) == ("model-output", True)


class Shot:
    """A camera with one frame."""

    def read(self):
        return scenery(0)

    def close(self):
        pass


class Broken(OneFace):
    """A detector whose outputs of one kind are all this."""

    def __init__(self, head, value):
        super().__init__()
        self.head, self.value = head, value

    def run(self, outputs, inputs):
        return [
            np.full_like(answer, self.value) if name.startswith(self.head) else answer
            for name, answer in zip(outputs, super().run(outputs, inputs), strict=True)
        ]


@pytest.mark.filterwarnings("ignore:invalid value encountered")
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("head", ["cls", "obj", "bbox", "kps"])
def test_a_detector_that_gives_no_numbers_finds_nobody(visit, head, value):
    found = shows(visit(axis(), detector=Broken(head, value)), 3)
    assert {(each.hint, each.template) for each in found} == {(Hint.NO_FACE.value, None)}


def test_a_face_is_told_to_hold_still_where_its_landmarks_span_none(visit):
    found = shows(visit(axis(), detector=OneFace(degenerate=True)), 2)
    assert {(each.hint, each.template) for each in found} == {(Hint.HOLD_STILL.value, None)}


def test_a_blurred_face_is_guided_and_never_embedded(visit):
    class Forbidden:
        def run(self, _outputs, _inputs):
            raise AssertionError("embedded")

    child = visit(axis())
    senses = child.worker._senses
    child.worker.fit(Senses(senses.settings, Pipeline(OneFace(), Forbidden()), Liveness(), Assessor()))
    child.worker.report(cv2.GaussianBlur(scenery(1), (0, 0), 30), 1.0)
    (found,) = child.said()
    assert (found.template, found.hint != Hint.COMPARED.value) == (None, True)


@pytest.mark.parametrize("flaw", ["covered", "shaded"])
def test_whoever_is_covered_is_told_so_and_compared_all_the_same_enrolled_or_not(visit, flaw):
    """A hint that came to strangers alone would tell whether the person of a covered picture is enrolled."""

    class Covering(Assessor):
        def assess(self, frame, face):
            return replace(super().assess(frame, face), **{flaw: True})

    found = []
    for vector in (axis(), towards(0.3)):
        child = visit(vector)
        senses = child.worker._senses
        child.worker.fit(replace(senses, assessor=Covering()))
        found.append(shows(child, 3))
    assert [each.hint for each in found[0]] == [each.hint for each in found[1]] == [Hint.UNCOVER.value] * 3
    assert [[each.template for each in seen] for seen in found] == [[None, "ada", "ada"], [None] * 3]


def test_r43_no_finding_says_how_near_a_face_came(visit):
    seen = [shows(visit(towards(cosine)), 2)[-1] for cosine in (0.75, 0.85, 0.99)]
    assert len(set(seen)) == 1


def test_r30_neither_a_visit_nor_a_face_shows_its_numbers(visit):
    child = visit(axis())
    shows(child, 2)
    assert "0." not in repr(child.worker._visit)
    assert "landmarks" not in repr(Face((0.0, 0.0, 1.0, 1.0), 0.9, np.zeros((5, 2), np.float32)))


@pytest.mark.parametrize("level", Level)
def test_a_face_without_a_shape_is_guided_at_every_level_of_liveness(visit, level):
    found = shows(visit(axis(), detector=OneFace(degenerate=True), level=level.value), 3)
    assert {(each.template, each.live != Verdict.LIVE.value) for each in found} == {(None, True)}
