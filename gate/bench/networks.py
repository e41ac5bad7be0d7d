"""What our code adds to the networks, and to the product of a gallery with a probe."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from time import perf_counter

import numpy as np

from gate.bench.desk import camera_settings
from gate.core.matching import Gallery, search
from gate.core.types import TemplateId
from gate.vision import wire
from gate.vision.images import Frame
from gate.vision.pipeline import Pipeline
from gate.vision.scenes import SceneCamera
from gate.vision.sessions import Floats, Network, open_chosen
from gate.vision.tune import TASKS, in_turns
from gate.vision.worker import Worker

GALLERY = 1000
THREADS = 2
Run = tuple[Network, Sequence[str], Mapping[str, Floats]]


def frame_times(models_dir: Path, count: int) -> dict[str, object]:
    """Time the two networks alone, a frame to its embedding, and the vision process's whole way of it, on the same frames."""
    settings = camera_settings(models_dir, threads=THREADS)
    camera = SceneCamera(settings)
    camera.scene = "resident"
    frames = [camera.read() for _ in range(8)]
    inputs = cycle(_networks_runs(models_dir, frames))
    pipeline = Pipeline.load(models_dir, settings.providers, THREADS)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        worker = Worker(theirs)
        worker.prepare(settings)
        worker.load(_random_gallery(GALLERY))
        seen, shown = cycle(frames), cycle(frames)

        def bare() -> None:
            for network, outputs, values in next(inputs):
                network.run(outputs, values)

        def embedded() -> None:
            frame = next(seen)
            (face,) = pipeline.detect(frame)
            pipeline.embed(frame, face)

        def whole() -> None:
            worker.report(next(shown), perf_counter())
            ours.recv(1 << 16)

        spent = in_turns({"bare": bare, "embedded": embedded, "whole": whole}, count)
    return {
        "bare_ms": spent["bare"] * 1e3,
        "frame_ms": spent["whole"] * 1e3,
        "overhead_ratio": spent["whole"] / spent["bare"],
        "frame_to_embedding_ratio": spent["embedded"] / spent["bare"],
    }


def search_times(size: int, count: int) -> dict[str, object]:
    """Time the search among *size* templates against the matrix-vector product alone."""
    message = _random_gallery(size)
    rows = message.payload[wire.SEED_BYTES :]
    matrix = np.frombuffer(rows, "<f4").reshape(size, -1).astype(np.float32)
    gallery = Gallery(tuple(map(TemplateId, message.ids)), matrix)
    probe = matrix[size // 2].copy()
    spent = in_turns({"bare": lambda: matrix @ probe, "search": lambda: search(gallery, probe)}, count)
    return {"n": size, "ms": spent["search"] * 1e3, "ratio": spent["search"] / spent["bare"]}


@dataclass(slots=True)
class _Recorder:
    """A network that remembers what it was asked."""

    network: Network
    runs: list[Run]

    def run(self, outputs: Sequence[str], inputs: Mapping[str, Floats], /) -> list[Floats]:
        self.runs.append((self.network, outputs, {name: value.copy() for name, value in inputs.items()}))
        return self.network.run(outputs, inputs)

    def get_providers(self) -> list[str]:
        return self.network.get_providers()


def _networks_runs(models_dir: Path, frames: Sequence[Frame]) -> list[list[Run]]:
    """Give for each frame what the pipeline asks of the networks."""
    recorders = [_Recorder(open_chosen(models_dir, task, threads=THREADS)[0], []) for task in TASKS]
    pipeline = Pipeline(*recorders)
    asked = []
    for frame in frames:
        (face,) = pipeline.detect(frame)
        pipeline.embed(frame, face)
        asked.append([run for recorder in recorders for run in recorder.runs])
        for recorder in recorders:
            recorder.runs.clear()
    return asked


def _random_gallery(size: int) -> wire.LoadGallery:
    rows = np.random.default_rng(5).standard_normal((size, wire.TEMPLATE_BYTES // 4), np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    seed = bytes(range(wire.SEED_BYTES))
    return wire.LoadGallery(1, 1, tuple(map(str, range(size))), seed + rows.astype("<f4").tobytes())
