"""A document in sections of sentences and tables, written once and given as JSON, Markdown or a page."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from gate.core.canonical import Json
from gate.core.rights import last_day

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Cell = str | int
Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: every row has as many cells as there are columns. empty: what is said where it has no row."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    empty: str = "None."
    title: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a document. id: also its file's name. title_zh: the heading in Chinese, beside the English one."""

    id: str
    title: str
    title_zh: str
    text: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()

    def as_json(self) -> dict[str, Json]:
        """Give the section as JSON: each table's rows as objects with its columns' names."""
        tables: list[Json] = [
            {"title": table.title, "rows": [dict(zip(table.columns, row, strict=True)) for row in table.rows]}
            for table in self.tables
        ]
        said: dict[str, Json] = {"id": self.id, "title": self.title, "title_zh": self.title_zh}
        return said | {"text": list(self.text), "tables": tables}


def as_markdown(title: str, sections: tuple[Section, ...]) -> str:
    """Give the sections as Markdown, to be read and printed."""
    lines = [f"# {title}", ""]
    for section in sections:
        lines += [f"## {section.title} · {section.title_zh}", ""]
        for sentence in section.text:
            lines += [sentence, ""]
        for table in section.tables:
            lines += [*_table(table), ""]
    return "\n".join(lines)


def when(at: datetime | None) -> str:
    """Give a time as people and machines read it, in UTC; empty for None."""
    return "" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def by(due: datetime | None) -> str:
    """Give when something is still in time: the last day where *due* is the midnight after it, else the time itself."""
    if due is None or due.astimezone(UTC).time() != time():
        return when(due)
    return last_day(due).isoformat()


def facts(**named: Cell) -> Table:
    """Give a table of two columns: what, and its value. An underscore in a name stands for a space."""
    return Table(("what", "value"), tuple((name.replace("_", " "), value) for name, value in named.items()))


def plain(value: DataclassInstance) -> dict[str, Json]:
    """Give a frozen dataclass as JSON, times and days as text."""
    return {
        name: each if isinstance(each, str | int | float | bool | None) else str(each)
        for name, each in asdict(value).items()
    }


def flat(values: Json, path: str = "") -> list[Row]:
    """Give nested values as rows of a path and a value."""
    if isinstance(values, dict):
        return [
            row for name, value in values.items() for row in flat(value, f"{path}.{name}" if path else name)
        ]
    if isinstance(values, list):
        return [(path, ", ".join(str(value) for value in values))]
    return [(path, "" if values is None else str(values))]


def _table(table: Table) -> list[str]:
    if not table.rows:
        return [table.empty]
    lines = [f"**{table.title}**", ""] if table.title else []
    lines += ["| " + " | ".join(table.columns) + " |", "|" + "---|" * len(table.columns)]
    return lines + ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in table.rows]


def _cell(cell: Cell) -> str:
    return str(cell).replace("|", "\\|").replace("\n", " ")
