"""The form that was measured fastest here runs; whatever is wrong with it, the reference does, and says why (R33)."""

from __future__ import annotations

import hashlib
import platform
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from gate.errors import ModelError
from gate.vision.choice import Measured, Tuned, choose, tuned_path, write_tuned
from gate.vision.manifest import manifest_for
from gate.vision.sessions import open_chosen
from gate.vision.tune import is_equal, pick, tune

MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture
def models(tmp_path):
    """Give a models folder of the manifests, with files that are present but are no networks."""
    for manifest in MODELS.glob("*.toml"):
        shutil.copy(manifest, tmp_path)
    (tmp_path / "weights").mkdir()
    for name in ("sface.onnx", "sface-scaled.onnx", "sface-blocks.onnx"):
        (tmp_path / "weights" / name).write_bytes(b"as if")
    return tmp_path


def row(models, variant="scaled", **changes):
    sha256 = manifest_for(models, "embed").of_variant("scaled").sha256
    values = {"model": "sface", "variant": variant, "sha256": sha256, "threads": 3}
    return Measured(**(values | {"median_ms": 9.5, "best_ms": 9.0, "chosen": True} | changes))


def keep(models, *rows, processor=None):
    processor = processor or platform.machine()
    write_tuned(models, Tuned(processor=processor, onnxruntime="1.31.1", rounds=5, measured=rows))


def test_what_was_measured_fastest_runs_on_its_threads(models):
    keep(models, row(models), row(models, variant="reference", chosen=False))
    choice = choose(models, "embed")
    assert (choice.variant, choice.threads, choice.source, choice.note) == ("scaled", 3, "tuned", None)
    assert choice.manifest.file == "sface-scaled.onnx"


def test_threads_that_the_settings_name_come_first(models):
    keep(models, row(models))
    assert choose(models, "embed", threads=1).threads == 1


def test_unmeasured_the_default_for_this_processor_runs_on_two_threads(models):
    default = manifest_for(models, "embed").default_variant[platform.machine()]
    choice = choose(models, "embed")
    assert (choice.variant, choice.threads, choice.source) == (default, 2, "default")


def test_without_any_other_form_the_reference_runs(models):
    for name in ("sface-scaled.onnx", "sface-blocks.onnx"):
        (models / "weights" / name).unlink()
    choice = choose(models, "embed")
    assert (choice.variant, choice.source, choice.note) == ("reference", "reference", None)
    assert choice.manifest == manifest_for(models, "embed")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"variant": "other"}, "no manifest pins"),
        ({"sha256": "0" * 64}, "no manifest pins"),
        ({"chosen": False}, "not measured for sface"),
        ({"model": "yunet"}, "not measured for sface"),
    ],
)
def test_a_measurement_that_does_not_fit_is_not_used_and_says_so(models, changes, why):
    keep(models, row(models, **changes))
    choice = choose(models, "embed")
    assert choice.source == "default"
    assert why in choice.note


def test_figures_of_another_kind_of_processor_are_not_used(models):
    keep(models, row(models), processor="abacus")
    assert choose(models, "embed").source == "default"


def test_two_chosen_forms_of_one_network_are_none(models):
    keep(models, row(models), row(models))
    assert choose(models, "embed").source == "default"


@pytest.mark.parametrize("text", ["not toml [", "rounds = 3", 'processor = "x86_64"\nextra = 1'])
def test_a_file_that_is_not_as_written_is_no_fault(models, text):
    tuned_path(models).write_text(text)
    choice = choose(models, "embed")
    assert choice.source == "default"
    assert choice.note.startswith("tuned.toml is not used")


def test_a_chosen_file_that_is_gone_is_no_fault(models):
    keep(models, row(models))
    (models / "weights/sface-scaled.onnx").unlink()
    assert "is missing" in choose(models, "embed").note


@pytest.mark.models
def test_a_chosen_file_with_another_hash_never_loads_and_the_reference_runs(models):
    shutil.copy(MODELS / "weights/sface.onnx", models / "weights")
    keep(models, row(models))
    network, choice = open_chosen(models, "embed")
    assert (choice.variant, choice.source) == ("reference", "reference")
    assert "not the network that its manifest pins" in choice.note
    assert network.get_providers() == ["CPUExecutionProvider"]


def test_an_altered_reference_is_a_fault(models):
    with pytest.raises(ModelError) as refused:
        open_chosen(models, "embed")
    assert refused.value.code == "model-hash"


def test_more_threads_must_earn_their_core():
    assert pick({("a", 1): 10.0, ("a", 2): 9.5, ("b", 2): 9.2}) == ("a", 1)
    assert pick({("a", 1): 10.0, ("b", 1): 9.9, ("b", 2): 8.0, ("a", 4): 7.9}) == ("b", 2)


@pytest.mark.parametrize("worth", [np.nan, np.inf, 1.01, -1.0])
def test_an_output_that_differs_is_not_equal(worth):
    known = [np.float32([1, 2, 3])]
    assert is_equal([np.float32([1, 2, 3])], known)
    assert not is_equal([np.float32([worth, 2, 3])], known)


@pytest.mark.models
def test_tuning_measures_each_form_and_chooses_one_of_each_network():
    tuned = tune(MODELS, rounds=1)
    for model in ("sface", "yunet"):
        rows = [each for each in tuned.measured if each.model == model]
        assert sum(each.chosen for each in rows) == 1
        assert {"reference"} <= {each.variant for each in rows}
        assert all(each.best_ms <= each.median_ms for each in rows)


@pytest.mark.models
def test_a_form_that_is_not_equal_on_this_device_is_not_measured(tmp_path):
    """A kernel that computes something else here must not run, however fast it is."""
    manifest = manifest_for(MODELS, "detect")
    other = onnx.load(manifest.weights(MODELS))
    weight = next(each for each in other.graph.initializer if len(each.dims) > 1)
    weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight) * np.float32(1.05), weight.name))
    network = other.SerializeToString()
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights/yunet-merged.onnx").write_bytes(network)
    text = (MODELS / "yunet.toml").read_text()
    pinned = manifest.of_variant("merged").sha256
    (tmp_path / "yunet.toml").write_text(text.replace(pinned, hashlib.sha256(network).hexdigest()))
    shutil.copy(MODELS / "sface.toml", tmp_path)
    for name in ("yunet.onnx", "sface.onnx"):
        shutil.copy(MODELS / "weights" / name, tmp_path / "weights")
    tuned = tune(tmp_path, rounds=1)
    assert {each.variant for each in tuned.measured} == {"reference"}
