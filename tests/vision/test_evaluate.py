"""The figures of an evaluation are counted right, and a set that gives none is refused."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from pydantic import TypeAdapter

from gate.errors import ModelError, RequestError
from gate.vision.detect import Face
from gate.vision.evaluate import Evaluation, evaluate, evaluate_pairs


class GreyNetworks:
    """Sees one face in any picture but a black one; its embedding is an angle: the picture's grey level in degrees."""

    def detect(self, frame):
        return (Face((0, 0, 9, 9), 0.9, np.zeros((5, 2), np.float32)),) if frame.any() else ()

    def embed(self, frame, _face):
        level = float(frame[0, 0, 0])
        if level == 255:
            raise ModelError("model-output", "No direction.", remedy="None.")
        return np.array([np.cos(np.radians(level)), np.sin(np.radians(level))], np.float32)


def photograph(path, level):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(cv2.imencode(".png", np.full((9, 9, 3), level, np.uint8))[1].tobytes())


@pytest.fixture
def people(tmp_path):
    for name, levels in {"ann": (10, 15, 20), "bob": (80, 85)}.items():
        for number, level in enumerate(levels):
            photograph(tmp_path / name / f"{number}.png", level)
    return tmp_path


def test_every_pair_is_counted_once(people):
    result = evaluate(people, GreyNetworks())
    assert (result.images, result.genuine_pairs, result.impostor_pairs) == (5, 3 + 1, 3 * 2)
    assert result.highest_impostor == pytest.approx(np.cos(np.radians(60)))
    assert result.lowest_genuine == pytest.approx(np.cos(np.radians(10)))


def test_error_rates_come_for_each_limit_with_bounds(people):
    photograph(
        people / "bob" / "odd.png", 27
    )  # nearest to ann: 7 degrees; only pairs 5 degrees apart stay above
    rates = evaluate(people, GreyNetworks()).fnmr_at_fmr
    assert set(rates) == {"0.01", "0.001", "0"}
    assert rates["0"].fmr.value == 0
    assert rates["0"].fnmr.value == pytest.approx(3 / 6)
    assert rates["0"].fnmr.low < 3 / 6 < rates["0"].fnmr.high


def test_images_without_a_usable_face_are_named_and_leave_the_pairs(people):
    photograph(people / "ann" / "black.png", 0)
    photograph(people / "ann" / "white.png", 255)
    (people / "bob" / "note.txt").write_text("no image")
    result = evaluate(people, GreyNetworks())
    assert result.not_acquired == {
        "ann/black.png": "no face",
        "ann/white.png": "model-output",
        "bob/note.txt": "image-unreadable",
    }
    assert (result.images, result.failure_to_acquire, result.genuine_pairs) == (8, 3, 4)
    assert result.failure_to_acquire_rate.value == pytest.approx(3 / 8)


def test_the_result_is_json(people):
    result = evaluate(people, GreyNetworks())
    kind = TypeAdapter(Evaluation)
    assert kind.validate_json(kind.dump_json(result)) == result


def test_nothing_is_stored_and_progress_is_told(people):
    before = sorted(people.rglob("*"))
    told = []
    evaluate(people, GreyNetworks(), progress=lambda *report: told.append(report[1:]))
    assert sorted(people.rglob("*")) == before
    assert told == [(done, 5) for done in range(1, 6)]


def test_a_set_without_both_kinds_of_pairs_is_refused(tmp_path):
    for _ in range(2):
        with pytest.raises(RequestError, match="0 of two") as refused:
            evaluate(tmp_path, GreyNetworks())
        assert refused.value.code == "evaluation-input"
        for number in range(2):
            photograph(tmp_path / "ann" / f"{number}.png", 10)


@pytest.fixture
def table(tmp_path):
    for name, level in {"a": 10, "b": 15, "c": 80}.items():
        photograph(tmp_path / f"{name}.png", level)
    path = tmp_path / "pairs.csv"
    path.write_text("file_x,file_y,Decision\na.png,b.png,Yes\na.png,c.png,No\nb.png,c.png,no\n")
    return path


def test_pairs_are_taken_from_the_table(table):
    result = evaluate_pairs(table, GreyNetworks())
    assert (result.images, result.genuine_pairs, result.impostor_pairs) == (3, 1, 2)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("Decision", "Verdict", "lacks the column Decision"),
        ("c.png,no", "d.png,no", "names d.png"),
        ("c.png,no", "c.png,maybe", "line 4"),
        ("c.png,no", "c.png", "line 4"),
        ("Yes", "No", "0 pairs of one person"),
    ],
)
def test_a_table_at_fault_is_refused_with_the_place(table, old, new, says):
    table.write_text(table.read_text().replace(old, new))
    with pytest.raises(RequestError, match=says):
        evaluate_pairs(table, GreyNetworks())


def test_a_table_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(RequestError, match="cannot be read"):
        evaluate_pairs(tmp_path / "absent.csv", GreyNetworks())
