"""``gate lockdown``, as somebody at a terminal meets it."""

import pytest
from typer.testing import CliRunner

from gate.app import open_store
from gate.cli import cli
from gate.settings import read_settings
from gate.store.account.audit import Action
from tests.commands.test_resident import SETTINGS


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "gate.toml"
    path.write_text(SETTINGS.format(folder=tmp_path))
    return path


@pytest.fixture
def gate(config):
    def gate(*arguments, said=""):
        return CliRunner().invoke(cli, ["lockdown", *arguments, "--config", str(config)], input=said)

    return gate


def test_a_lockdown_begins_at_one_word_and_outlives_the_process(gate, config):
    assert "Leaving is free" in gate("begin").output
    store = open_store(read_settings(config))
    assert store.lockdown.is_on
    store.close()
    assert "nobody is let in" in gate("show").output


def test_gate_check_says_so(gate, config):
    gate("begin")
    assert "LOCKED DOWN" in CliRunner().invoke(cli, ["check", "--config", str(config)]).output


def test_ending_it_asks_for_the_gates_id(gate):
    gate("begin")
    assert gate("end", said="something\n").exit_code != 0
    assert "nobody is let in" in gate("show").output
    assert "over" in gate("end", said="north\n").output
    assert "no lockdown" in gate("show").output


def test_beginning_twice_and_ending_none_change_nothing(gate):
    gate("begin")
    assert "already" in gate("begin").output
    gate("end", said="north\n")
    assert "no lockdown" in gate("end").output


def test_both_stand_in_the_audit_log_once_each(gate, config):
    for arguments, said in ((["begin"], ""), (["begin"], ""), (["end"], "north\n")):
        gate(*arguments, said=said)
    store = open_store(read_settings(config))
    acts = [entry.action for entry in store.audit.entries()]
    store.close()
    assert acts[-2:] == [Action.LOCKDOWN_BEGUN, Action.LOCKDOWN_ENDED]
