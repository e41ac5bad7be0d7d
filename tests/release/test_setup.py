"""``gate-release``, as the Debian package calls it: it may be called at any time, again and again."""

import json

import pytest

from gate.release import setup
from gate.release.journal import Course, Step
from gate.release.service import Service
from tests.release.devices import NEW, OLD, SCHEMA, killed_at


def gate_release(device, *words):
    config = device.home / "gate.toml"
    config.write_text(
        f'[storage]\ndata_dir = "{device.data.data_dir}"\nkeys_dir = "{device.data.keys_dir}"\n',
        encoding="utf-8",
    )
    where = ["--root", str(device.place.root), "--work", str(device.place.work), "--config", str(config)]
    return setup.main([*where, *map(str, words)])


def payload(device, **told):
    folder = device.home / "payload"
    folder.mkdir()
    facts = {"version": "0.1.0", "schema": SCHEMA, "pythons": ["3.11", "3.12", "3.13"], **told}
    (folder / "payload.json").write_text(json.dumps(facts), encoding="utf-8")
    return folder


def test_installing_what_is_in_force_changes_nothing(device, capsys):
    device.made()
    assert gate_release(device, "install", payload(device)) == 0
    assert device.place.in_force().version == OLD == device.runs()
    assert "gate 0.1.0 is in force." in capsys.readouterr().out


def test_an_older_package_leaves_a_newer_release_in_force(device, capsys):
    device.made()
    assert gate_release(device, "install", payload(device, version="0.0.9")) == 0
    assert device.place.in_force().version == OLD
    assert "stays in force" in capsys.readouterr().out


@pytest.mark.parametrize("told", [{"version": "none"}, {"pythons": ["3.9"]}, {"schema": None}])
def test_a_package_that_does_not_fit_is_refused_with_what_to_do(device, capsys, told):
    device.made()
    assert gate_release(device, "install", payload(device, **told)) == 1
    assert "gate-release: " in capsys.readouterr().err
    assert device.place.in_force().version == OLD


def test_an_update_killed_on_a_running_device_is_undone_and_the_gate_started_again(device):
    device.made()
    (device.home / "running").unlink()
    device.updater().journal.write(Course(Step.SWITCHED, OLD, NEW, copied=False, served=True))
    device.place.switch(device.new)
    assert gate_release(device, "recover", "--start") == 0
    assert device.place.in_force().version == OLD == device.runs()


def test_before_a_start_the_recovery_starts_nothing_itself(device):
    device.made()
    (device.home / "running").unlink()
    device.updater().journal.write(Course(Step.SWITCHED, OLD, NEW, copied=False, served=True))
    gate_release(device, "recover")
    assert device.runs() is None


def test_a_recovery_leaves_an_update_at_work_alone(device, capsys):
    device.made()
    device.updater().journal.write(Course(Step.SWITCHED, OLD, NEW, copied=False, served=True))
    with device.place.alone():
        assert gate_release(device, "recover", "--start") == 0
    assert "at work" in capsys.readouterr().out
    assert device.updater().journal.read() is not None


def test_a_purge_takes_every_release_and_no_data(device):
    device.made()
    assert gate_release(device, "purge") == 0
    assert not device.place.root.exists()
    assert device.told()[0] == "before"


def test_a_gate_that_systemd_had_to_start_again_did_not_stay_up(device):
    device.made()
    counting = device.home / "count"
    (device.home / "bin" / "systemctl").write_text(
        f'#!/bin/sh\ncase "$1" in is-active) echo active ;; show) echo x >>{counting}; wc -l <{counting} ;; esac\n',
        encoding="utf-8",
    )
    assert not Service(probation_s=0.0).stays_up()


@pytest.mark.parametrize("new_schema", [SCHEMA, SCHEMA + 1])
def test_an_update_killed_while_the_new_release_serves_is_undone_at_once_and_not_at_the_next_start(
    device, new_schema
):
    device.made(new_schema=new_schema)
    assert not killed_at(device, "started")
    assert device.runs() == NEW
    assert gate_release(device, "recover", "--start") == 0
    assert device.place.in_force().version == OLD == device.runs()
    assert device.schema() == SCHEMA


def test_an_installation_after_a_killed_update_leaves_no_gate_standing_still(device):
    device.made()
    (device.home / "running").unlink()
    device.updater().journal.write(Course(Step.COPYING, OLD, NEW, copied=True, served=True))
    assert gate_release(device, "install", payload(device)) == 0
    assert device.place.in_force().version == OLD == device.runs()


@pytest.mark.parametrize(
    ("given", "seconds"), [("", 60), ("5", 5), ("5.5", 60), ("-1", 60), ("nan", 60), ("99999", 3600)]
)
def test_a_packages_probation_is_a_time_or_the_usual_one(monkeypatch, given, seconds):
    monkeypatch.setenv(setup.PROBATION_VARIABLE, given)
    assert setup.probation_s() == seconds
