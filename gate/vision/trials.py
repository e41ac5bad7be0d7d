"""From photographs to scores: who was compared with whom, in memory alone (ISO/IEC 19795-1). No image is written."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from gate.core.matching import Embedding
from gate.errors import ModelError, RequestError
from gate.vision.detect import Face
from gate.vision.images import Frame, read_image
from gate.vision.progress import Progress

COLUMNS = ("file_x", "file_y", "Decision")
SAME = {"yes": True, "no": False}

Scores = NDArray[np.float32]
Owners = NDArray[np.intp]
Kind = TypeVar("Kind", bound=np.generic)


class FaceNetworks(Protocol):
    """What of a pipeline an evaluation uses."""

    def detect(self, frame: Frame, /) -> tuple[Face, ...]:
        """Give the faces in *frame*."""

    def embed(self, frame: Frame, face: Face, /) -> Embedding:
        """Give the embedding of one of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """The comparisons of one set of photographs, and of whom they are.

    images: how many were looked at. failures: those without a usable face, by name, with the reason. people: their names
    as the set gives them. owners: (n,) of which person each embedding is; matrix: (n, size) the embeddings. genuine, impostor:
    cosines, unordered; genuine_of, impostor_of: whose they are, (g,) and (m, 2), numbers of *people*.
    """

    images: int
    failures: dict[str, str] = field(repr=False)
    people: tuple[str, ...] = field(repr=False)
    owners: Owners = field(repr=False)
    matrix: Scores = field(repr=False)
    genuine: Scores = field(repr=False)
    genuine_of: Owners = field(repr=False)
    impostor: Scores = field(repr=False)
    impostor_of: Owners = field(repr=False)


def folder_trials(folder: Path, networks: FaceNetworks, progress: Progress) -> Trials:
    """Compare every photograph with every other; *folder* holds one folder of photographs per person."""
    people = sorted(each for each in folder.glob("*") if each.is_dir() and not each.name.startswith("."))
    files = [file for person in people for file in sorted(person.iterdir()) if not file.name.startswith(".")]
    embeddings, failures = _acquire(files, folder, networks, progress)
    number = {person: index for index, person in enumerate(people)}
    return trials_of(
        [number[file.parent] for file in embeddings],
        list(embeddings.values()),
        people=tuple(person.name for person in people),
        images=len(files),
        failures=failures,
    )


def trials_of(
    owners: Sequence[int],
    embeddings: Sequence[Embedding],
    *,
    people: tuple[str, ...],
    images: int,
    failures: dict[str, str],
) -> Trials:
    """Compare each of *embeddings* with every other; owners: whose each is, numbers of *people*."""
    matrix = _rows(embeddings)
    owned = np.array(owners, np.intp)
    genuine: list[Scores] = []
    impostor: list[Scores] = []
    genuine_of: list[Owners] = []
    impostor_of: list[Owners] = []
    for i in range(1, len(matrix)):
        scores = matrix[:i] @ matrix[i]
        same = owned[:i] == owned[i]
        genuine.append(scores[same])
        genuine_of.append(owned[:i][same])
        impostor.append(scores[~same])
        others = owned[:i][~same]
        impostor_of.append(np.column_stack((others, np.full_like(others, owned[i]))))
    return Trials(
        images=images,
        failures=failures,
        people=people,
        owners=owned,
        matrix=matrix,
        genuine=_joined(genuine, np.float32),
        genuine_of=_joined(genuine_of, np.intp),
        impostor=_joined(impostor, np.float32),
        impostor_of=_joined(impostor_of, np.intp).reshape(-1, 2),
    )


