"""Rewrite a downloaded network into the one that runs: float, dynamic where it must be, fast in ONNX Runtime.

Only set-up loads this package. Every step is element-wise IEEE arithmetic and a fixed order, so that the same source
gives the same bytes on every processor and Python: the manifest pins their hash.
"""

from __future__ import annotations

from collections.abc import Callable

import onnx
from onnx import ModelProto

from gate.vision.graphs.activations import fold_norms, rewrite_prelu, scale_prelu
from gate.vision.graphs.blocks import keep_blocks
from gate.vision.graphs.heads import merge_heads
from gate.vision.graphs.published import fold_constants, free_sides, tidy

STEPS: dict[str, Callable[[ModelProto], None]] = {
    "fold-constants": fold_constants,
    "fold-norms": fold_norms,
    "free-sides": free_sides,
    "keep-blocks": keep_blocks,
    "merge-heads": merge_heads,
    "rewrite-prelu": rewrite_prelu,
    "scale-prelu": scale_prelu,
    "tidy": tidy,
}


def rewrite(source: bytes, steps: tuple[str, ...]) -> bytes:
    """Apply the named steps in order, check the result and give its bytes, the same on every machine.

    steps: names from ``STEPS``. Raises what onnx raises on bytes that are no model, ``KeyError`` on an unknown step.
    """
    model = onnx.load_model_from_string(source)
    for step in steps:
        STEPS[step](model)
    onnx.checker.check_model(model)
    network: bytes = model.SerializeToString(deterministic=True)
    return network
