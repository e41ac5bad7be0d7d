"""What a site asks a face to show, what its device has for it, and what it is told of both."""

import pytest

from gate.check import check_gate
from gate.core.liveness import Assurance, Level
from gate.demo.settings import desk_settings
from gate.errors import ConfigError
from gate.settings import read_settings
from gate.sight import assurance_of, level_of, liveness_fitted

SITE = """
[site]
gate_id = "north"
controller = "Garden Compound Ltd"
contact = "+86 10 5555 0100"
[reader]
driver = "simulated"
[door]
driver = "simulated"
declared = "fail-secure"
[face]
"""


def settings_with(folder, level, *, driver="simulated", depth=""):
    settings = desk_settings(folder)
    camera = settings.camera.model_copy(update={"driver": driver, "depth": depth})
    face = settings.face.model_copy(update={"liveness": level})
    return settings.model_copy(update={"camera": camera, "face": face})


def seen(settings):
    return next(each for each in check_gate(settings) if each.subject == "liveness")


def test_a_site_that_says_nothing_asks_for_liveness_all_the_same(tmp_path):
    file = tmp_path / "gate.toml"
    file.write_text(SITE, encoding="utf-8")
    assert level_of(read_settings(file)) is Level.BASIC


@pytest.mark.parametrize("level", ["off", "none", "", "BASIC"])
def test_no_setting_switches_liveness_off(tmp_path, level):
    file = tmp_path / "gate.toml"
    file.write_text(f'{SITE}liveness = "{level}"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"face\.liveness"):
        read_settings(file)


@pytest.mark.parametrize(
    ("level", "driver", "depth", "fitted", "assurance"),
    [
        ("basic", "simulated", "", True, Assurance.LOW),
        ("challenge", "v4l2", "", True, Assurance.LOW),
        ("basic", "simulated", "simulated", True, Assurance.LOW),
        ("depth", "simulated", "simulated", True, Assurance.SUBSTANTIAL),
        ("depth", "simulated", "", False, Assurance.LOW),
        ("depth", "v4l2", "simulated", False, Assurance.LOW),
        ("depth", "v4l2", "realsense", False, Assurance.LOW),
    ],
)
def test_depth_needs_a_depth_camera_of_its_own_and_nothing_stands_in_for_it(
    tmp_path, level, driver, depth, fitted, assurance
):
    settings = settings_with(tmp_path, level, driver=driver, depth=depth)
    assert liveness_fitted(settings) is fitted
    assert assurance_of(settings) is assurance


def test_without_a_camera_no_depth_is_fitted(tmp_path):
    settings = settings_with(tmp_path, "depth").model_copy(update={"camera": None})
    assert not liveness_fitted(settings)


@pytest.mark.parametrize("level", ["basic", "challenge"])
def test_gate_check_says_that_colour_alone_is_low_assurance(tmp_path, level):
    finding = seen(settings_with(tmp_path, level))
    assert finding.ok
    assert finding.seen.startswith(f"{level}: ")
    assert "low assurance: masks and injected video are not covered" in finding.seen


def test_gate_check_fails_with_the_remedy_where_the_depth_camera_lacks(tmp_path):
    finding = seen(settings_with(tmp_path, "depth", driver="v4l2"))
    assert not finding.ok
    assert "liveness-unfitted" in finding.seen
    assert "camera.depth" in finding.seen


def test_gate_check_says_nothing_of_liveness_where_face_is_off(tmp_path):
    settings = settings_with(tmp_path, "depth")
    off = settings.model_copy(update={"face": settings.face.model_copy(update={"enabled": False})})
    assert seen(off).seen == "off by settings, as face is"


@pytest.mark.parametrize(
    ("level", "said"), [("basic", "films on a screen often pass"), ("challenge", "may pass")]
)
def test_gate_check_says_of_each_level_by_colour_that_films_pass_and_what_is_against_it(
    tmp_path, level, said
):
    told = seen(settings_with(tmp_path, level)).seen
    assert said in told
    assert ('face.liveness = "challenge"' in told) is (level == "basic")
