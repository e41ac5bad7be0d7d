"""``gate evaluate`` and ``gate calibrate`` as somebody at a terminal meets them, with the real networks."""

import json

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from gate.app import alone_on, open_store
from gate.calibrated import calibration_file, point_in_force, shipped_point
from gate.check import check_gate
from gate.cli import cli
from gate.errors import RequestError, VaultError
from gate.govern.config import configuration
from gate.settings import read_settings
from tests.settings_file import settings_file

pytestmark = [pytest.mark.models, pytest.mark.portraits]

FACE = '[camera]\ndriver = "simulated"\nframes_per_s = 120\n[face]\nenabled = true'
COPIES = 9
LOOSE = ("--fpir", "0.1", "--n", "1")


@pytest.fixture(scope="module")
def people(models_dir, tmp_path_factory):
    """Give a folder of two people, each in many lights."""
    folder = tmp_path_factory.mktemp("people")
    for name in ("astronaut.png", "grace_hopper.jpg"):
        image = cv2.imread(str(models_dir / "weights" / "portraits" / name))
        scale = 480 / image.shape[0]
        image = cv2.resize(image, None, fx=scale, fy=scale)
        (folder / name[:3]).mkdir()
        for number in range(COPIES):
            lit = np.clip(image * (0.7 + 0.06 * number), 0, 255).astype(np.uint8)
            (folder / name[:3] / f"{number}.png").write_bytes(cv2.imencode(".png", lit)[1].tobytes())
    return folder


@pytest.fixture
def config(tmp_path):
    return settings_file(tmp_path, more=FACE)


def test_a_calibration_is_signed_audited_and_in_force_for_the_next_start(gate, config, people):
    done = gate("calibrate", people, *LOOSE, "--dataset", "two people in many lights")
    assert done.exit_code == 0, done.output
    settings = read_settings(config)
    store = open_store(settings)
    try:
        point = point_in_force(settings, store.signer.public_key)
        assert (point.dataset, point.images, point.subjects) == ("two people in many lights", 2 * COPIES, 2)
        assert point.threshold >= shipped_point(settings).threshold
        assert store.audit.entries(newest=1)[-1].action == "calibrated"
        assert configuration(settings, store)["operating_point"]["n_max"] == point.n_max
    finally:
        store.close()


def test_a_calibration_that_was_altered_turns_face_off_and_the_check_says_so(gate, config, people):
    gate("calibrate", people, *LOOSE)
    settings = read_settings(config)
    path = calibration_file(settings)
    path.write_text(path.read_text().replace('"threshold": 0.5', '"threshold": 0.6'))
    face = next(found for found in check_gate(settings) if found.subject == "face")
    assert not face.ok
    assert "calibration-unusable" in face.seen


def test_volunteers_come_one_after_the_other_and_leave_nothing(gate, config, tmp_path):
    done = gate("calibrate", "--volunteers", *LOOSE, said="agree\nwhat\nagree\ndone\n")
    assert done.exit_code == 0, done.output
    assert "Volunteers before this gate's camera" in calibration_file(read_settings(config)).read_text()
    pictures = [path for path in tmp_path.rglob("*") if path.suffix in {".png", ".jpg", ".npy"}]
    assert pictures == []


def test_a_dry_run_writes_nothing(gate, config, people):
    done = gate("calibrate", people, *LOOSE, "--dry-run")
    assert "Nothing was written" in done.output
    assert not calibration_file(read_settings(config)).exists()


def test_too_few_people_for_the_aim_are_refused_and_nothing_is_written(gate, config, people):
    done = gate("calibrate", people, "--n", "100")
    assert isinstance(done.exception, RequestError)
    assert done.exception.code == "calibration-unsupported"
    assert not calibration_file(read_settings(config)).exists()


def test_beside_a_running_gate_no_threshold_changes(gate, config, people):
    settings = read_settings(config)
    open_store(settings).close()
    with alone_on(settings.storage.data_dir):
        done = gate("calibrate", people, *LOOSE)
    assert isinstance(done.exception, VaultError)
    assert done.exception.code == "gate-running"


@pytest.mark.parametrize(
    "arguments", [(), ("--volunteers", "here"), ("here", "--pairs", "there.csv"), ("here", "--basis", "hope")]
)
def test_what_is_asked_for_twice_or_not_at_all_is_refused(gate, arguments):
    assert gate("calibrate", *arguments, "--n", "5").exit_code == 2


def test_an_evaluation_says_what_it_always_said_and_more(people, tmp_path):
    groups = tmp_path / "groups.csv"
    groups.write_text("person,group\nast,a\ngra,b\n")
    out = tmp_path / "figures.json"
    done = CliRunner().invoke(cli, ["evaluate", str(people), "--json", str(out), "--groups", str(groups)])
    assert done.exit_code == 0, done.output
    said = json.loads(out.read_text())
    assert (said["images"], said["failure_to_acquire"], said["impostor_pairs"]) == (2 * COPIES, 0, COPIES**2)
    assert set(said["fnmr_at_fmr"]) == {"0.01", "0.001", "0"}
    assert said["figures"]["people"] == 2
    assert [each["name"] for each in said["figures"]["groups"]] == ["a", "b"]


def test_two_networks_are_compared_on_the_same_photographs(people, models_dir):
    done = CliRunner().invoke(cli, ["evaluate", str(people), "--against", str(models_dir / "sface.toml")])
    said = json.loads(done.output)
    assert said["against"]["model"] == "sface (models)"
    other = said["against"]["verification"]  # the plain network, where this one may run in its fastest form
    assert (other["images"], other["impostor_pairs"]) == (said["images"], said["impostor_pairs"])
    assert other["highest_impostor"] == pytest.approx(said["highest_impostor"], abs=1e-2)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("--groups", "absent.csv"), "groups-input"), (("--against", "yunet.toml"), "evaluation-model")],
)
def test_a_file_that_is_not_what_it_should_be_is_refused(people, models_dir, arguments, code):
    option, name = arguments
    done = CliRunner().invoke(cli, ["evaluate", str(people), option, str(models_dir / name)])
    assert done.exception.code == code
