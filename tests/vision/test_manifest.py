"""Only what a manifest names may load, and a manifest can only name what the gate is for (R33)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gate.errors import ModelError
from gate.vision.manifest import load_manifests, load_operating_point, manifest_for

MODELS = Path(__file__).parents[2] / "models"


def changed(folder, name, old, new):
    text = (MODELS / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))
    return folder


def test_the_shipped_manifests_name_a_detector_and_an_embedder_free_for_commercial_use():
    manifests = load_manifests(MODELS)
    assert [each.task for each in manifests if not each.optional] == ["embed", "detect"]
    assert all(each.commercial_use for each in manifests)


def test_the_shipped_operating_point_belongs_to_the_shipped_embedder():
    point = load_operating_point(MODELS, manifest_for(MODELS, "embed"))
    assert point.n_max >= 1
    assert point.fmr.value <= point.fmr.high


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('task = "embed"', 'task = "age"', "task"),
        ('licence = "Apache-2.0"\n', "", "licence"),
        ('name = "sface"', 'name = "sface"\nthreshold = 0.1', "threshold"),
        ('sha256 = "7', 'sha256 = "x', "sha256"),
        ('file = "sface.onnx"', 'file = "../sface.onnx"', "file"),
        ("embedding_size = 128\n", "", "embedding_size"),
        ('kind = "file"', 'kind = "floppy"', "original.sources.0"),
        ('url = "https:', 'url = "file:', "original.sources.2"),
        ("commercial_use = true", "commercial_use =", "cannot be read"),
    ],
)
def test_a_manifest_at_fault_is_refused_with_the_key(tmp_path, old, new, where):
    with pytest.raises(ModelError, match=where) as refused:
        load_manifests(changed(tmp_path, "sface.toml", old, new))
    assert refused.value.code == "model-manifest"


def test_a_task_without_a_manifest_is_refused(tmp_path):
    with pytest.raises(ModelError, match="0 manifests"):
        manifest_for(tmp_path, "detect")


def test_two_manifests_for_one_task_are_refused(tmp_path):
    for name in ("one.toml", "two.toml"):
        (tmp_path / name).write_text((MODELS / "yunet.toml").read_text())
    with pytest.raises(ModelError, match="2 manifests"):
        manifest_for(tmp_path, "detect")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('model_sha256 = "7', 'model_sha256 = "8', "model-operating-point"),
        ("n_max = 100", "n_max = 100\nn_min = 1", "model-manifest"),
        ("[fmr]", "[fmr]\nmiddle = 0.5", "model-manifest"),
        ("threshold = 0.55", "threshold = -1.0", "model-manifest"),
        ("threshold = 0.55", "threshold = nan", "model-manifest"),
        ("margin = 0.1\n", "", "model-manifest"),
    ],
)
def test_an_operating_point_that_does_not_hold_is_refused(tmp_path, old, new, code):
    embedder = manifest_for(MODELS, "embed")
    with pytest.raises(ModelError) as refused:
        load_operating_point(changed(tmp_path, "sface.operating-point.toml", old, new), embedder)
    assert refused.value.code == code


def test_a_missing_operating_point_is_refused(tmp_path):
    with pytest.raises(ModelError, match="cannot be read"):
        load_operating_point(tmp_path, manifest_for(MODELS, "embed"))


def test_reading_manifests_loads_no_network_and_no_image_library():
    code = (
        "import sys, gate.vision.manifest; sys.exit(bool({'cv2', 'onnxruntime', 'onnx'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('x86_64 = "blocks"', 'x86_64 = "other"', "default_variant names none"),
        ('name = "blocks"', 'name = "scaled"', "different names"),
        ('name = "blocks"', 'name = "reference"', "different names"),
        ("equal = true", "equal = false", "variants.0.equal"),
    ],
)
def test_variants_at_fault_are_refused(tmp_path, old, new, where):
    (tmp_path / "sface.toml").write_text((MODELS / "sface.toml").read_text().replace(old, new))
    with pytest.raises(ModelError, match=where):
        manifest_for(tmp_path, "embed")


def test_a_variant_differs_from_the_reference_in_its_file_hash_and_steps_alone():
    manifest = manifest_for(MODELS, "embed")
    for each in manifest.variants:
        form = manifest.of_variant(each.name)
        assert (
            form.model_copy(
                update={"file": manifest.file, "sha256": manifest.sha256, "steps": manifest.steps}
            )
            == manifest
        )
        assert form.sha256 != manifest.sha256
    assert manifest.of_variant("reference") == manifest.of_variant(None) == manifest
