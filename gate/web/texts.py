"""A notice's text as blocks: ``# `` and ``## `` begin headings, ``- `` an entry of a list, anything else a paragraph."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a block is; the value names it in the templates."""

    TITLE = "title"
    HEADING = "heading"
    LIST = "list"
    PARAGRAPH = "paragraph"


@dataclass(frozen=True, slots=True)
class Block:
    """One block: the entries of a list, or one line."""

    kind: Kind
    lines: tuple[str, ...]


_BEGINNINGS = {"# ": Kind.TITLE, "## ": Kind.HEADING, "- ": Kind.LIST}


def blocks_of(text: str) -> tuple[Block, ...]:
    """Split *text* into blocks, line by line; entries of a list that follow each other make one list."""
    blocks: list[tuple[Kind, list[str]]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        kind, words = _read(line)
        if kind is Kind.LIST and blocks and blocks[-1][0] is Kind.LIST:
            blocks[-1][1].append(words)
        else:
            blocks.append((kind, [words]))
    return tuple(Block(kind, tuple(lines)) for kind, lines in blocks)


def _read(line: str) -> tuple[Kind, str]:
    for beginning, kind in _BEGINNINGS.items():
        if line.startswith(beginning):
            return kind, line.removeprefix(beginning).strip()
    return Kind.PARAGRAPH, line
