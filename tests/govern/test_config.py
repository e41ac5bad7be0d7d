"""R80: what an assessment is about is in the hash, so that a change of it locks face; what is not about people is not."""

import re
import shutil
from dataclasses import replace
from datetime import date, timedelta

import pytest

from gate.core.registers import Processor, Recipient, Register, Sign
from gate.govern.approval import face_approved, present_sha256
from gate.govern.config import config_sha256, configuration, short
from gate.notice import load_sources, publish
from gate.settings import BrokerSettings, Under14Settings
from gate.store.keyring.keys import Custody
from gate.vision.manifest import load_manifests

BANK = Recipient("Bank", "+86 1", "none", "post", "names")
FIXERS = Processor("Fixers", "+86 2", "repair", "none", "sealed", date(2026, 1, 1))


@pytest.mark.parametrize(
    ("section", "fields"),
    [
        ("site", {"controller": "Another Compound"}),
        ("site", {"contact": "+86 10 5555 0101"}),
        ("site", {"gate_id": "south"}),
        ("site", {"processors": ("Fixers Ltd",)}),
        ("face", {"enabled": False}),
        ("face", {"retention_days": 30}),
        ("face", {"liveness": "challenge"}),
        ("face", {"zone": (0.1, 0.0, 1.0, 1.0)}),
        ("face", {"threshold_at_least": 0.7}),
        ("face", {"under_14": Under14Settings(enabled=True)}),
        ("face", {"under_14": Under14Settings(retention_days=90)}),
        ("camera", {"driver": "v4l2"}),
        ("camera", {"depth": "simulated"}),
        ("camera", {"width_px": 800}),
        ("camera", {"height_px": 600}),
        ("notice", {"minimum_s": 3.0}),
    ],
)
def test_r80_a_changed_setting_about_people_is_another_configuration(
    site, settings, changed, section, fields
):
    other = changed(section, **fields)
    assert face_approved(settings, site)
    assert not face_approved(other, site)


@pytest.mark.parametrize(
    ("section", "fields"),
    [
        ("camera", {"source": "rtsp://user:secret@camera/1"}),
        ("face", {"threads": 4}),
        ("web", {"port": 9999}),
        ("door", {"release_s": 5.0}),
    ],
)
def test_what_is_not_about_people_asks_for_no_new_assessment(site, changed, section, fields):
    assert face_approved(changed(section, **fields), site)


def test_r80_another_broker_is_another_configuration(site, settings):
    elsewhere = settings.model_copy(update={"broker": BrokerSettings(host="broker.example.org")})
    assert not face_approved(elsewhere, site)


@pytest.mark.parametrize(("register", "fields"), [(Register.RECIPIENT, BANK), (Register.PROCESSOR, FIXERS)])
def test_r83_a_recipient_or_processor_entered_or_changed_locks_face(site, settings, noon, register, fields):
    before = present_sha256(settings, site)
    entry = site.registers.add(register, fields, noon)
    entered = present_sha256(settings, site)
    site.registers.revise(entry, replace(fields, purpose="another"), noon)
    assert len({before, entered, present_sha256(settings, site)}) == 3
    assert not face_approved(settings, site)


def test_a_sign_entered_asks_for_no_new_assessment(site, settings, noon):
    site.registers.add(Register.SIGN, Sign("main door", noon.date()), noon)
    assert face_approved(settings, site)


def test_r80_a_notice_published_anew_is_another_configuration(site, settings, changed, noon):
    other = changed("site", complaints="+86 12345")
    before = configuration(other, site)
    publish(site.notices, load_sources(other), noon + timedelta(days=1))
    assert configuration(other, site)["notice"] != before["notice"]


def test_r80_without_a_notice_the_configuration_is_another(settings, open_store, site, tmp_path):
    bare = settings.model_copy(
        update={
            "storage": settings.storage.model_copy(
                update={"data_dir": tmp_path / "d2", "keys_dir": tmp_path / "k2"}
            )
        }
    )
    assert configuration(bare, open_store(bare))["notice"] is None


def test_r80_another_model_or_operating_point_is_another_configuration(site, settings, tmp_path):
    models = tmp_path / "models"
    shutil.copytree(settings.models_dir, models, ignore=shutil.ignore_patterns("weights"))
    copied = settings.model_copy(update={"models_dir": models})
    assert face_approved(copied, site)
    point = models / "sface.operating-point.toml"
    point.write_text(point.read_text().replace("margin = 0.1\n", "margin = 0.05\n"))
    assert not face_approved(copied, site)
    shutil.rmtree(models)
    assert configuration(copied, site)["models"] is None
    assert not face_approved(copied, site)


@pytest.mark.parametrize(
    ("written", "instead"), [("n_threshold = 17", "n_threshold = 50"), ("rise = 0.043", "rise = 0.01")]
)
def test_r80_how_the_threshold_grows_with_the_gallery_is_assessed(site, settings, tmp_path, written, instead):
    models = tmp_path / "models"
    shutil.copytree(settings.models_dir, models, ignore=shutil.ignore_patterns("weights"))
    point = models / "sface.operating-point.toml"
    assert written in point.read_text()
    point.write_text(point.read_text().replace(written, instead))
    assert not face_approved(settings.model_copy(update={"models_dir": models}), site)


def test_r80_an_optional_model_that_comes_or_goes_is_another_configuration(site, settings, tmp_path):
    models = tmp_path / "models"
    shutil.copytree(settings.models_dir, models, ignore=shutil.ignore_patterns("weights"))
    copied = settings.model_copy(update={"models_dir": models})
    without = configuration(copied, site)
    optional = next(each for each in load_manifests(models) if each.optional)
    assert without["models"][optional.name] is None
    optional.weights(models).parent.mkdir(exist_ok=True)
    optional.weights(models).touch()
    assert configuration(copied, site)["models"][optional.name] == optional.sha256
    assert config_sha256(configuration(copied, site)) != config_sha256(without)


def test_r80_another_custody_of_the_key_is_another_configuration(site, settings):
    moved = replace(site, custody=Custody.TPM)
    assert face_approved(settings, site)
    assert not face_approved(settings, moved)


def test_no_secret_and_no_address_is_in_the_configuration(site, changed):
    settings = changed("camera", source="rtsp://user:secret@camera/1")
    said = str(configuration(settings, site))
    assert "secret" not in said
    assert str(settings.storage.keys_dir) not in said


def test_the_hash_is_a_sha256_of_which_eight_digits_are_typed(site, settings):
    sha256 = config_sha256(configuration(settings, site))
    assert re.fullmatch("[0-9a-f]{64}", sha256)
    assert short(sha256) == sha256[:8]
    assert config_sha256(configuration(settings, site)) == sha256
