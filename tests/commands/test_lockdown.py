"""``gate lockdown``, as somebody at a terminal meets it."""

from functools import partial

import pytest
from typer.testing import CliRunner

from gate.app import open_store
from gate.cli import cli
from gate.settings import read_settings
from gate.store.account.audit import Action


@pytest.fixture
def lockdown(gate):
    return partial(gate, "lockdown")


def test_a_lockdown_begins_at_one_word_and_outlives_the_process(lockdown, config):
    assert "Leaving is free" in lockdown("begin").output
    store = open_store(read_settings(config))
    assert store.lockdown.is_on
    store.close()
    assert "nobody is let in" in lockdown("show").output


def test_gate_check_says_so(lockdown, config):
    lockdown("begin")
    assert "LOCKED DOWN" in CliRunner().invoke(cli, ["check", "--config", str(config)]).output


def test_ending_it_asks_for_the_gates_id(lockdown):
    lockdown("begin")
    assert lockdown("end", said="something\n").exit_code != 0
    assert "nobody is let in" in lockdown("show").output
    assert "over" in lockdown("end", said="north\n").output
    assert "no lockdown" in lockdown("show").output


def test_beginning_twice_and_ending_none_change_nothing(lockdown):
    lockdown("begin")
    assert "already" in lockdown("begin").output
    lockdown("end", said="north\n")
    assert "no lockdown" in lockdown("end").output


def test_both_stand_in_the_audit_log_once_each(lockdown, config):
    for arguments, said in ((["begin"], ""), (["begin"], ""), (["end"], "north\n")):
        lockdown(*arguments, said=said)
    store = open_store(read_settings(config))
    acts = [entry.action for entry in store.audit.entries()]
    store.close()
    assert acts[-2:] == [Action.LOCKDOWN_BEGUN, Action.LOCKDOWN_ENDED]
