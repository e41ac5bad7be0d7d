"""Writes docs/command-line.md out of the command line itself: every command with what it takes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from tests.docs.commands import every_command, meant_by
from tests.docs.reading import PROJECT

DOCUMENT: Final = PROJECT / "docs" / "command-line.md"

_HEAD: Final = """\
# Every command

Made by `make docs` from the command line itself; do not edit. Day to day: [operators.md](operators.md).

Settings come from `gate.toml` in the present folder, or from `--config FILE` (`-c`), which every command that needs settings takes. Most work
beside a running gate; those that need it stopped say so, and a changed setting needs a restart. Each says what it did, or what is wrong and how to
mend it, and ends with another exit code than 0 where it could not. What is personal (names, cards, PINs) is asked for and never an argument.
`--help` behind a command tells each option's meaning.
"""


def written() -> str:
    """Give the whole document."""
    return "\n".join((_HEAD, *_parts()))


def _parts() -> Iterator[str]:
    """Give a table for the commands of one word, then one for each group."""
    found = sorted(every_command(), key=lambda words: (len(words) > 1, words[0]))
    for group, commands in groupby(found, key=lambda words: words[0] if len(words) > 1 else ""):
        yield f"## gate {group}\n" if group else "## gate\n"
        about = inspect.cleandoc(meant_by((group,)).help or "") if group else ""
        if about:
            yield f"{about}\n"
        yield "| command | what it does |"
        yield "|---|---|"
        yield from map(_row, commands)
        yield ""


def _row(words: tuple[str, ...]) -> str:
    command = meant_by(words)
    does = " ".join(inspect.cleandoc(command.help or "").split("\n\n")[0].split())
    return f"| `{' '.join(('gate', *words, *_taken(command)))}` | {does.replace('|', chr(92) + '|')} |"


def _taken(command: Any) -> Iterator[str]:
    """Give what a command takes, as a usage line has it; its settings' file and its help are every command's."""
    for taken in command.params:
        if taken.hidden or {"--help", "--config"} & set(taken.opts):
            continue
        if taken.param_type_name == "argument":
            name = taken.name.upper().replace("_", "-")
            yield name if taken.required else f"[{name}]"
        else:
            option = max(taken.opts, key=len)
            value = "" if taken.is_flag else f" {option.lstrip('-').upper()}"
            yield f"{option}{value}" if taken.required else f"[{option}{value}]"


if __name__ == "__main__":
    Path(DOCUMENT).write_text(written(), encoding="utf-8")
