"""Measure every form of each network on this device, in turns, and choose (ADR 0030)."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import onnxruntime  # type: ignore[import-untyped]  # the package ships no types

from gate.core.types import Seconds
from gate.errors import ModelError
from gate.vision.choice import Measured, Tuned
from gate.vision.manifest import REFERENCE, Manifest, Task, manifest_for
from gate.vision.progress import Progress, silent
from gate.vision.sessions import Floats, Network, open_session

TASKS: Sequence[Task] = ("detect", "embed")
LEAST_COSINE = 0.99999
"""A form whose output on this device is further from the reference's than that is not equal here, and not chosen."""
CORE_WORTH = 0.9
"""More threads are chosen only where they bring the time below this share: each takes a core from card and PIN."""
FREE_SIDE = {"height": 256, "width": 320}
"""What a frame of 640x480 or 1280x1024 is brought to."""

Work = Callable[[], object]
Form = tuple[str, int]
"""A form's name and its threads."""


def tune(models_dir: Path, *, rounds: int, progress: Progress = silent) -> Tuned:
    """Time each prepared form of each network on 1, 2 and all cores, *rounds* runs each, in turns.

    What a run takes depends on no picture, so that noise stands in for one. Raises ModelError if a reference does not
    run; another form that does not, or whose output differs from the reference's, is left out.
    """
    threads = sorted({1, min(2, _cores()), _cores()})
    found: list[Measured] = []
    for place, task in enumerate(TASKS):
        manifest = manifest_for(models_dir, task)
        inputs = noise_for(manifest)
        networks = _networks(models_dir, manifest, threads, inputs)
        times: dict[Form, list[float]] = {form: [] for form in networks}
        for turn in range(rounds + 1):
            for form, network in networks.items():
                began = perf_counter()
                network.run([], inputs)
                times[form].append(perf_counter() - began)
            progress(f"tune {manifest.name}", place * (rounds + 1) + turn + 1, len(TASKS) * (rounds + 1))
        found += _table(
            manifest, {form: spent[1:] for form, spent in times.items()}
        )  # the first one warms up
    return Tuned(
        processor=platform.machine(),
        onnxruntime=onnxruntime.__version__,
        rounds=rounds,
        measured=tuple(found),
    )


def in_turns(
    works: Mapping[str, Work], count: int, *, before: Mapping[str, Work] | None = None
) -> dict[str, Seconds]:
    """Give the median seconds of each, run in turns so that all meet the same weather; the first turn is not counted.

    before: what is done ahead of each, and not timed.
    """
    ahead = before or {}
    times: dict[str, list[Seconds]] = {name: [] for name in works}
    for _ in range(count + 1):
        for name, work in works.items():
            if name in ahead:
                ahead[name]()
            began = perf_counter()
            work()
            times[name].append(perf_counter() - began)
    return {name: median(spent[1:]) for name, spent in times.items()}


def noise_for(manifest: Manifest) -> dict[str, Floats]:
    """Give inputs of the manifest's shape and range, the same at each call."""
    shape = [FREE_SIDE.get(str(side), side) for side in manifest.input.shape]
    random = np.random.default_rng(30)
    span = manifest.input.high - manifest.input.low
    values = random.random(tuple(map(int, shape)), np.float32) * np.float32(span)
    return {manifest.input.name: values + np.float32(manifest.input.low)}


def is_equal(outputs: Sequence[Floats], reference: Sequence[Floats]) -> bool:
    """Tell whether each output has the reference's direction and length; false for what is not a number."""
    for ours, theirs in zip(outputs, reference, strict=True):
        a, b = ours.ravel().astype(np.float64), theirs.ravel().astype(np.float64)
        length = float(np.sqrt((a @ a) * (b @ b)))
        if not float(a @ b) >= LEAST_COSINE * length or not abs(a @ a - b @ b) <= (1 - LEAST_COSINE) * 20 * (
            b @ b
        ):
            return False
    return True


def pick(medians: Mapping[Form, float]) -> Form:
    """Choose the fastest form on the fewest threads from which more do not bring it below ``CORE_WORTH``."""
    best: Form | None = None
    for count in sorted({threads for _, threads in medians}):
        fastest = min((form for form in medians if form[1] == count), key=lambda form: medians[form])
        if best is None or medians[fastest] < CORE_WORTH * medians[best]:
            best = fastest
    assert best is not None, "the reference is always among them"
    return best


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _networks(
    models_dir: Path, manifest: Manifest, threads: Sequence[int], inputs: Mapping[str, Floats]
) -> dict[Form, Network]:
    expected: list[Floats] | None = None
    networks: dict[Form, Network] = {}
    for name in (REFERENCE, *(each.name for each in manifest.variants)):
        for count in threads:
            try:
                network = open_session(manifest.of_variant(name), models_dir, threads=count)
                outputs = network.run([], inputs)
            except ModelError:
                if name == REFERENCE:
                    raise
                continue
            expected = outputs if expected is None else expected
            if is_equal(outputs, expected):
                networks[name, count] = network
    return networks


def _table(manifest: Manifest, times: Mapping[Form, list[float]]) -> list[Measured]:
    medians = {form: median(spent) for form, spent in times.items()}
    chosen = pick(medians)
    return [
        Measured(
            model=manifest.name,
            variant=form[0],
            sha256=manifest.of_variant(form[0]).sha256,
            threads=form[1],
            median_ms=medians[form] * 1e3,
            best_ms=min(spent) * 1e3,
            chosen=form == chosen,
        )
        for form, spent in times.items()
    ]