def pair_trials(table: Path, networks: FaceNetworks, progress: Progress) -> Trials:
    """Compare the pairs of a CSV file with the columns file_x, file_y and Decision (Yes: one person, No: two).

    The photographs lie beside the table. Who is one person follows from the pairs that say Yes. Raises RequestError if a
    column or a file is missing, a decision is neither, or a No contradicts what the Yes say together.
    """
    pairs = list(_pairs(table))
    files = sorted({file for x, y, _ in pairs for file in (x, y)})
    missing = next((file for file in files if not file.is_file()), None)
    if missing:
        raise unusable(f"{table} names {missing.name}, which is not beside it")
    person = _people(files, pairs)
    contradicted = next((x for x, y, same in pairs if not same and person[x] == person[y]), None)
    if contradicted:
        raise unusable(
            f"{table} calls {contradicted.name} one person with a photograph, and another one elsewhere"
        )
    embeddings, failures = _acquire(files, table.parent, networks, progress)
    kept = [(x, y, same) for x, y, same in pairs if x in embeddings and y in embeddings]
    scores = np.array([embeddings[x] @ embeddings[y] for x, y, _ in kept], np.float32)
    same = np.array([each for _, _, each in kept], bool)
    of = np.array([(person[x], person[y]) for x, y, _ in kept], np.intp).reshape(-1, 2)
    return Trials(
        images=len(files),
        failures=failures,
        people=tuple(str(number) for number in range(len(set(person.values())))),
        owners=np.array([person[file] for file in embeddings], np.intp),
        matrix=_rows(tuple(embeddings.values())),
        genuine=scores[same],
        genuine_of=of[same, 0],
        impostor=scores[~same],
        impostor_of=of[~same],
    )


def unusable(why: str) -> RequestError:
    """Give the fault of a set of photographs that no figure can be made of, to be raised."""
    return RequestError(
        "evaluation-input",
        f"{why}.",
        remedy="Give one folder per person with two photographs or more, or a table of pairs beside its photographs.",
    )


def _people(files: Sequence[Path], pairs: Iterable[tuple[Path, Path, bool]]) -> dict[Path, int]:
    """Give each photograph its person's number: whoever is linked by Yes, over any number of pairs, is one."""
    leads = {file: file for file in files}

    def first(file: Path) -> Path:
        while leads[file] != file:
            leads[file] = leads[leads[file]]
            file = leads[file]
        return file

    for x, y, same in pairs:
        if same:
            leads[first(x)] = first(y)
    number = {file: index for index, file in enumerate(dict.fromkeys(first(file) for file in files))}
    return {file: number[first(file)] for file in files}


def _pairs(table: Path) -> Iterator[tuple[Path, Path, bool]]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            lacking = set(COLUMNS) - set(reader.fieldnames or ())
            if lacking:
                raise unusable(f"{table} lacks the column {min(lacking)}")
            for row in reader:
                decision = SAME.get((row["Decision"] or "").strip().lower())
                if decision is None:
                    raise unusable(f"{table}, line {reader.line_num}: Decision is neither Yes nor No")
                if row["file_x"] is None or row["file_y"] is None:
                    raise unusable(f"{table}, line {reader.line_num}: a photograph is missing")
                yield table.parent / row["file_x"], table.parent / row["file_y"], decision
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise unusable(f"{table} cannot be read: {error}") from error


def _acquire(
    files: Sequence[Path], base: Path, networks: FaceNetworks, progress: Progress
) -> tuple[dict[Path, Embedding], dict[str, str]]:
    """Embed the largest face of each photograph; name those that give none, and why."""
    embeddings: dict[Path, Embedding] = {}
    failures: dict[str, str] = {}
    for done, file in enumerate(files, start=1):
        try:
            image = read_image(file)
            face = max(networks.detect(image), key=lambda each: each.area, default=None)
            if face is None:
                failures[str(file.relative_to(base))] = "no face"
            else:
                embeddings[file] = networks.embed(image, face)
        except (RequestError, ModelError) as error:
            failures[str(file.relative_to(base))] = error.code
        progress("evaluate", done, len(files))
    return embeddings, failures


def _rows(embeddings: Sequence[Embedding]) -> Scores:
    return np.array(list(embeddings), np.float32) if embeddings else np.empty((0, 0), np.float32)


def _joined(parts: list[NDArray[Kind]], kind: type[Kind]) -> NDArray[Kind]:
    return np.concatenate(parts) if parts else np.empty(0, kind)
