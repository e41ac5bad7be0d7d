"""R80: one place for the settings in force: the file, and what was changed from the console on top."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from gate.app import open_store
from gate.check import check_gate
from gate.core.overrides import SETTINGS
from gate.core.roles import AccountId, Role, Staff
from gate.demo.settings import desk_settings
from gate.errors import ConfigError
from gate.inforce import changeable, in_force, open_in_force, value_of, with_overrides
from gate.settings import BackupSettings
from gate.settings_devices import GpioDoorSettings

MANAGER = Staff(AccountId("a" * 16), frozenset({Role.MANAGER}))
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SIX = {"door.release_s": 6.0}


@pytest.fixture
def by_file(tmp_path):
    settings = desk_settings(tmp_path)
    backup = BackupSettings(folder=tmp_path / "backup")
    return settings.model_copy(update={"backup": backup})


@pytest.fixture
def change(by_file):
    """Change settings as the console does."""

    def change(values):
        store = open_store(by_file)
        try:
            store.overrides.change(values, seen=store.overrides.newest, at=NOON, by=MANAGER)
        finally:
            store.close()

    return change


def test_every_key_that_may_be_changed_is_a_setting(by_file):
    assert set(changeable(by_file)) == set(SETTINGS)
    for key in SETTINGS:
        assert with_overrides(by_file, {key: value_of(by_file, key)}) == by_file


def test_what_a_later_gate_changed_is_told_and_takes_nothing_else_away(by_file, change):
    change(SIX | {"face.of_a_later_gate": True, "storage.custody": "tpm"})
    with capture_logs() as logs:
        present = in_force(by_file)
    assert present.door.release_s == 6.0
    assert present.storage == by_file.storage
    assert [each["event"] for each in logs] == ["overrides_unknown"]


def test_without_any_change_the_file_holds(by_file):
    assert in_force(by_file) is by_file


def test_what_was_changed_is_in_force_and_the_rest_is_the_files(by_file, change):
    change(SIX | {"face.under_14.retention_days": 60, "site.officer": "Ms Wang"})
    now = in_force(by_file)
    assert (now.door.release_s, now.face.under_14.retention_days, now.site.officer) == (6.0, 60, "Ms Wang")
    assert now.door.held_after_s == by_file.door.held_after_s
    assert in_force(now) == now


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("door.release_s", 7.5),
        ("door.release_s", "5"),
        ("door.release_s", None),
        ("notice.minimum_s", 1.0),
        ("face.retention_days", 366),
        ("face.threshold_at_least", -0.1),
        ("access.duress", 1),
        ("web.public_url", "javascript:alert(1)"),
        ("site.contact", " "),
    ],
)
def test_r67_a_value_beyond_what_the_file_may_say_is_refused(by_file, key, value):
    with pytest.raises(ConfigError) as refused:
        with_overrides(by_file, {key: value})
    assert refused.value.code == "override-unfit"
    assert key in refused.value.what


def test_a_value_that_contradicts_the_file_is_refused(by_file):
    relay = GpioDoorSettings(chip="gpiochip0", strike_line=1, relay_s=5.0)
    door = by_file.door.model_copy(update={"driver": "gpio"})
    wired = by_file.model_copy(update={"gpio_door": relay, "door": door})
    with pytest.raises(ConfigError) as refused:
        with_overrides(wired, {"door.release_s": 2.0})
    assert refused.value.code == "settings-relay"


def test_what_no_longer_fits_the_file_is_left_out_and_said_and_the_door_serves(by_file, change):
    """ADR 0007: a new file must not keep the door from serving."""
    change({"face.enabled": True, "door.release_s": 6.0, "face.threshold_at_least": 0.5})
    off = by_file.face.model_copy(update={"enabled": False})
    without_camera = by_file.model_copy(update={"camera": None, "face": off})
    with capture_logs() as logs:
        assert in_force(without_camera) is without_camera
    assert [each["event"] for each in logs] == ["overrides_unfit"]


def test_a_section_that_left_the_file_takes_only_its_own_changes_along(by_file, change):
    change(SIX | {"backup.every_hours": 2})
    without = by_file.model_copy(update={"backup": None})
    assert in_force(without).door.release_s == 6.0
    assert "backup.every_hours" not in changeable(without)


def test_settings_that_the_device_did_not_sign_do_not_hold(by_file, change, tmp_path):
    change(SIX)
    with closing(sqlite3.connect(by_file.storage.data_dir / "gate.sqlite3")) as connection, connection:
        connection.execute("DROP TRIGGER overrides_stay")
        connection.execute("""UPDATE overrides SET settings = '{"door.release_s":7.0}'""")
    with capture_logs() as logs:
        settings, store = open_in_force(by_file, open_store)
    store.close()
    assert settings == by_file
    assert "overrides_altered" in [each["event"] for each in logs]
    [finding] = [each for each in check_gate(by_file) if each.subject == "settings"]
    assert not finding.ok
    assert "overrides-altered" in finding.seen


def test_the_store_is_opened_by_the_settings_in_force(by_file, change):
    change({"face.retention_days": 90})
    settings, store = open_in_force(by_file, open_store)
    store.close()
    assert settings.face.retention_days == 90


def test_gate_check_names_what_was_changed_from_the_console(by_file, change):
    change(SIX)
    [finding] = [each for each in check_gate(by_file) if each.subject == "settings"]
    assert finding.ok
    assert "door.release_s" in finding.seen
