"""The eight-bit form is made, measured, kept only where nothing is lost, and never chosen (ADR 0030)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from gate.core.accuracy import ErrorRates
from gate.core.operating import Bounded
from gate.demo.portraits import portrait, portraits
from gate.errors import ModelError, RequestError
from gate.vision.choice import choose
from gate.vision.evaluate import Evaluation
from gate.vision.images import read_image
from gate.vision.int8 import FILE, is_worse, prepare_int8

MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture
def models(tmp_path):
    """Give a models folder of its own, whose networks are the prepared ones."""
    if not (MODELS / "weights/sface-blocks.onnx").is_file():
        pytest.skip("run gate models prepare --all first: sface-blocks.onnx is absent")
    models = tmp_path / "models"
    (models / "weights").mkdir(parents=True)
    for manifest in MODELS.glob("*.toml"):
        shutil.copy(manifest, models)
    for name in ("sface.onnx", "sface-blocks.onnx", "yunet.onnx"):
        os.link(MODELS / "weights" / name, models / "weights" / name)
    return models


def rates(*fnmr):
    bound = Bounded(0.0, 0.0, 0.0)
    by_limit = {str(n): ErrorRates(0.5, bound, Bounded(value, 0.0, 1.0)) for n, value in enumerate(fnmr)}
    return Evaluation(2, 0, bound, {}, 1, 1, 0.9, 0.1, by_limit)


@pytest.mark.parametrize(
    ("before", "after", "worse"),
    [
        ((0.1, 0.2), (0.1, 0.2), False),
        ((0.1, 0.2), (0.0, 0.2), False),
        ((0.1, 0.2), (0.0, 0.21), True),
        ((0.1, 0.2), (0.1, float("nan")), True),
    ],
)
def test_it_is_worse_as_soon_as_one_rate_rose(before, after, worse):
    assert is_worse(rates(*after), rates(*before)) is worse


@pytest.mark.models
def test_without_two_faces_it_is_not_made(models, tmp_path):
    (tmp_path / "none").mkdir()
    with pytest.raises(RequestError, match="0 photographs") as refused:
        prepare_int8(models, tmp_path / "none")
    assert "--images" in refused.value.remedy


@pytest.mark.models
@pytest.mark.portraits
def test_without_the_form_it_is_made_of_it_is_not_made(models, models_dir):
    (models / "weights/sface-blocks.onnx").unlink()
    with pytest.raises(ModelError) as refused:
        prepare_int8(models, models_dir / "weights/portraits")
    assert refused.value.code == "model-missing"


@pytest.mark.slow
@pytest.mark.models
@pytest.mark.portraits
@pytest.mark.filterwarnings("ignore")  # the quantiser's own
def test_it_is_close_to_the_reference_is_kept_and_is_not_chosen(models, models_dir, tmp_path):
    table = tmp_path / "pairs.csv"
    names = [each.name for each in portraits()]
    for name in names:
        photograph = read_image(portrait(models_dir, name))
        cv2.imwrite(str(tmp_path / f"{name}.png"), photograph)
        cv2.imwrite(str(tmp_path / f"{name}-dark.png"), (photograph * np.float32(0.7)).astype(np.uint8))
    first, second = names[:2]
    rows = [f"{name}.png,{name}-dark.png,Yes" for name in names] + [f"{first}.png,{second}.png,No"]
    table.write_text("file_x,file_y,Decision\n" + "\n".join(rows) + "\n")
    made = prepare_int8(models, models_dir / "weights/portraits", pairs=table)
    assert made.kept
    assert made.faces == 2
    assert made.cosine_lowest > 0.97
    assert (models / "weights" / FILE).is_file()
    assert choose(models, "embed").manifest.file != FILE
