"""Only the pinned bytes load, and only where they were asked to run (R33)."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from gate.errors import ModelError
from gate.vision.manifest import load_manifests, manifest_for
from gate.vision.sessions import SPIN_US, open_session, session_options

MODELS = Path(__file__).parents[2] / "models"


def test_a_missing_network_names_the_remedy(tmp_path):
    with pytest.raises(ModelError, match="gate models prepare") as refused:
        open_session(manifest_for(MODELS, "detect"), tmp_path)
    assert refused.value.code == "model-missing"


@pytest.mark.models
def test_an_altered_network_does_not_load(tmp_path):
    shutil.copytree(
        MODELS / "weights", tmp_path / "weights", ignore=shutil.ignore_patterns("sface*", "portraits")
    )
    with (tmp_path / "weights/yunet.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ModelError) as refused:
        open_session(manifest_for(MODELS, "detect"), tmp_path)
    assert refused.value.code == "model-hash"


def test_bytes_that_are_no_network_do_not_load_even_when_pinned(tmp_path):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights/yunet.onnx").write_bytes(b"not a network")
    pinned = manifest_for(MODELS, "detect").model_copy(
        update={"sha256": hashlib.sha256(b"not a network").hexdigest()}
    )
    with pytest.raises(ModelError) as refused:
        open_session(pinned, tmp_path)
    assert refused.value.code == "model-session"


@pytest.mark.parametrize("providers", [("tensorrt",), ("cuda", "cpu"), ("quantum",), ()])
def test_a_provider_that_is_not_here_is_refused_with_those_that_are(providers):
    with pytest.raises(ModelError, match="these can: cpu") as refused:
        open_session(manifest_for(MODELS, "detect"), MODELS, providers=providers)
    assert refused.value.code == "model-provider"


@pytest.mark.models
@pytest.mark.parametrize("manifest", load_manifests(MODELS), ids=lambda each: each.name)
def test_the_network_takes_what_its_manifest_says(manifest):
    if manifest.optional and not manifest.weights(MODELS).is_file():
        pytest.skip(f"{manifest.file} is optional, and absent")
    session = open_session(manifest, MODELS, threads=1)
    (contract,) = session.get_inputs()
    assert (contract.name, contract.shape) == (manifest.input.name, list(manifest.input.shape))
    assert session.get_providers() == ["CPUExecutionProvider"]


@pytest.mark.models
def test_opening_a_network_prints_nothing(capfd):
    open_session(manifest_for(MODELS, "detect"), MODELS)
    assert capfd.readouterr() == ("", "")


def test_r02_a_waiting_thread_stays_awake_for_a_bounded_time_only():
    entry = session_options(2).get_session_config_entry
    assert entry("session.intra_op.allow_spinning") == "1"
    assert entry("session.intra_op.spin_duration_us") == str(SPIN_US)


@pytest.mark.parametrize("version", ["1.22.0", "1.30.2"])
def test_r02_where_the_bound_may_not_be_known_no_thread_stays_awake(version):
    assert (
        session_options(2, version=version).get_session_config_entry("session.intra_op.allow_spinning") == "0"
    )
