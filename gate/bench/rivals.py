"""The same frame to an embedding by others: the convolutions alone, OpenCV's own pipeline, and dlib's where it is installed."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from gate.bench.desk import camera_settings
from gate.errors import DeviceFault
from gate.vision.detect import DETECT_SIDE, MAX_OVERLAP, MIN_SCORE
from gate.vision.images import Frame
from gate.vision.manifest import manifest_for
from gate.vision.pipeline import Pipeline
from gate.vision.scenes import SceneCamera
from gate.vision.sessions import Network, open_chosen, session_options
from gate.vision.tune import Work, in_turns, noise_for

_TOP_K = 50
_DLIB_SHARE = 6
"""Of this many rounds dlib takes part in one: it is slow, and what it is measured against is not."""


def rival_times(models_dir: Path, count: int, *, threads: int) -> dict[str, object]:
    """Time our way of a frame to an embedding against each rival's, in turns, on the same frame and threads.

    conv_ratio: the embedding network against its own convolutions alone. opencv_ratio: OpenCV's FaceDetectorYN and
    FaceRecognizerSF on the prepared networks against ours. dlib_ratio: the same of face_recognition. Where one cannot
    be measured here, its name with "_absent" says why instead.
    """
    settings = camera_settings(models_dir, threads=threads)
    camera = SceneCamera(settings)
    camera.scene = "resident"
    frame = camera.read()
    pipeline = Pipeline.load(models_dir, settings.providers, threads)

    def ours() -> None:
        (face,) = pipeline.detect(frame)
        pipeline.embed(frame, face)

    with _opencv_as_before():
        return {
            **_convolutions(models_dir, count, threads),
            **_opencv(models_dir, frame, ours, count, threads),
            **_dlib(frame, ours, max(3, count // _DLIB_SHARE)),
        }


def _convolutions(models_dir: Path, count: int, threads: int) -> dict[str, object]:
    try:
        import onnx
    except ImportError:
        return {"conv_absent": "the onnx package, which set-up installs, is not there"}
    network, choice = open_chosen(models_dir, "embed", threads=threads)
    model = onnx.load(choice.manifest.weights(models_dir))
    alone = _session(_only_convolutions(model), threads)
    inputs = noise_for(choice.manifest)
    spent = in_turns(
        {"whole": lambda: network.run([], inputs), "alone": lambda: alone.run([], inputs)}, count
    )
    return {
        "conv_ratio": spent["whole"] / spent["alone"],
        "embed_ms": spent["whole"] * 1e3,
        "convolutions_ms": spent["alone"] * 1e3,
        "embed_form": choice.variant,
    }


def _only_convolutions(model: Any) -> bytes:
    """Give the network of *model*'s convolutions, one after the other as SFace has them, and nothing between."""
    graph = model.graph
    kept = [node for node in graph.node if node.op_type == "Conv"]
    value = graph.input[0].name
    for node in kept:
        node.input[0] = value
        value = node.output[0]
    weights = {name for node in kept for name in node.input[1:]}
    constants = [each for each in graph.initializer if each.name in weights]
    for field, values in (("node", kept), ("initializer", constants)):
        copies = [type(each).FromString(each.SerializeToString()) for each in values]
        graph.ClearField(field)
        getattr(graph, field).extend(copies)
    graph.ClearField("value_info")
    graph.output[0].name = value
    graph.output[0].type.tensor_type.ClearField("shape")
    network: bytes = model.SerializeToString()
    return network


def _session(network: bytes, threads: int) -> Network:
    import onnxruntime  # type: ignore[import-untyped]  # the package ships no types

    session: Network = onnxruntime.InferenceSession(
        network, session_options(threads), providers=["CPUExecutionProvider"]
    )
    return session


def _opencv(models_dir: Path, frame: Frame, ours: Work, count: int, threads: int) -> dict[str, object]:
    files = [str(manifest_for(models_dir, task).weights(models_dir)) for task in ("detect", "embed")]
    scale = DETECT_SIDE / max(frame.shape[:2])
    size = round(frame.shape[1] * scale), round(frame.shape[0] * scale)
    try:
        detector = cv2.FaceDetectorYN.create(files[0], "", size, MIN_SCORE, MAX_OVERLAP, _TOP_K)
        recogniser = cv2.FaceRecognizerSF.create(files[1], "")
    except cv2.error as error:
        return {"opencv_absent": f"OpenCV {cv2.__version__} does not load the prepared networks: {error.err}"}

    def theirs() -> None:
        _, faces = detector.detect(cv2.resize(frame, size, interpolation=cv2.INTER_AREA))
        if faces is None:
            raise _blind("OpenCV's detector")
        face = faces[0].copy()
        face[:14] /= scale
        recogniser.feature(recogniser.alignCrop(frame, face))

    before = {"ours": _settled(ours, 1), "theirs": _settled(theirs, threads)}
    spent = in_turns({"ours": ours, "theirs": theirs}, count, before=before)
    return {
        "opencv_ratio": spent["theirs"] / spent["ours"],
        "opencv_ms": spent["theirs"] * 1e3,
        "frame_to_embedding_ms": spent["ours"] * 1e3,
        "opencv_version": cv2.__version__,
    }


def _dlib(frame: Frame, ours: Work, count: int) -> dict[str, object]:
    try:
        face_recognition = import_face_recognition()
    except ImportError as error:
        return {"dlib_absent": f"face_recognition cannot be imported: {error}"}
    scale = DETECT_SIDE / max(frame.shape[:2])
    colours = np.ascontiguousarray(frame[:, :, ::-1])

    def theirs() -> None:
        shrunk = cv2.resize(colours, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        places: Sequence[Sequence[int]] = face_recognition.face_locations(shrunk)
        if not places:
            raise _blind("dlib's detector")
        face_recognition.face_encodings(colours, [tuple(round(edge / scale) for edge in places[0])])

    spent = in_turns({"ours": ours, "theirs": theirs}, count, before={"ours": _settled(ours, 1)})
    return {"dlib_ratio": spent["theirs"] / spent["ours"], "dlib_ms": spent["theirs"] * 1e3}


def import_face_recognition() -> Any:
    """Give the face_recognition package, which nothing of ours needs. Raises ImportError where it, or its weights, are not there."""
    with warnings.catch_warnings():
        # Its weights' package leans on pkg_resources, which says it will go.
        warnings.simplefilter("ignore")
        # First the weights: without them the package itself would end this process.
        import face_recognition_models  # type: ignore[import-not-found,unused-ignore]  # noqa: F401 - for that alone
        import face_recognition  # type: ignore[import-not-found,unused-ignore]  # isort: skip
    return face_recognition


def _settled(work: Work, opencv_threads: int) -> Work:
    """Give what goes ahead of a timed run: the same once more, with as many of OpenCV's threads as it is timed with.

    They wait awake for a while after each call, and would stand in the way of whoever comes next. Ours has the one that
    the vision process leaves it, and the networks' own.
    """

    def ahead() -> None:
        cv2.setNumThreads(opencv_threads)
        work()

    return ahead


@contextmanager
def _opencv_as_before() -> Iterator[None]:
    """Put back how many threads OpenCV has, and what it says."""
    before = cv2.getNumThreads()
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
        cv2.utils.logging.setLogLevel(level)


def _blind(what: str) -> DeviceFault:
    return DeviceFault(
        "bench-rival",
        f"{what} finds no face in the simulated camera's frame.",
        remedy="Prepare the models anew.",
    )
