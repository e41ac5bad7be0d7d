"""Measure recognition on a site's own photographs (ISO/IEC 19795-1): it stores nothing and writes no image."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gate.core.accuracy import CONFIDENCE, ErrorRates, rates_at_fmr, share
from gate.core.matching import Embedding
from gate.core.operating import Bounded
from gate.errors import ModelError, RequestError
from gate.vision.detect import Face
from gate.vision.images import Frame, read_image
from gate.vision.progress import Progress, silent

FMR_LIMITS = ("0.01", "0.001", "0")
COLUMNS = ("file_x", "file_y", "Decision")
SAME = {"yes": True, "no": False}


class FaceNetworks(Protocol):
    """What of a pipeline an evaluation uses."""

    def detect(self, frame: Frame, /) -> tuple[Face, ...]:
        """Give the faces in *frame*."""

    def embed(self, frame: Frame, face: Face, /) -> Embedding:
        """Give the embedding of one of them."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures of one run.

    failure_to_acquire: images without a usable face, which ``not_acquired`` names with the reason; their pairs are
    in no other figure. fnmr_at_fmr: by the limit set to the false match rate, as in ``FMR_LIMITS``. Bounds are
    two-sided Clopper-Pearson at ``confidence``, and take comparisons as independent.
    """

    images: int
    failure_to_acquire: int
    failure_to_acquire_rate: Bounded
    not_acquired: dict[str, str]
    genuine_pairs: int
    impostor_pairs: int
    lowest_genuine: float
    highest_impostor: float
    fnmr_at_fmr: dict[str, ErrorRates]
    bounds: str = "Clopper-Pearson"
    confidence: float = CONFIDENCE


def evaluate(folder: Path, networks: FaceNetworks, *, progress: Progress = silent) -> Evaluation:
    """Compare every photograph with every other; *folder* holds one folder of photographs per person.

    Raises RequestError if there is not at least one pair of one person and one pair of two.
    """
    people = sorted(each for each in folder.glob("*") if each.is_dir() and not each.name.startswith("."))
    files = [file for person in people for file in sorted(person.iterdir()) if not file.name.startswith(".")]
    embeddings, failures = _acquire(files, folder, networks, progress)
    kept = list(embeddings)
    owners = np.array([people.index(file.parent) for file in kept], np.intp)
    matrix = np.array(list(embeddings.values()), np.float32)
    genuine, impostor = [], []
    for i in range(1, len(kept)):
        scores = matrix[:i] @ matrix[i]
        same = owners[:i] == owners[i]
        genuine.append(scores[same])
        impostor.append(scores[~same])
    return _figures(len(files), failures, genuine, impostor)


def evaluate_pairs(table: Path, networks: FaceNetworks, *, progress: Progress = silent) -> Evaluation:
    """Compare the pairs of a CSV file with the columns file_x, file_y and Decision (Yes: one person, No: two).

    The photographs lie beside the table. Raises RequestError if a column or a file is missing, a decision is neither,
    or there is not at least one pair of each kind.
    """
    pairs = list(_pairs(table))
    files = sorted({file for x, y, _ in pairs for file in (x, y)})
    missing = next((file for file in files if not file.is_file()), None)
    if missing:
        raise _unusable(f"{table} names {missing.name}, which is not beside it")
    embeddings, failures = _acquire(files, table.parent, networks, progress)
    scores: dict[bool, list[float]] = {True: [], False: []}
    for x, y, same in pairs:
        if x in embeddings and y in embeddings:
            scores[same].append(float(embeddings[x] @ embeddings[y]))
    arrays = {same: [np.array(values, np.float32)] for same, values in scores.items()}
    return _figures(len(files), failures, arrays[True], arrays[False])


def _pairs(table: Path) -> Iterator[tuple[Path, Path, bool]]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            lacking = set(COLUMNS) - set(reader.fieldnames or ())
            if lacking:
                raise _unusable(f"{table} lacks the column {min(lacking)}")
            for row in reader:
                decision = SAME.get((row["Decision"] or "").strip().lower())
                if decision is None:
                    raise _unusable(f"{table}, line {reader.line_num}: Decision is neither Yes nor No")
                yield table.parent / row["file_x"], table.parent / row["file_y"], decision
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unusable(f"{table} cannot be read: {error}") from error


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


def _figures(
    images: int,
    failures: dict[str, str],
    genuine: list[NDArray[np.float32]],
    impostor: list[NDArray[np.float32]],
) -> Evaluation:
    same, other = (np.sort(np.concatenate(each or [np.empty(0, np.float32)])) for each in (genuine, impostor))
    if not same.size or not other.size:
        raise _unusable(
            f"{images} images, {len(failures)} of them without a usable face, give {same.size} pairs of one person"
            f" and {other.size} of two"
        )
    scores = same.data, other.data  # sequences of floats, without making one of each
    return Evaluation(
        images=images,
        failure_to_acquire=len(failures),
        failure_to_acquire_rate=share(len(failures), images),
        not_acquired=failures,
        genuine_pairs=len(same),
        impostor_pairs=len(other),
        lowest_genuine=float(same[0]),
        highest_impostor=float(other[-1]),
        fnmr_at_fmr={limit: rates_at_fmr(float(limit), *scores) for limit in FMR_LIMITS},
    )


def _unusable(why: str) -> RequestError:
    return RequestError(
        "evaluation-input",
        f"{why}.",
        remedy="Give one folder per person with two photographs or more, or a table of pairs beside its photographs.",
    )
