"""Make an eight-bit form of the embedding network, calibrated on faces, and measure what it costs and gains (ADR 0030).

Only its dense convolutions of 1x1 with many channels are brought to eight bits (QDQ, by channel): with the others, and
with the depthwise ones, the embedding is lost and nothing gained. Its output is another than the reference's, so that no
operating point of this release holds for it: it is prepared and measured, and never runs in a gate by itself.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from gate.errors import ModelError, RequestError
from gate.vision.align import SIDE, align
from gate.vision.evaluate import Evaluation, evaluate_pairs
from gate.vision.fetch import write_atomically
from gate.vision.images import Frame, read_image
from gate.vision.manifest import Manifest, manifest_for
from gate.vision.pipeline import Pipeline
from gate.vision.progress import Progress, silent
from gate.vision.sessions import Floats, open_chosen, open_session
from gate.vision.tune import in_turns

FILE = "sface-int8.onnx"
BASE = "blocks"
LEAST_CHANNELS = 128
"""Of a convolution's input: the two first ones carry too little redundancy (the worst cosine falls from 0.996 to 0.971)."""
LEAST_FACES = 2
ROUNDS = 30
_TURNS = (-10.0, 0.0, 10.0)
_LIGHTS = (0.55, 1.0, 1.35)


@dataclass(frozen=True, slots=True)
class Int8:
    """What was made, and what it is worth.

    cosine_mean, cosine_lowest: of its embeddings with the reference's, on the faces it was calibrated on and on their
    mirror images, which it was not. speed_ratio: how many times faster than the form that runs. reference, int8: error
    rates of both on the given pairs. kept: whether the file stands; it does not where any false non-match rate rose.
    """

    path: Path
    sha256: str
    faces: int
    cosine_mean: float
    cosine_lowest: float
    speed_ratio: float
    reference: Evaluation | None
    int8: Evaluation | None
    kept: bool


def prepare_int8(
    models_dir: Path, images: Path, *, pairs: Path | None = None, progress: Progress = silent
) -> Int8:
    """Calibrate on the faces under *images*, write the network, and compare it on *pairs* with the reference.

    Raises RequestError if fewer than two photographs show a face, ModelError if the set-up tools or the form it is made
    of are missing.
    """
    manifest = manifest_for(models_dir, "embed")
    pipeline = Pipeline.load(models_dir, ("cpu",), 0)
    crops = list(_crops(images, pipeline))
    if len(crops) < LEAST_FACES:
        raise RequestError(
            "int8-images",
            f"{images} holds {len(crops)} photographs with a face; calibration needs {LEAST_FACES} or more.",
            remedy="Name a folder of photographs with --images, or fetch the portraits (gate models prepare --portraits).",
        )
    seen = [blob for crop in crops for blob in _varied(crop)]
    network = _quantised(manifest, models_dir, seen, manifest.input.name)
    path = models_dir / "weights" / FILE
    write_atomically(path, network)
    form = manifest.model_copy(update={"file": FILE, "sha256": hashlib.sha256(network).hexdigest()})
    cosines = _cosines(manifest, form, models_dir, seen + [blob[..., ::-1].copy() for blob in seen])
    ratio = _speed(form, models_dir, seen[0])
    before = after = None
    if pairs is not None:
        before = evaluate_pairs(pairs, _pipeline(manifest, models_dir), progress=progress)
        after = evaluate_pairs(pairs, _pipeline(form, models_dir), progress=progress)
    kept = before is None or after is None or not is_worse(after, before)
    if not kept:
        path.unlink()
    return Int8(
        path,
        form.sha256,
        len(crops),
        float(np.mean(cosines)),
        float(np.min(cosines)),
        ratio,
        before,
        after,
        kept,
    )


def is_worse(after: Evaluation, before: Evaluation) -> bool:
    """Tell whether any false non-match rate rose; what is not a number is worse."""
    return not all(
        after.fnmr_at_fmr[limit].fnmr.value <= before.fnmr_at_fmr[limit].fnmr.value
        for limit in before.fnmr_at_fmr
    )


