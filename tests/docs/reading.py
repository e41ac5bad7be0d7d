"""Reads every Markdown file of the project: its headings, links and blocks of code."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

PROJECT = Path(__file__).parent.parent.parent
_MADE_HERE = {"dist", "node_modules", "state", "weights"}
"""Folders that commands make: what lies there is nobody's document."""
_ANCHOR = re.compile(r"<a id=\"([^\"]+)\"")
_NOT_IN_A_SLUG = re.compile(r"[^\w\- ]")


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code. language: as its fence says; an indented one is TOML where it can be read as that, else shell."""

    document: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


@cache
def documents() -> tuple[str, ...]:
    """Name every Markdown file of the project, by its path."""
    return tuple(sorted(path.relative_to(PROJECT).as_posix() for path in _below(PROJECT)))


def _below(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir():
            if not (path.name.startswith(".") or path.name in _MADE_HERE):
                yield from _below(path)
        elif path.suffix == ".md":
            yield path


def blocks(document: str) -> list[Block]:
    """Give the blocks of code of a document, in their order."""
    return [
        Block(document, token.map[0] + 1, _language(token), token.content)
        for token in _read(document)
        if token.type in {"fence", "code_block"} and token.map is not None
    ]


def quoted(document: str) -> list[str]:
    """Give each piece of code that stands within a sentence."""
    return [
        child.content
        for token in _read(document)
        for child in token.children or ()
        if child.type == "code_inline"
    ]


def links(document: str) -> list[str]:
    """Give where a document's links and pictures lead, in their order."""
    return [
        str(child.attrs.get("href") or child.attrs["src"])
        for token in _read(document)
        for child in token.children or ()
        if child.type in {"link_open", "image"}
    ]


@cache
def anchors(document: str) -> frozenset[str]:
    """Give what a link may name behind its # in a document: its headings, spelled as GitHub spells them, and its own anchors."""
    text = (PROJECT / document).read_text(encoding="utf-8")
    return frozenset((*_slugs(_read(document)), *_ANCHOR.findall(text)))


def _slugs(tokens: tuple[Token, ...]) -> Iterator[str]:
    seen: Counter[str] = Counter()
    for opening, token in pairwise(tokens):
        if opening.type == "heading_open":
            said = "".join(child.content for child in token.children or () if child.type != "link_open")
            slug = _NOT_IN_A_SLUG.sub("", said.strip().lower()).replace(" ", "-")
            yield f"{slug}-{seen[slug]}" if seen[slug] else slug
            seen[slug] += 1


def _language(token: Token) -> str:
    if token.type == "fence":
        return token.info.split()[0] if token.info.strip() else ""
    try:
        tomllib.loads(token.content)
    except tomllib.TOMLDecodeError:
        return "sh"
    return "toml"


@cache
def _read(document: str) -> tuple[Token, ...]:
    text = (PROJECT / document).read_text(encoding="utf-8")
    return tuple(MarkdownIt("commonmark").enable("table").parse(text))
