"""Cosine, threshold and margin: enumeration first, then arbitrary galleries."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.matching import Gallery, Match, MeanProbe, compare, is_enrolled, search, verify
from gate.core.types import TemplateId

NAN = math.nan


def unit_rows(*rows):
    matrix = np.array(rows, np.float32)
    return np.ascontiguousarray(matrix / np.linalg.norm(matrix, axis=1, keepdims=True))


def gallery_of(*rows, ids=None):
    return Gallery(tuple(TemplateId(each) for each in ids or map(str, range(len(rows)))), unit_rows(*rows))


def test_the_nearest_template_is_found_with_the_second_of_another_id():
    gallery = gallery_of([1, 0, 0], [1, 0.1, 0], [0, 1, 0], ids=["ann", "ann", "bob"])
    match = search(gallery, unit_rows([1, 0, 0])[0])
    assert match == Match(TemplateId("ann"), pytest.approx(1), pytest.approx(0))


def test_a_single_template_has_no_second():
    assert search(gallery_of([1, 0]), unit_rows([1, 0])[0]).second_score == -1


def test_an_empty_gallery_matches_nobody():
    assert search(Gallery((), np.zeros((0, 2), np.float32)), unit_rows([1, 0])[0]) is None


@pytest.mark.parametrize("probe", [[NAN, 0], [NAN, NAN], [math.inf, 0], [0, 0], [2, 0]])
def test_a_probe_that_is_no_unit_vector_matches_nobody(probe):
    assert search(gallery_of([1, 0], [0, 1]), np.array(probe, np.float32)) is None


@pytest.mark.parametrize("probe", [[NAN, 0], [NAN, NAN], [math.inf, 0], [0, 0], [2, 0]])
def test_a_probe_that_is_no_unit_vector_is_nobody_it_claims_to_be(probe):
    assert verify(gallery_of([1, 0], [0, 1]), np.array(probe, np.float32), ("0", "1")) is None


def test_a_claim_is_compared_with_its_own_templates_and_no_other():
    gallery = gallery_of([1, 0, 0], [0.6, 0.8, 0], [0, 1, 0], [0, 0.6, 0.8], ids=["ann", "bob", "bob", "cid"])
    probe = unit_rows([1, 0, 0])[0]
    assert verify(gallery, probe, ("bob",)) == Match(TemplateId("bob"), pytest.approx(0.6), -1)
    assert verify(gallery, probe, ("cid", "bob")).template == "bob"
    assert verify(gallery, probe, ("nobody",)) is None
    assert verify(gallery, probe, ()) is None


@given(ids=st.lists(st.sampled_from("abc"), max_size=8))
def test_the_rows_of_an_id_are_found_in_their_order_wherever_they_stand(ids):
    gallery = Gallery(tuple(map(TemplateId, ids)), np.tile(np.float32([1, 0]), (len(ids), 1)))
    for each in "abcd":
        assert gallery.rows_of(TemplateId(each)) == [row for row, known in enumerate(ids) if known == each]


def test_a_claim_costs_nothing_for_the_templates_of_others():
    """Counted, not timed: the ids are walked when the gallery is made, and never again."""

    class Counted(tuple):
        __slots__ = ()
        walks = 0

        def __iter__(self):
            Counted.walks += 1
            return super().__iter__()

    gallery = Gallery(Counted(map(TemplateId, ("ann", "bob"))), unit_rows([1, 0], [0, 1]))
    walked = Counted.walks
    assert walked
    assert verify(gallery, unit_rows([0, 1])[0], ("bob",)).template == "bob"
    assert Counted.walks == walked


@pytest.mark.parametrize(
    "matrix",
    [
        np.eye(2),
        np.eye(2, dtype=np.float32)[0],
        np.eye(3, dtype=np.float32),
        np.asfortranarray(unit_rows([1, 2], [3, 4])),
        np.array([[1, 0], [NAN, 0]], np.float32),
        np.array([[1, 0], [2, 0]], np.float32),
        np.zeros((2, 2), np.float32),
    ],
    ids=["float64", "one row", "too many rows", "by columns", "not a number", "too long", "zero"],
)
def test_a_gallery_that_a_search_would_have_to_doubt_is_refused(matrix):
    with pytest.raises(ValueError, match="a gallery"):
        Gallery((TemplateId("a"), TemplateId("b")), matrix)


def test_a_wiped_gallery_holds_no_template_and_matches_nobody():
    gallery = gallery_of([1, 0], [0, 1])
    gallery.wipe()
    assert not gallery.matrix.any()
    assert search(gallery, unit_rows([1, 0])[0]).score == 0


def test_templates_do_not_show_in_a_traceback():
    assert "0.6" not in repr(gallery_of([3, 4]))


def test_r43_r55_a_match_shows_no_score():
    assert repr(Match(TemplateId("ann"), 0.75, 0.25)) == "Match(template='ann')"


@given(
    rows=st.lists(st.lists(st.floats(0.01, 1), min_size=4, max_size=4), min_size=1, max_size=12),
    owners=st.lists(st.sampled_from("abc"), min_size=12, max_size=12),
    pick=st.integers(0, 11),
)
def test_search_agrees_with_comparing_one_by_one(rows, owners, pick):
    gallery = gallery_of(*rows, ids=owners[: len(rows)])
    probe = gallery.matrix[pick % len(rows)].copy()
    match = search(gallery, probe)
    scores = [float(row @ probe) for row in gallery.matrix]
    others = [score for owner, score in zip(gallery.ids, scores, strict=True) if owner != match.template]
    assert match.score == pytest.approx(max(scores), abs=1e-6)
    assert match.second_score == pytest.approx(max(others, default=-1), abs=1e-6)


# --- whether a new template is somebody's already ---


@pytest.mark.parametrize(
    ("own", "threshold", "enrolled"),
    [
        ((), 0.9, True),
        ((), 0.999, False),
        (("ann",), 0.9, True),
        (("bob",), 0.9, True),
        (("ann", "bob"), 0.9, False),
        (("ann", "bob", "cleo"), -1.0, False),
        ((), NAN, True),
    ],
)
def test_a_template_is_enrolled_where_one_that_is_not_its_own_is_as_like_as_a_match(own, threshold, enrolled):
    gallery = gallery_of([1, 0.1, 0], [1, 0, 0.1], [0, 1, 0], ids=["ann", "bob", "cleo"])
    new = unit_rows([1, 0, 0])[0]
    assert is_enrolled(gallery, new, own=tuple(map(TemplateId, own)), threshold=threshold) is enrolled


def test_nobody_is_enrolled_in_an_empty_gallery():
    empty = Gallery((), np.zeros((0, 2), np.float32))
    assert not is_enrolled(empty, unit_rows([1, 0])[0], own=(), threshold=0.5)


@pytest.mark.parametrize("bad", [NAN, math.inf, 2.0, 0.0])
def test_a_template_that_cannot_be_compared_counts_as_enrolled(bad):
    assert is_enrolled(gallery_of([0, 1]), np.array([bad, 0], np.float32), own=(), threshold=0.5)


# --- the mean of several frames ---


def mean_of(*frames):
    mean = MeanProbe()
    for probe, weight in frames:
        assert mean.add(np.array(probe, np.float32), weight)
    return mean


def test_the_score_of_several_frames_is_the_weighted_mean_of_theirs():
    gallery = gallery_of([1, 0], [0, 1], ids=["ann", "bob"])
    match = compare(gallery, mean_of(([1, 0], 1.0), ([0, 1], 0.5), ([0.6, 0.8], 0.5)))
    assert match == Match(TemplateId("ann"), pytest.approx(0.65), pytest.approx(0.45))


def test_a_claim_is_compared_with_the_mean_alone_too():
    gallery = gallery_of([1, 0], [0, 1], ids=["ann", "bob"])
    assert compare(gallery, mean_of(([1, 0], 1.0)), ("bob",)) == Match(
        TemplateId("bob"), pytest.approx(0), -1
    )
    assert compare(gallery, mean_of(([1, 0], 1.0)), ("cid",)) is None


@pytest.mark.parametrize("probe", [[NAN, 0], [math.inf, 0], [0, 0], [2, 0], [3e38, 3e38]])
@pytest.mark.parametrize("weight", [1.0, 0.0, -1.0, 1.1, NAN])
def test_what_is_no_unit_vector_or_has_no_weight_counts_as_no_frame(probe, weight):
    mean = MeanProbe()
    assert not mean.add(np.array(probe, np.float32), weight)
    assert not mean.add(np.array([1, 0], np.float32), weight if weight != 1 else NAN)
    assert (mean.frames, mean.weight, mean.value().size) == (0, 0.0, 0)
    assert compare(gallery_of([1, 0]), mean) is None


def test_frames_that_cancel_each_other_match_nobody():
    assert compare(gallery_of([1, 0]), mean_of(([1, 0], 1.0), ([-1, 0], 1.0))) is None


def test_a_probe_is_as_like_the_mean_as_the_angle_between_them():
    mean = mean_of(([1, 0], 1.0), ([1, 0], 0.1))
    assert mean.likeness(np.array([0.6, 0.8], np.float32)) == pytest.approx(0.6)
    assert MeanProbe().likeness(np.array([0.6, 0.8], np.float32)) == 1


def test_r31_a_wiped_mean_is_overwritten_and_begins_anew():
    mean = mean_of(([1, 0], 1.0))
    held = mean._sum
    mean.wipe()
    assert (held.any(), mean.frames, mean.weight, mean.value().size) == (False, 0, 0.0, 0)


def test_nobody_enrolled_is_nobody_matched_by_a_mean():
    assert compare(Gallery((), np.zeros((0, 2), np.float32)), mean_of(([1, 0], 1.0))) is None