def _crops(images: Path, pipeline: Pipeline) -> Iterator[Frame]:
    """Give the aligned face of every photograph under *images* that shows one."""
    for file in sorted(each for each in images.rglob("*") if each.is_file()):
        try:
            frame = read_image(file)
        except RequestError:
            continue
        face = max(pipeline.detect(frame), key=lambda each: each.area, default=None)
        crop = np.zeros((SIDE, SIDE, 3), np.uint8)
        if face is not None and align(frame, face.landmarks, crop):
            yield crop


def _varied(crop: Frame) -> Iterator[Floats]:
    """Give the crop as the network takes it: turned, darker and brighter, as a gate's light and people vary."""
    for degrees in _TURNS:
        turned = cv2.warpAffine(
            crop,
            cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), degrees, 1.0),
            (SIDE, SIDE),
            borderMode=cv2.BORDER_REPLICATE,
        )
        for light in _LIGHTS:
            lit = np.clip(turned.astype(np.float32) * light, 0, 255).round()
            yield np.ascontiguousarray(lit.transpose(2, 0, 1)[np.newaxis, ::-1], np.float32)


def _quantised(manifest: Manifest, models_dir: Path, seen: Sequence[Floats], name: str) -> bytes:
    try:
        import onnx
        from onnxruntime.quantization import (  # type: ignore[import-untyped]  # the package ships no types
            CalibrationDataReader,
            QuantFormat,
            QuantType,
            quantize_static,
        )
    except ImportError as error:
        raise ModelError(
            "model-tools",
            "The eight-bit form cannot be prepared without the onnx package.",
            remedy="Install the set-up tools (make setup does).",
        ) from error

    class Faces(CalibrationDataReader):  # type: ignore[misc]  # the package ships no types
        def __init__(self, faces: Iterable[Floats]) -> None:
            self._faces = iter(faces)

        def get_next(self) -> dict[str, Floats] | None:
            face = next(self._faces, None)
            return None if face is None else {name: face}

    base = manifest.of_variant(BASE)
    open_session(base, models_dir)  # refuses a file that is missing or altered
    model = onnx.load(base.weights(models_dir))
    shapes = {each.name: tuple(each.dims) for each in model.graph.initializer}
    chosen = []
    for node in model.graph.node:
        node.name = f"{node.op_type}:{node.output[0]}"
        if node.op_type == "Conv" and _is_dense(shapes[node.input[1]]):
            chosen.append(node.name)
        # The quantiser names its own weights "..._scale" after what they scale, as weights here are named already.
        node.input[:] = [f"w:{each}" if each in shapes else each for each in node.input]
    for weight in model.graph.initializer:
        weight.name = f"w:{weight.name}"
    with tempfile.TemporaryDirectory(prefix="gate-int8-") as folder:
        source, made = Path(folder) / "source.onnx", Path(folder) / "made.onnx"
        onnx.save(model, source)
        quantize_static(
            source,
            made,
            Faces(seen),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_quantize=chosen,
        )
        return made.read_bytes()


def _is_dense(shape: Sequence[int]) -> bool:
    _, channels, height, width = shape
    return (height, width) == (1, 1) and channels >= LEAST_CHANNELS


def _cosines(
    manifest: Manifest, form: Manifest, models_dir: Path, faces: Sequence[Floats]
) -> NDArray[np.float64]:
    reference, other = (open_session(each, models_dir) for each in (manifest, form))
    found = []
    for face in faces:
        a, b = (
            network.run([], {manifest.input.name: face})[0][0].astype(np.float64)
            for network in (reference, other)
        )
        found.append(float(a @ b / np.sqrt((a @ a) * (b @ b))))
    return np.array(found)


def _speed(form: Manifest, models_dir: Path, face: Floats) -> float:
    running, choice = open_chosen(models_dir, "embed")
    other = open_session(form, models_dir, threads=choice.threads)
    inputs = {form.input.name: face}
    spent = in_turns(
        {"running": lambda: running.run([], inputs), "int8": lambda: other.run([], inputs)}, ROUNDS
    )
    return spent["running"] / spent["int8"]


def _pipeline(form: Manifest, models_dir: Path) -> Pipeline:
    detector, _ = open_chosen(models_dir, "detect")
    return Pipeline(detector, open_session(form, models_dir))
