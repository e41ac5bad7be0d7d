"""What the documents tell people to type: taken apart, and held against the programs that would have to understand it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import typer

from gate.cli import cli
from tests.docs.programs import ELSEWHERE
from tests.docs.reading import PROJECT, Block

_JOINS = {"&&", "||", "|", ";", "&"}
_REDIRECTS = {">", ">>", "<"}
_ASSIGNMENT = re.compile(r"[A-Z_][A-Z0-9_]*=")
_TARGET = re.compile(r"^([a-z][a-z0-9-]*):", re.MULTILINE)
_GATE = re.compile(r"(?:\S*/)?gate")
_NOT_HERE = "does not exist"  # a file of the reader's own
_MISUSE: type[Exception] = typer.BadParameter.__mro__[1]
"""What the command line's parser raises for a command it does not understand."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a block of shell. words: without sudo, settings of the environment and redirections."""

    block: Block
    words: tuple[str, ...]
    writes: str | None
    """The file its output goes to, where it is redirected."""

    @property
    def program(self) -> str:
        """Give what is called, as the document spells it."""
        return self.words[0]

    @property
    def of_gate(self) -> tuple[str, ...] | None:
        """Give the words behind ``gate``, None where another program is called."""
        return self.words[1:] if _GATE.fullmatch(self.program) else None

    def __str__(self) -> str:
        return f"{self.block}: {shlex.join(self.words)}"


def commands(block: Block) -> Iterator[Command]:
    """Take a block of shell apart. Raises ValueError where a quotation is left open."""
    for line in block.text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.commenters = "#"
        yield from (_command(block, words) for words in _split(list(lexer)) if words)


def _split(words: list[str]) -> Iterator[list[str]]:
    """Give the commands of a line, parted by what joins them."""
    part: list[str] = []
    for word in words:
        if word in _JOINS:
            yield part
            part = []
        else:
            part.append(word)
    yield part


def _command(block: Block, words: list[str]) -> Command:
    kept: list[str] = []
    writes = None
    for before, word in zip(["", *words], words, strict=False):
        if before in _REDIRECTS:
            writes = word if before.startswith(">") else writes
        elif word not in _REDIRECTS and not (not kept and (word == "sudo" or _ASSIGNMENT.match(word))):
            kept.append(word)
    return Command(block, tuple(kept), writes)


def complaint(command: Command) -> str | None:
    """Say why a command could not be followed as it stands, None where it could."""
    if command.of_gate is not None:
        return gate_complaint(command.of_gate)
    if command.program == "make":
        unknown = {word for word in command.words[1:] if "=" not in word} - targets()
        return f"the Makefile has no {', '.join(sorted(unknown))}" if unknown else None
    if command.program in ELSEWHERE:
        return None
    script = PROJECT / command.program
    if "/" in command.program and script.is_file() and script.stat().st_mode & 0o100:
        return None
    return f"{command.program} is neither ours nor in tests/docs/programs.py"


def gate_complaint(words: tuple[str, ...], *, whole: bool = True) -> str | None:
    """Say what the gate's own command line would say to these words, None where it understands them.

    whole: what is required must be there too; a sentence may name a command without it. Nothing is carried out.
    """
    command = _root()
    said = list(words)
    while said and not said[0].startswith("-") and hasattr(command, "commands"):
        if said[0] not in command.commands:
            return f"there is no {said[0]} in {' '.join(words)}"
        command = command.commands[said.pop(0)]
    if "--help" in said or hasattr(command, "commands"):
        return None if said in ([], ["--help"]) or not whole else f"{' '.join(words)} names no command"
    try:
        command.make_context("gate", said, resilient_parsing=not whole)
    except _MISUSE as error:
        said_of_it = str(error)
        return None if _NOT_HERE in said_of_it else f"{' '.join(words)}: {said_of_it}"
    return None


def every_command(group: Any = None, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Give each command of the gate as its words."""
    for name, command in (group or _root()).commands.items():
        if hasattr(command, "commands"):
            yield from every_command(command, (*words, name))
        else:
            yield (*words, name)


def meant_by(words: tuple[str, ...]) -> Any:
    """Give the command, or the group, of these words. Raises KeyError where there is none."""
    found = _root()
    for word in words:
        found = found.commands[word]
    return found


@cache
def _root() -> Any:
    return typer.main.get_command(cli)


@cache
def targets() -> frozenset[str]:
    """Give what make can make."""
    return frozenset(_TARGET.findall((PROJECT / "Makefile").read_text(encoding="utf-8")))
