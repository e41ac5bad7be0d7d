"""Open a network in ONNX Runtime: the pinned bytes, on the processor that was asked for, or not at all (R33)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime  # type: ignore[import-untyped]  # the package ships no types
from numpy.typing import NDArray

from gate.errors import ModelError
from gate.vision.choice import Choice, choose, reference
from gate.vision.manifest import Manifest, Task, manifest_for
from gate.vision.memory import lacks_memory

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
}
"""Names as the settings write them."""

ERRORS_ONLY = 3
SPIN_US = 50
"""How long a second thread may wait awake between two layers: putting it to sleep and waking it took a tenth of a run."""
_SPIN_KNOWN_SINCE = (1, 31)
"""An older ONNX Runtime may not know the bound, and spin for a second."""
_OF_THE_FORM = frozenset({"model-missing", "model-hash", "model-session"})

Floats = NDArray[np.float32]


class Network(Protocol):
    """What of an ONNX Runtime session is used."""

    def run(self, outputs: Sequence[str], inputs: Mapping[str, Floats], /) -> list[Floats]:
        """Give the named outputs, new arrays each time."""

    def get_providers(self) -> list[str]:
        """Give what it runs on, by ONNX Runtime's names."""


def open_session(
    manifest: Manifest, models_dir: Path, *, providers: Sequence[str] = ("cpu",), threads: int = 2
) -> Network:
    """Load a prepared network and check that it runs where it was asked to.

    providers: names from ``PROVIDERS``, most wanted first. threads: for one run, 1 or more. Raises ModelError if the
    file is missing, altered or unreadable, there is no memory for it, or a provider is unknown, not available, or dropped
    by ONNX Runtime.
    """
    wanted = _wanted(providers)
    network = _read(manifest, models_dir)
    onnxruntime.set_default_logger_severity(ERRORS_ONLY)
    try:
        session: Network = onnxruntime.InferenceSession(network, session_options(threads), providers=wanted)
    except Exception as error:  # ONNX Runtime's own errors share no other base
        if lacks_memory(error):
            raise _no_memory(manifest) from error
        raise ModelError(
            "model-session",
            f"ONNX Runtime does not load {manifest.name}: {error}",
            remedy="Run 'gate models prepare', and check the execution providers in the settings.",
        ) from error
    running = session.get_providers()
    if running[: len(wanted)] != wanted:
        raise _not_available(providers, running)
    return session


def open_chosen(
    models_dir: Path, task: Task, *, providers: Sequence[str] = ("cpu",), threads: int = 0
) -> tuple[Network, Choice]:
    """Load the form of the network for *task* that this device runs best, and say which it is.

    Where that form is missing, altered or does not load, the network its manifest pins first runs instead. Another
    provider than the processor itself always runs that one: the forms were made for, and measured on, the processor.
    Raises ModelError as ``open_session`` does when even that one cannot run.
    """
    choice = choose(models_dir, task, threads=threads)
    if tuple(providers) != ("cpu",):
        choice = reference(manifest_for(models_dir, task), threads=choice.threads, note=None)
    try:
        return _open(choice, models_dir, providers), choice
    except ModelError as error:
        if choice.source == "reference" or error.code not in _OF_THE_FORM:
            raise
        note = f"{choice.variant} is not used: {error.what}"
    choice = reference(manifest_for(models_dir, task), threads=choice.threads, note=note)
    return _open(choice, models_dir, providers), choice


def _open(choice: Choice, models_dir: Path, providers: Sequence[str]) -> Network:
    return open_session(choice.manifest, models_dir, providers=providers, threads=choice.threads)


def _read(manifest: Manifest, models_dir: Path) -> bytes:
    """Read once and check those very bytes: the file cannot change in between."""
    path = manifest.weights(models_dir)
    remedy = "Run 'gate models prepare'."
    try:
        network = path.read_bytes()
    except FileNotFoundError as error:
        raise ModelError("model-missing", f"{path} is missing.", remedy=remedy) from error
    except (OSError, MemoryError) as error:
        if lacks_memory(error):
            raise _no_memory(manifest) from error
        raise ModelError(
            "model-unreadable",
            f"{path} cannot be read: {type(error).__name__}.",
            remedy="Check the disk, and that the gate's user may read the file; then run 'gate models verify'.",
        ) from error
    if hashlib.sha256(network).hexdigest() != manifest.sha256:
        raise ModelError("model-hash", f"{path} is not the network that its manifest pins.", remedy=remedy)
    return network


def _no_memory(manifest: Manifest) -> ModelError:
    return ModelError(
        "model-memory",
        f"There is no memory to load {manifest.name}.",
        remedy="End other programs on this device, or give it more memory.",
    )


def _wanted(providers: Sequence[str]) -> list[str]:
    available = onnxruntime.get_available_providers()
    wanted = [PROVIDERS.get(each, each) for each in providers]
    if not wanted or not set(wanted) <= set(available):
        raise _not_available(providers, available)
    return wanted


def _not_available(providers: Sequence[str], running: Sequence[str]) -> ModelError:
    names = [short for short, name in PROVIDERS.items() if name in running]
    return ModelError(
        "model-provider",
        f"The execution providers {', '.join(providers) or '(none)'} cannot all run here; these can: {', '.join(names)}.",
        remedy="Choose among those in the settings, or install the ONNX Runtime build for the accelerator.",
    )


def session_options(threads: int, *, version: str = onnxruntime.__version__) -> onnxruntime.SessionOptions:
    """Give the options every network here runs with; version: of ONNX Runtime, as it tells it."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = ERRORS_ONLY
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Neither costs measurable time with these small networks, and together they keep 10 to 20 MB.
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    # A waiting thread that spins on takes the core from a card decision (R02): between two looks it sleeps.
    bounded = tuple(map(int, version.split(".")[:2])) >= _SPIN_KNOWN_SINCE
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(bounded)))
    if bounded:
        options.add_session_config_entry("session.intra_op.spin_duration_us", str(SPIN_US))
    return options
