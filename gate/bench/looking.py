"""What a look is made of: the share of each stage, a comparison with one card's template, and the memory of a template."""

from __future__ import annotations

import asyncio
import sys
import tracemalloc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import cv2
import numpy as np

from gate.bench.desk import camera_settings
from gate.bench.networks import THREADS, frame_times
from gate.bench.presence import presence_times
from gate.bench.rivals import rival_times
from gate.core.matching import Gallery, search, verify
from gate.core.types import Seconds, TemplateId
from gate.vision.look import choose, flaw_of
from gate.vision.pipeline import Pipeline
from gate.vision.protection import Protection
from gate.vision.scenes import SceneCamera
from gate.vision.sessions import Floats, Network, open_chosen
from gate.vision.tune import in_turns
from gate.vision.wire import SEED_BYTES

GALLERY = 10_000
SIZE = 128


def vision_figures(models_dir: Path, *, looks: int, visits: int) -> dict[str, object]:
    """Give every figure of the vision process: *looks* of each kind, and *visits* of one simulated resident."""
    cv2.setNumThreads(
        1
    )  # as in the vision process: a second one that waits awake would stand in the networks' way
    return {
        **frame_times(models_dir, looks),
        **rival_times(models_dir, looks, threads=THREADS),
        **stage_shares(models_dir, looks, threads=THREADS),
        **claimed_times(looks),
        **template_memory(),
        **asyncio.run(presence_times(models_dir, visits)),
    }


def stage_shares(models_dir: Path, count: int, *, threads: int) -> dict[str, object]:
    """Give the share of each stage in one look, from the frame to the nearest template; they add up to 1.

    The frame is the simulated camera's, the gallery one of ``GALLERY``. What the camera itself takes is not in it.
    """
    settings = camera_settings(models_dir, threads=threads)
    camera = SceneCamera(settings)
    camera.scene = "resident"
    frame = camera.read()
    detector, embedder = (
        _Timed(open_chosen(models_dir, task, threads=threads)[0]) for task in ("detect", "embed")
    )
    pipeline = Pipeline(detector, embedder)
    gallery, protection = _gallery(GALLERY), Protection(bytes(range(SEED_BYTES)))
    spent: dict[str, list[Seconds]] = {}
    for _ in range(count + 1):
        marks = [perf_counter()]
        flaw_of(frame)
        marks.append(perf_counter())
        faces = pipeline.detect(frame)
        marks.append(perf_counter())
        face = choose(faces, frame, settings.zone).face
        assert face is not None, "the simulated resident stands in the zone"
        marks.append(perf_counter())
        probe = pipeline.embed(frame, face)
        marks.append(perf_counter())
        search(gallery, protection.probe(probe))
        marks.append(perf_counter())
        whole = np.diff(marks)
        for name, seconds in (
            ("flaws and choice", whole[0] + whole[2]),
            ("detection network", detector.last),
            ("around detection", whole[1] - detector.last),
            ("embedding network", embedder.last),
            ("around embedding", whole[3] - embedder.last),
            ("protection and search", whole[4]),
        ):
            spent.setdefault(name, []).append(float(seconds))
    medians = {name: median(times[1:]) for name, times in spent.items()}
    total = sum(medians.values())
    return {"stages": {name: seconds / total for name, seconds in medians.items()}, "look_ms": total * 1e3}


def claimed_times(count: int) -> dict[str, object]:
    """Time the comparison with the one template of a card (1:1) in a gallery of ``GALLERY``."""
    gallery = _gallery(GALLERY)
    probe, claimed = gallery.matrix[7].copy(), (TemplateId("7"),)
    spent = in_turns({"one": lambda: verify(gallery, probe, claimed)}, count)
    return {"match_1to1_us": spent["one"] * 1e6, "match_1to1_among": GALLERY}


def template_memory() -> dict[str, object]:
    """Tell what one template takes in the matcher's memory, its id included."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        gallery = _gallery(GALLERY)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # numpy tells tracemalloc of its arrays, so that the matrix is counted with all else.
    return {"template_bytes": (after - before) / len(gallery.ids)}


@dataclass(slots=True)
class _Timed:
    """A network that says how long its last run took."""

    network: Network
    last: Seconds = 0.0

    def run(self, outputs: Sequence[str], inputs: Mapping[str, Floats], /) -> list[Floats]:
        began = perf_counter()
        answer = self.network.run(outputs, inputs)
        self.last = perf_counter() - began
        return answer

    def get_providers(self) -> list[str]:
        return self.network.get_providers()


def _gallery(size: int) -> Gallery:
    rows = np.random.default_rng(5).standard_normal((size, SIZE), np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return Gallery(tuple(TemplateId(sys.intern(str(number))) for number in range(size)), rows)
