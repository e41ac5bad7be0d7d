"""Which form of a network runs on this device, and on how many threads: as measured here, or as the manifest says.

Loads nothing heavy. A choice is never a fault: whatever is wrong with it, the network its manifest pins first runs
instead, and the choice says why.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, TypeAdapter

from gate.errors import ModelError
from gate.vision.fetch import write_atomically
from gate.vision.manifest import REFERENCE, FileName, Frozen, Manifest, Sha256, Task, manifest_for, read_toml

UNTUNED_THREADS = 2
"""Where nothing was measured: what left the most of a board's cores to card and PIN."""
FILE = "tuned.toml"


class Measured(Frozen):
    """One form of one network on some threads: what a run took, in milliseconds, and whether it was chosen."""

    model: FileName
    variant: FileName
    sha256: Sha256
    threads: int = Field(ge=1, le=64)
    median_ms: float = Field(gt=0, allow_inf_nan=False)
    best_ms: float = Field(gt=0, allow_inf_nan=False)
    chosen: bool = False


class Tuned(Frozen):
    """What ``gate models tune`` measured on a device. processor: as ``platform.machine`` names its kind."""

    processor: str
    onnxruntime: str
    rounds: int = Field(ge=1)
    measured: tuple[Measured, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """The form of a network to run. manifest: with that form's file and hash. note: why it is not the wanted one."""

    manifest: Manifest
    variant: str
    threads: int
    source: Literal["tuned", "default", "reference"]
    note: str | None = None


def tuned_path(models_dir: Path) -> Path:
    """Give the place of the figures of ``gate models tune``."""
    return models_dir / "weights" / FILE


def write_tuned(models_dir: Path, tuned: Tuned) -> Path:
    """Put the figures in their place, whole or not at all."""
    lines = [
        "# Written by gate models tune; remove it to run what the manifests say.",
        f'processor = "{tuned.processor}"',
        f'onnxruntime = "{tuned.onnxruntime}"',
        f"rounds = {tuned.rounds}",
    ]
    for each in tuned.measured:
        texts = {"model": each.model, "variant": each.variant, "sha256": each.sha256}
        numbers = {
            "threads": each.threads,
            "median_ms": round(each.median_ms, 3),
            "best_ms": round(each.best_ms, 3),
            "chosen": str(each.chosen).lower(),
        }
        lines += ["", "[[measured]]", *(f'{key} = "{value}"' for key, value in texts.items())]
        lines += [f"{key} = {value}" for key, value in numbers.items()]
    path = tuned_path(models_dir)
    write_atomically(path, ("\n".join(lines) + "\n").encode())
    return path


def choose(models_dir: Path, task: Task, *, threads: int = 0) -> Choice:
    """Give the form of the network for *task*: as tuned here, else the default for this processor, else the reference.

    threads: 0 means as tuned, or ``UNTUNED_THREADS``. Whether the file has the pinned hash is found when it is opened.
    Raises ModelError only as ``manifest_for`` does.
    """
    manifest = manifest_for(models_dir, task)
    wanted, note = _measured_for(models_dir, manifest)
    if wanted is not None:
        form = manifest.of_variant(wanted.variant)
        if form.weights(models_dir).is_file():
            return Choice(form, wanted.variant, threads or wanted.threads, "tuned")
        note = f"{FILE} chose {wanted.variant}, whose file is missing (gate models prepare --all makes it)"
    count = threads or UNTUNED_THREADS
    default = manifest.default_variant.get(platform.machine())
    if default is not None and manifest.of_variant(default).weights(models_dir).is_file():
        return Choice(manifest.of_variant(default), default, count, "default", note)
    return reference(manifest, threads=count, note=note)


def reference(manifest: Manifest, *, threads: int, note: str | None) -> Choice:
    """Give the network the manifest pins first, with the reason why it is not another form of it."""
    return Choice(manifest, REFERENCE, threads, "reference", note)


def _measured_for(models_dir: Path, manifest: Manifest) -> tuple[Measured | None, str | None]:
    """Give what was chosen for this model here, or why nothing of it holds."""
    path = tuned_path(models_dir)
    if not path.exists():
        return None, None
    try:
        tuned = read_toml(path, TypeAdapter(Tuned))
    except ModelError as error:
        return None, f"{FILE} is not used: {error.what}"
    chosen = [each for each in tuned.measured if each.chosen and each.model == manifest.name]
    if tuned.processor != platform.machine() or len(chosen) != 1:
        return None, f"{FILE} is not used: it was not measured for {manifest.name} on this kind of processor"
    try:
        pinned = manifest.of_variant(chosen[0].variant).sha256
    except KeyError:
        pinned = ""
    if chosen[0].sha256 != pinned:
        return None, f"{FILE} is not used: it names a network that no manifest pins"
    return chosen[0], None
