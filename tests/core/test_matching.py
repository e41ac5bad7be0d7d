"""Cosine, threshold and margin: enumeration first, then arbitrary galleries."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.core.matching import Gallery, Match, is_enrolled, search, verify
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
