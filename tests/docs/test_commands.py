"""What a document tells somebody to type is understood by the program that is meant."""

import re
import tomllib

import pytest
from pydantic import BaseModel

from gate.settings import Settings
from tests.docs.commands import commands, complaint, gate_complaint
from tests.docs.programs import ELSEWHERE
from tests.docs.reading import Block, blocks, documents, quoted

_SHELL = {"sh", "bash", "shell", "console"}
_NOT_TYPED = {"ini", "json", "mermaid", "python", "text", "yaml"}
_GATE_SAID = re.compile(r"(?:\S*/)?gate((?: [^,]*)?)(?:,.*)?", re.DOTALL)


def shell_of(document):
    return [block for block in blocks(document) if block.language in _SHELL]


def of(text):
    """Give the commands of a made-up block."""
    return list(commands(Block("made-up.md", 1, "sh", text)))


def section_of(kind):
    """Give the section of settings that a field's type stands for, None where it stands for a value."""
    candidates = getattr(kind, "__args__", (kind,))
    return next((each for each in candidates if isinstance(each, type) and issubclass(each, BaseModel)), None)


def unknown_settings(said, section=Settings, path=""):
    """Name each key of a document's TOML that a settings file may not have."""
    for key, value in said.items():
        field = section.model_fields.get(key)
        if field is None:
            yield path + key
        elif isinstance(value, dict) and (below := section_of(field.annotation)):
            yield from unknown_settings(value, below, f"{path}{key}.")


@pytest.mark.parametrize("document", documents())
def test_every_command_of_a_document_is_understood(document):
    found = [command for block in shell_of(document) for command in commands(block)]
    assert [str(command) + ": " + why for command in found if (why := complaint(command))] == []


@pytest.mark.parametrize("document", documents())
def test_every_gate_command_within_a_sentence_is_understood(document):
    said = [match[1].split() for code in quoted(document) if (match := _GATE_SAID.fullmatch(code))]
    assert [why for words in said if (why := gate_complaint(tuple(words), whole=False))] == []


@pytest.mark.parametrize("document", documents())
def test_every_block_of_a_document_says_what_it_is(document):
    known = _SHELL | _NOT_TYPED | {"toml"}
    assert [str(block) for block in blocks(document) if block.language not in known] == []


@pytest.mark.parametrize("document", documents())
def test_every_setting_a_document_shows_is_one(document):
    shown = [tomllib.loads(block.text) for block in blocks(document) if block.language == "toml"]
    assert [key for said in shown for key in unknown_settings(said)] == []


@pytest.mark.parametrize(
    "line",
    [
        "gate frobnicate",
        "gate check --colour",
        "gate run surplus",
        "gate order sign sing --key k --gate g",  # of the kinds there are, none
        "gate resident pin",  # whose?
        "make frobnicate",
        "frobnicate --now",
        "deploy/no-such-script",
    ],
)
def test_a_command_that_nothing_understands_is_found(line):
    assert complaint(of(line)[0]) is not None


@pytest.mark.parametrize(
    "line",
    [
        "sudo -u gate true && gate check --config gate.toml   # what is wrong",
        ".venv/bin/gate audit list --newest 5 > lines",
        "CI=true make test WORKERS=2",
        "deploy/mosquitto/make-site show FOLDER",
    ],
)
def test_a_command_that_is_understood_is_left_alone(line):
    assert complaint(of(line)[-1]) is None


def test_a_command_joined_to_another_is_looked_at_too():
    assert [command.words for command in of("apt-get update && gate frobnicate | gate check > out")] == [
        ("apt-get", "update"),
        ("gate", "frobnicate"),
        ("gate", "check"),
    ]


def test_a_setting_that_is_not_there_is_found():
    assert list(unknown_settings({"face": {"enabled": True, "colour": "red"}, "eyes": 2})) == [
        "face.colour",
        "eyes",
    ]


def test_each_program_of_others_is_named_by_a_document():
    named = {
        command.program
        for document in documents()
        for block in shell_of(document)
        for command in commands(block)
    }
    assert set(ELSEWHERE) - named == set()
