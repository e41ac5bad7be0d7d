"""Every mistake in the settings is named with its key and its remedy, and nothing starts on half of them."""

import pytest

from gate.errors import ConfigError
from gate.settings import PROJECT, read_settings

GOOD = """
[site]
gate_id = "north"
controller = "Garden Compound Ltd"
contact = "+86 10 5555 0100"
[reader]
driver = "simulated"
[door]
driver = "simulated"
declared = "fail-secure"
"""


@pytest.fixture
def settings_file(tmp_path):
    def write(text):
        path = tmp_path / "gate.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def refusal(path):
    with pytest.raises(ConfigError) as caught:
        read_settings(path)
    assert caught.value.exit_code == 78
    return str(caught.value)


def test_the_least_settings_start_without_face(settings_file):
    settings = read_settings(settings_file(GOOD))
    assert not settings.face.enabled
    assert settings.notice.minimum_s == 2.0
    assert settings.broker is None


def test_no_order_over_the_broker_is_taken_unless_a_site_names_keys_and_kinds(settings_file):
    assert not read_settings(settings_file(GOOD)).commands.enabled
    assert read_settings(settings_file(GOOD)).commands.allowed == ()


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("enabled = true", "settings-commands"),
        (f'enabled = true\nkeys = ["{"a" * 64}"]', "settings-commands"),
        ('enabled = true\nallowed = ["lockdown"]', "settings-commands"),
        (f'keys = ["{"0" * 64}"]', "settings-commands-key"),
        (f'keys = ["{"a" * 64}", "{"a" * 64}"]', "settings-commands-key"),
        ('keys = ["short"]', "settings-invalid"),
        ('allowed = ["unlock"]', "settings-invalid"),
    ],
)
def test_half_said_or_weak_commands_are_refused_with_the_key_at_fault(settings_file, said, code):
    with pytest.raises(ConfigError) as caught:
        read_settings(settings_file(f"{GOOD}[commands]\n{said}"))
    assert (caught.value.code, "commands." in str(caught.value)) == (code, True)


@pytest.mark.parametrize("path", sorted((PROJECT / "deploy").glob("*.toml")), ids=lambda path: path.name)
def test_the_examples_we_ship_are_valid(path):
    assert read_settings(path).site.controller


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ("[notice]\nminimum_ms = 2000", ["notice.minimum_ms", "minimum_s", "seconds"]),
        ("[notice]\nminimum_s = 2000", ["notice.minimum_s", "60", "seconds"]),
        ("[notice]\nminimum_s = 1.0", ["notice.minimum_s", "2", "seconds"]),
        ('[notice]\nminimum_s = "2"', ["notice.minimum_s", "number", "seconds"]),
        ("[notice]\nminimum_s = nan", ["notice.minimum_s"]),
        ("[face]\nthreshold_at_least = nan", ["face.threshold_at_least"]),
        ("[door]\nrelease_s = inf", ["door"]),
        ("[door2]\nx = 1", ["door2", "did you mean door"]),
        ("[face]\nthreshold = 0.2", ["face.threshold", "threshold_at_least"]),
        ("[face]\nenabled = true", ["[camera]"]),
        ("[face]\nzone = [0.8, 0.0, 0.2, 1.0]", ["face.zone", "left below right"]),
        ("[face]\ndetect_side_px = 333", ["face.detect_side_px", "32", "pixels"]),
        ("[face.under_14]\nretention_days = 181", ["face.under_14.retention_days", "180", "days"]),
        ("[face.under_14]\nenable = true", ["face.under_14.enable", "did you mean enabled"]),
        ("[web]\nport = 99999", ["web.port", "65535"]),
        ("[metrics]\nenabled = true\nport = 8443", ["metrics.port", "port of its own"]),
        ('[metrics]\nhost = "0.0.0.0"', ["metrics.host", "port"]),
        ('[broker]\nhost = "b"\nhome_assistant_prefix = "home/#"', ["broker.home_assistant_prefix"]),
        ('[storage]\ndata_dri = "/tmp"', ["data_dri", "data_dir"]),
        ('[backup]\nfolder = "/x"\nevery_hours = 0', ["backup.every_hours", "1", "hours"]),
        ('[storage]\ndata_dir = "/x/d"\n[backup]\nfolder = "/x/d/b"', ["backup.folder", "another medium"]),
    ],
)
def test_a_wrong_setting_is_named_with_what_it_takes(settings_file, added, said):
    text = refusal(settings_file(GOOD + added))
    assert all(word in text for word in said), text


def in_zone(name):
    return GOOD.replace("[reader]", f'time_zone = "{name}"\n[reader]')


@pytest.mark.parametrize("name", ["UTC", "Asia/Shanghai", "America/Argentina/Buenos_Aires", "Etc/GMT+5"])
def test_a_time_zone_is_named_as_in_the_iana_list(settings_file, name):
    assert read_settings(settings_file(in_zone(name))).site.zone.key == name


@pytest.mark.parametrize(
    "name", ["Mars/Olympus", "Asia", "asia/shanghai", "Etc/../../etc/passwd", "zone.tab"]
)
def test_a_time_zone_that_is_not_there_is_told_with_one_that_is(settings_file, name):
    text = refusal(settings_file(in_zone(name)))
    assert "site.time_zone" in text
    assert "Asia/Shanghai" in text


@pytest.mark.parametrize("missing", ["gate_id", "controller", "contact"])
def test_a_missing_setting_is_named(settings_file, missing):
    text = "\n".join(line for line in GOOD.splitlines() if not line.startswith(missing))
    assert f"site.{missing} is missing" in refusal(settings_file(text))


def test_every_mistake_is_named_at_once(settings_file):
    text = refusal(settings_file(f"{GOOD}[notice]\nminimum_s = 1.0\n[web]\nport = 99999\nprot = 1"))
    assert all(key in text for key in ("notice.minimum_s", "web.port", "web.prot")), text


def test_a_gate_id_of_the_wrong_form_is_told_the_form_in_words(settings_file):
    text = refusal(settings_file(GOOD.replace('"north"', '"North Gate"')))
    assert "lower-case letters, digits and hyphens" in text
    assert "^" not in text


def test_an_absent_file_names_the_example(tmp_path):
    assert "gate.example.toml" in refusal(tmp_path / "none.toml")


@pytest.mark.parametrize("text", ["[site", "\x00", "gate_id = 'a' extra"])
def test_what_is_not_toml_is_refused(settings_file, text):
    assert "not TOML" in refusal(settings_file(text))


def test_a_value_is_never_repeated_in_the_error(settings_file):
    assert "rtsp://user:hunter2" not in refusal(
        settings_file(GOOD + '[camera]\ndriver = "stream"\nwidth_px = "rtsp://user:hunter2@cam"')
    )


@pytest.mark.parametrize("section", ["site", "reader", "door"])
def test_a_missing_section_is_named(settings_file, section):
    assert f"section [{section}] is missing" in refusal(
        settings_file(GOOD.replace(f"[{section}]", f"[{section}s]"))
    )


@pytest.mark.parametrize("said", ["true", "false"])
def test_r44_a_settings_file_switches_no_live_events_on(settings_file, said):
    """Only the privacy officer does, on the console; a file may say that they are off."""
    path = settings_file(f"{GOOD}[events]\ndeidentified_live = {said}\n")
    if said == "false":
        assert not read_settings(path).events.deidentified_live
    else:
        assert "privacy officer" in refusal(path)
