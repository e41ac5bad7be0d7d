"""docs/accuracy.md and the model cards say what was measured, and the shipped operating point follows from it."""

import pytest

from gate.core.accuracy import n_max_at
from gate.vision.manifest import load_manifests, load_operating_point, manifest_for
from tests.evaluation.accuracy import FPIR, MODELS, SETS, read_figures, read_rival, written

POINT = load_operating_point(MODELS, manifest_for(MODELS, "embed"))


@pytest.fixture(scope="module")
def sets():
    return read_figures()


def test_the_documents_are_made_of_the_figures(sets):
    stale = [
        path.name
        for path, text in written(sets, POINT, read_rival()).items()
        if path.read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run make docs"


def test_every_network_that_may_load_has_a_card():
    assert {f"{each.name}.card.md" for each in load_manifests(MODELS)} == {
        path.name for path in MODELS.glob("*.card.md")
    }


def test_the_shipped_operating_point_is_what_was_measured(sets):
    found = sets["all"].figures
    assert (POINT.subjects, POINT.images) == (found.people, found.verification.images)
    assert (POINT.genuine_pairs, POINT.impostor_pairs) == (
        found.verification.genuine_pairs,
        found.verification.impostor_pairs,
    )
    assert POINT.threshold == found.operating.threshold
    assert POINT.fmr.value == found.operating.fmr.value
    assert POINT.fmr.high >= found.operating.fmr.high
    assert POINT.fnmr.high >= found.operating.fnmr.high


def test_the_shipped_threshold_holds_for_no_more_templates_than_the_fitted_tail_allows(sets):
    assert n_max_at(sets["all"].figures.operating.tail.value, FPIR) >= POINT.n_threshold


def test_r33_where_more_are_searched_the_threshold_rises_so_that_the_tail_still_holds_the_aim(sets):
    within = [each for each in sets["all"].figures.galleries if each.n <= POINT.n_max]
    assert [each.n for each in within] == [1, 10, 30, 100]
    assert all(each.tail <= FPIR for each in within)
    assert within[-1].threshold > within[-2].threshold > POINT.threshold


def test_a_set_that_nothing_was_tuned_on_is_among_them(sets):
    assert set(sets) == set(SETS)
    assert [name for name, each in sets.items() if not each.tuned] == ["unseen"]
