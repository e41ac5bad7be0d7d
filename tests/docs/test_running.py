"""What a document tells somebody to type is typed: in a gate made for it, with simulated devices, in the document's order."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gate.app import open_store
from gate.cli import cli
from gate.settings import read_settings
from tests.docs.commands import commands
from tests.docs.reading import PROJECT, blocks, documents

SETTINGS = """
[storage]
data_dir = "{folder}/data"
keys_dir = "{folder}/keys"
[backup]
folder = "{folder}/stick"
"""
PLACES = {"/etc/gate/gate.toml": "gate.toml", "/media/gate-backup/north-gate": "stick", "/tmp/": ""}
"""Where a document's paths lie in the gate made for it."""

ANSWERS = {
    ("clock", "accept"): lambda: f"{datetime.now(UTC):%Y-%m-%d}\n",
    ("notice", "publish"): lambda: "1.0\n",
    ("order", "key"): lambda: "a long enough passphrase\na long enough passphrase\n",
    ("order", "sign"): lambda: "a long enough passphrase\n",
}
"""What somebody would type there."""

MAY_FIND_SOMETHING = {("check",), ("doctor",), ("notice", "lint"), ("govern", "duties")}
"""What ends with 1 where something is to do, and has said what."""

NOT_RUN = {
    ("backup", "shares"): "shows shares on a terminal alone: tests/commands/test_backup.py gives it one",
    ("calibrate",): "needs a camera and volunteers: tests/commands/test_calibrate.py has photographs",
    ("consume",): "needs a broker: tests/fleet/test_consume.py has one",
    ("door", "pair"): "needs a controller: tests/commands/test_door_pair.py has one in MicroPython",
    ("govern", "approve"): "a person completes the assessment first: tests/govern/test_approval.py does",
    ("models", "prepare"): "needs photographs: tests/vision/test_int8.py makes some",
    ("models", "tune"): "takes minutes: tests/vision/test_choice.py times made-up ones",
    ("order", "send"): "needs a broker and a gate: tests/e2e/test_orders.py has both",
    ("reader", "pair"): "needs a reader: tests/commands/test_reader.py has libosdp's own",
    ("reader", "read"): "needs a hand that holds a card: tests/commands/test_reader.py has a simulated one",
    ("restore",): "asks for shares of another device: tests/commands/test_backup.py has some",
    ("run",): "serves until it is told: tests/e2e/test_gate.py tells it",
    ("sim",): "needs a running gate: tests/e2e/test_gate.py has one",
    ("update",): "needs a signed release: tests/commands/test_update.py makes some",
}
"""What is not typed here: the reason, and the tests that run it."""

_TEST = re.compile(r"tests/[\w/]+\.py")


def key_of(words, table):
    """Give the entry of a table that a command falls under, None where none does."""
    return next((table[words[:n]] for n in (2, 1) if words[:n] in table), None)


def typed(document):
    """Give every gate command of a document's blocks, in order."""
    return [
        command
        for block in blocks(document)
        if block.language == "sh"
        for command in commands(block)
        if command.of_gate is not None
    ]


def runnable(document):
    return [each for each in typed(document) if key_of(each.of_gate, NOT_RUN) is None]


class Desk:
    """A folder with a gate's settings and store, in which somebody types."""

    def __init__(self, folder):
        self.folder = folder
        example = (PROJECT / "deploy" / "gate.example.toml").read_text(encoding="utf-8")
        example = example.replace("# public_url", "public_url")
        (folder / "gate.toml").write_text(example + SETTINGS.format(folder=folder), encoding="utf-8")
        (folder / "stick").mkdir(mode=0o700)
        open_store(read_settings(folder / "gate.toml")).close()

    def type(self, command):
        """Run one command and give what was said, or raise what it raised."""
        words = [self._here(word) for word in command.of_gate]
        answer = ANSWERS.get(tuple(words[:2]), str)
        done = CliRunner().invoke(cli, words, input=answer())
        if command.writes is not None:
            (self.folder / command.writes).write_text(done.stdout, encoding="utf-8")
        fine = {0, 1} if key_of(tuple(words), dict.fromkeys(MAY_FIND_SOMETHING, True)) else {0}
        if done.exit_code not in fine or not isinstance(done.exception, SystemExit | None):
            raise AssertionError(f"{command}: {done.exit_code} {done.exception} {done.output}")
        return done.output

    def _here(self, word):
        for place, here in PLACES.items():
            if word.startswith(place):
                return str(self.folder / (here + word.removeprefix(place)))
        return word


@pytest.mark.slow
@pytest.mark.parametrize("document", [each for each in documents() if runnable(each)])
def test_every_command_of_a_document_that_can_run_here_does(document, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path)
    for command in runnable(document):
        desk.type(command)


def test_each_command_that_is_not_run_has_tests_of_its_own():
    said = [path for reason in NOT_RUN.values() for path in _TEST.findall(reason)]
    assert len(said) >= len(NOT_RUN)
    assert [path for path in said if not (PROJECT / path).is_file()] == []


def test_each_command_that_is_not_run_is_typed_somewhere():
    shown = {command.of_gate[:n] for document in documents() for command in typed(document) for n in (1, 2)}
    assert set(NOT_RUN) - shown == set()


@pytest.mark.parametrize("line", ["gate frobnicate", "gate notice show 99.0"])
def test_a_command_that_fails_is_told(line, tmp_path, monkeypatch):
    from tests.docs.reading import Block

    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path)
    [command] = commands(Block("made-up.md", 1, "sh", line))
    with pytest.raises(AssertionError, match=r"made-up\.md"):
        desk.type(command)


def test_the_guides_are_long_enough_to_be_of_use():
    """A guide that lost its commands would pass all of the above."""
    assert len(runnable("docs/operators.md")) >= 8
    assert len(runnable("README.md")) >= 3
    assert Path(PROJECT / "docs" / "operators.md").stat().st_size > 4000
