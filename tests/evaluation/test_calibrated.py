"""A site's own operating point holds only signed by this device, for this network, and nowhere laxer."""

import json
from dataclasses import replace

import pytest

from gate.calibrated import calibration_file, point_in_force, shipped_point, write_calibration
from gate.demo.settings import desk_settings
from gate.errors import ModelError
from gate.govern.config import configuration
from gate.store.account.signing import Signer

KEY = Signer(bytes(32))


@pytest.fixture
def settings(tmp_path):
    made = desk_settings(tmp_path)
    made.storage.data_dir.mkdir(parents=True, mode=0o700)
    return made


@pytest.fixture
def own(settings):
    return replace(shipped_point(settings), threshold=0.62, n_max=4321, dataset="this site")


def forced(settings, own, **changes):
    """Write a file that this device signed although it would never write it."""
    document = json.loads(json.dumps(dict(kept(own)) | changes))
    calibration_file(settings).write_text(KEY.issue("operating-point", document))


def kept(own):
    from pydantic import TypeAdapter

    return json.loads(TypeAdapter(type(own)).dump_json(own))


def refusal(settings, key=KEY):
    with pytest.raises(ModelError) as refused:
        point_in_force(settings, key.public_key)
    return refused.value.code


def test_without_a_file_the_shipped_point_is_in_force(settings):
    assert point_in_force(settings, KEY.public_key) == shipped_point(settings)


def test_a_signed_file_raises_the_threshold_and_extends_the_gallery(settings, own):
    write_calibration(settings, own, KEY)
    assert point_in_force(settings, KEY.public_key) == own
    assert calibration_file(settings).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "changes", [{"threshold": 0.3}, {"margin": 0.01}, {"model_sha256": "0" * 64}, {"model": "x"}]
)
def test_nobody_lowers_a_threshold_or_moves_it_to_another_network(settings, own, changes):
    with pytest.raises(ModelError):
        write_calibration(settings, replace(own, **changes), KEY)
    assert not calibration_file(settings).exists()
    forced(settings, own, **changes)
    assert refusal(settings) == "calibration-unusable"


def test_an_altered_file_is_refused(settings, own):
    path = write_calibration(settings, own, KEY)
    path.write_text(path.read_text().replace("4321", "9999"))
    assert refusal(settings) == "calibration-unusable"


def test_a_file_of_another_device_is_refused(settings, own):
    write_calibration(settings, own, KEY)
    assert refusal(settings, Signer(bytes([1] * 32))) == "calibration-unusable"


@pytest.mark.parametrize("content", ["", "{}", "no json", "x" * 100_000])
def test_a_broken_file_is_refused_with_the_remedy(settings, content):
    calibration_file(settings).write_text(content)
    with pytest.raises(ModelError, match="remove that file"):
        point_in_force(settings, KEY.public_key)


@pytest.mark.parametrize("changes", [{"also": 1}, {"n_max": 0}, {"threshold": 2}, {"fmr": None}])
def test_a_signed_file_that_says_nonsense_is_refused(settings, own, changes):
    forced(settings, own, **changes)
    assert refusal(settings) == "calibration-unusable"


def test_r80_a_calibration_is_another_configuration_and_a_broken_one_none(settings, own):
    from gate.app import open_store

    store = open_store(settings)
    try:
        shipped = configuration(settings, store)["operating_point"]
        write_calibration(settings, own, store.signer)
        assert configuration(settings, store)["operating_point"] == shipped | {
            "threshold": 0.62,
            "n_max": 4321,
            "dataset": "this site",
        }
        write_calibration(settings, own, KEY)
        assert configuration(settings, store)["operating_point"] is None
    finally:
        store.close()
