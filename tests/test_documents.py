"""What the documents name is there: commands, and the way to report a vulnerability (R57)."""

import re
from functools import cache
from pathlib import Path

import pytest
import typer

from gate.cli import cli

PROJECT = Path(__file__).parent.parent
DOCUMENTS = [
    "README.md",
    "SECURITY.md",
    "CONTRIBUTING.md",
    *(path.relative_to(PROJECT).as_posix() for path in sorted((PROJECT / "docs").rglob("*.md"))),
]
COMMAND = re.compile(r"(?:^|[`(]|\.venv/bin/)gate ((?:[a-z][a-z-]+ ?)+)", re.MULTILINE)


@cache
def commands():
    """Give every command as its words."""
    found = set()

    def walk(group, words):
        for name, command in group.commands.items():
            found.add((*words, name))
            if hasattr(command, "commands"):
                walk(command, (*words, name))

    walk(typer.main.get_command(cli), ())
    return found


def named_in(text):
    """Give the commands named in *text*, each cut to the words that could name one."""
    known = commands()
    for match in COMMAND.finditer(text):
        words = tuple(match[1].split())
        longest = next((words[:n] for n in range(len(words), 0, -1) if words[:n] in known), None)
        yield match[0].strip(), longest


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_a_document_names_is_there(document):
    text = (PROJECT / document).read_text(encoding="utf-8")
    assert [said for said, command in named_in(text) if command is None] == []


def test_a_command_that_is_not_there_is_found():
    assert [command for _, command in named_in("Run `gate frobnicate`, then `gate audit verify` again.")] == [
        None,
        ("audit", "verify"),
    ]


def test_r57_there_is_a_private_way_to_report_a_vulnerability():
    text = (PROJECT / "SECURITY.md").read_text(encoding="utf-8")
    assert {"## Reporting a vulnerability", "## Supported versions"} <= set(text.splitlines())
