"""``gate reader pair`` as an installer meets it, with a real OSDP device on a pseudo terminal."""

from contextlib import closing
from threading import Timer

import pytest
from typer.testing import CliRunner

from firmware_bridge.osdp.peripheral import SimulatedOsdpReader
from gate.app import open_store
from gate.cli import cli
from gate.errors import DeviceFault, RequestError
from gate.settings import read_settings
from tests.bridge.osdp.desks import KEY, desk
from tests.settings_file import settings_file


@pytest.fixture
def config(tmp_path):
    return tmp_path / "gate.toml"


@pytest.fixture
def pair(config, tmp_path):
    def pair(device=None):
        wired = f'[osdp]\nport = "{device.port}"\n' if device else ""
        settings_file(tmp_path, more=wired)
        return CliRunner().invoke(cli, ["reader", "pair", "--config", str(config)])

    return pair


def stored(config):
    with closing(open_store(read_settings(config))) as store:
        return store.device_keys.get("osdp"), store.device_keys.offered("osdp")


def test_a_reader_is_paired_and_its_key_kept(pair, config):
    with closing(SimulatedOsdpReader(None)) as device:
        done = pair(device)
        assert "paired" in done.output
        assert stored(config) == (device.key, None)


def test_r55_the_key_is_never_shown(pair):
    with closing(SimulatedOsdpReader(None)) as device:
        assert device.key is None
        output = pair(device).output
        assert device.key.hex() not in output
        assert repr(device.key) not in output


def test_a_paired_reader_is_not_given_another_key(pair, config):
    with closing(SimulatedOsdpReader(None)) as device:
        pair(device)
        before = stored(config)
        assert "has its key already" in pair(device).output
        assert stored(config) == before


def test_a_strange_readers_refusal_changes_no_key_in_use(pair, config):
    with closing(SimulatedOsdpReader(KEY)) as device:
        refused = pair(device).exception
        assert isinstance(refused, DeviceFault)
        assert "factory state" in str(refused)
        assert stored(config)[0] is None
        assert device.key == KEY


def test_a_running_gate_is_to_be_stopped_first(pair):
    with desk() as there:
        there.up()
        refused = pair(there.device).exception
        assert isinstance(refused, DeviceFault)
        assert "Stop the gate" in str(refused)


def test_without_an_osdp_reader_in_the_settings_there_is_nothing_to_pair(pair):
    refused = pair().exception
    assert isinstance(refused, RequestError)
    assert refused.code == "reader-no-osdp"


def test_a_cards_number_is_shown_as_resident_card_takes_it(pair, config, tmp_path):
    with closing(SimulatedOsdpReader(None)) as device:
        pair(device)
        config.write_text(
            config.read_text().replace('[reader]\ndriver = "simulated"', '[reader]\ndriver = "osdp"')
        )
        timer = Timer(1.0, device.present, (40451, 34))
        timer.start()
        shown = CliRunner().invoke(cli, ["reader", "read", "--seconds", "10", "--config", str(config)])
        timer.join()
    assert shown.stdout.strip() == "34:40451"


def test_a_reader_that_reads_nothing_says_where_to_look(pair, config):
    pair()
    failed = CliRunner().invoke(cli, ["reader", "read", "--seconds", "1", "--config", str(config)])
    assert failed.exit_code != 0
    assert failed.exception.code == "reader-silent"
