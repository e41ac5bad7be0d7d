"""A gate at whose command line somebody sits; a file whose gate is set up otherwise has a *config* of its own."""

from contextlib import closing, contextmanager

import pytest
from typer.testing import CliRunner

from gate.app import open_store
from gate.cli import cli
from gate.settings import read_settings
from gate.store.store import Store
from tests.costs import LEAST
from tests.settings_file import settings_file
from tests.stores import lay_started


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch):
    """Let a new PIN or password cost next to nothing, as in the other tests' stores: here a command opens the store."""
    monkeypatch.setitem(Store.open.__func__.__kwdefaults__, "cost", LEAST)


@pytest.fixture
def config(tmp_path):
    """A gate that was started before, with nobody in it."""
    lay_started(tmp_path, with_notice=False)
    return settings_file(tmp_path)


@pytest.fixture
def gate(config):
    def gate(*arguments, said=""):
        return CliRunner().invoke(cli, [*map(str, arguments), "--config", str(config)], input=said)

    return gate


@pytest.fixture
def opened(config):
    @contextmanager
    def opened():
        with closing(open_store(read_settings(config))) as store:
            yield store

    return opened
