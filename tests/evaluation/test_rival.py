"""dlib is compared as it is meant to be, on the same pairs, and the document says what was and was not shown."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from gate.core.operating import Bounded
from gate.vision.detect import Face
from gate.vision.trials import trials_of
from tests.evaluation import rival
from tests.evaluation.crowd import crowd
from tests.evaluation.rival import LEAST_OVERLAP, ON_OUR_BOXES, OURS, THEIRS, Dlib, Rival, Way

NO_LANDMARKS = np.zeros((5, 2), np.float32)
SOME = Bounded(0.04, 0.02, 0.09)


def face(x, y, width, height=None):
    return Face((x, y, width, width if height is None else height), 1.0, NO_LANDMARKS)


class Finds:
    """A detector that finds one face, or none; what it embeds it remembers."""

    def __init__(self, found):
        self.found = found
        self.embedded = []

    def detect(self, _frame):
        return () if self.found is None else (self.found,)

    def embed(self, _frame, shown):
        self.embedded.append(shown.box)
        return np.zeros(128, np.float32)


def test_descriptions_are_compared_by_distance_and_not_by_angle():
    near, far = np.array([1.0, 0.0]), np.array([3.0, 0.0])  # one direction, two lengths
    trials = trials_of([0, 1], [near, far], people=("a", "b"), images=2, failures={})
    assert rival.by_distance(trials).impostor.tolist() == [-2.0]


def test_the_pairs_are_those_of_the_set():
    trials = crowd(5, 3)
    compared = rival.by_distance(trials)
    assert (len(compared.genuine), len(compared.impostor)) == (15, 90)
    ranks = [np.argsort(np.concatenate((each.genuine, each.impostor))) for each in (trials, compared)]
    assert (ranks[0] == ranks[1]).all(), "of unit vectors the nearer are the more alike"


def test_a_pair_whose_face_was_not_found_counts_as_not_matched_in_one_column_and_in_no_other():
    way = rival.way_of(crowd(6, 3, spread=0.1), 24, seed=1)
    assert way.genuine_pairs == 18
    assert way.at["0.001"].value == 0
    assert way.all_in["0.001"].value == pytest.approx(6 / 24)


def test_pairs_are_counted_by_person(tmp_path):
    for person, photographs in (("one", 3), ("two", 2), ("three", 1)):
        (tmp_path / person).mkdir()
        for number in range(photographs):
            (tmp_path / person / f"{number}.jpg").touch()
    assert rival.pairs_in(tmp_path) == 4


def test_our_boxes_are_moved_to_where_dlibs_own_lie():
    ours, theirs = Finds(face(100, 100, 80, 100)), Finds(face(105, 120, 90))
    told = rival.fitted([None, None], ours, theirs)
    told.embed(None, face(100, 100, 80, 100))
    assert theirs.embedded[0] == pytest.approx((105, 120, 90, 90))


def test_boxes_are_fitted_on_faces_that_both_found_alone():
    ours, theirs = Finds(face(100, 100, 100)), Finds(face(100, 100, 100))
    elsewhere = Finds(face(300, 300, 50))
    assert rival.overlap(ours.found, elsewhere.found) < LEAST_OVERLAP

    class InTurn(Finds):
        def detect(self, frame):
            return (theirs, elsewhere, Finds(None))[frame].detect(frame)

    told = rival.fitted([0, 1, 2, 0], ours, InTurn(None))
    assert (told._shift, told._scale) == ((0.0, 0.0), 1.0)


def test_dlib_gets_red_first_and_a_photograph_is_searched_once():
    class Library:
        looks = 0

        def face_locations(self, picture):
            self.looks += 1
            assert picture[0, 0].tolist() == [3, 2, 1]
            return [(10, 60, 70, 20)]  # top, right, bottom, left

        def face_encodings(self, _picture, places):
            self.places = places
            return [np.ones(128)]

    library, frame = Library(), np.full((100, 100, 3), (1, 2, 3), np.uint8)
    dlib = Dlib(library)
    (found,) = dlib.detect(frame)
    assert dlib.detect(frame) == (found,)
    assert (library.looks, found.box) == (1, (20, 10, 40, 60))
    dlib.embed(frame, found)
    assert library.places == [(10, 60, 70, 20)]


def way(fnmr):
    at = dict.fromkeys(("0.01", "0.001", "0"), fnmr)
    return Way(61, SOME, 140, 1690, at, at, at)


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        (Bounded(0.0, 0.0, 0.026), SOME, "met, though the bounds"),
        (Bounded(0.0, 0.0, 0.005), SOME, "met, and so say the bounds"),
        (Bounded(0.03, 0.01, 0.06), SOME, "**not met**"),
        (Bounded(0.0, 0.0, 0.026), Bounded(0.0, 0.0, 0.026), "**not met**"),
    ],
)
def test_half_of_nothing_is_not_beaten_and_bounds_that_overlap_are_said(ours, theirs, said):
    words = rival.verdict({OURS: way(ours), THEIRS: way(theirs), ON_OUR_BOXES: way(theirs)})
    assert words.count(said) == 2


def test_figures_of_another_day_are_told_as_such():
    ways = {OURS: way(SOME), THEIRS: way(SOME), ON_OUR_BOXES: way(SOME)}
    found = Rival(date(2026, 11, 23), "dlib 20", beside=True, sets={"all": ways})
    assert "in the same run as the rest" in rival.as_section(found, {"all": "All"})
    before = rival.as_section(replace(found, beside=False), {"all": "All"})
    assert "on 2026-11-23, not with the rest" in before
    assert "Not measured" in rival.as_section(None, {})
