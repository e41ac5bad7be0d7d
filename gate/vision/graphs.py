"""Rewrite a downloaded network into the one that runs: float, dynamic where it must be, fast in ONNX Runtime.

Only set-up loads this module. Every step is element-wise IEEE arithmetic and a fixed order, so that the same source
gives the same bytes on every processor and Python: the manifest pins their hash.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, helper, numpy_helper

Weights = NDArray[Any]
Constants = dict[str, Weights]


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


def fold_constants(model: ModelProto) -> None:
    """Compute every DequantizeLinear and Reshape of constants once, and drop what only they used.

    ONNX Runtime refuses some of them as published: per-tensor nodes that carry a block size.
    """
    graph = model.graph
    constants = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    kept = []
    for node in graph.node:
        fold = _FOLDS.get(node.op_type)
        if fold and all(name in constants for name in node.input):
            constants[node.output[0]] = fold(node, constants)
        else:
            kept.append(node)
    _replace_nodes(model, kept)
    used = [name for name in dict.fromkeys(n for node in kept for n in node.input) if name in constants]
    del graph.initializer[:]
    graph.initializer.extend(numpy_helper.from_array(constants[name], name) for name in used)


def tidy(model: ModelProto) -> None:
    """Leave only true inputs in the signature, and no shapes that no longer hold.

    A weight that is also an input may be changed by the caller, which stops ONNX Runtime from folding it.
    """
    graph = model.graph
    weights = {each.name for each in graph.initializer}
    read = {name for node in graph.node for name in node.input}
    inputs = [each for each in graph.input if each.name in read - weights]
    del graph.input[:]
    graph.input.extend(inputs)
    del graph.value_info[:]


def free_sides(model: ModelProto) -> None:
    """Let height and width vary: the first input's sides get names, outputs and their reshapes follow.

    Each output must be a reshape to (1, n, channels), as in YuNet's heads.
    """
    graph = model.graph
    for dim, side in zip(graph.input[0].type.tensor_type.shape.dim[2:], ("height", "width"), strict=True):
        dim.dim_param = side
    shapes = {node.output[0]: node.input[1] for node in graph.node if node.op_type == "Reshape"}
    producers = {node.output[0]: node for node in graph.node}
    names = set()
    for output in graph.output:
        rows = output.type.tensor_type.shape.dim[1]
        rows.dim_param = f"{output.name}_rows"
        name = output.name
        while name not in shapes:  # an activation may stand between the reshape and the output
            name = producers[name].input[0]
        names.add(shapes[name])
    for weight in graph.initializer:
        if weight.name in names:
            batch, _, channels = numpy_helper.to_array(weight)
            weight.CopyFrom(numpy_helper.from_array(np.array([batch, -1, channels], np.int64), weight.name))


def rewrite_prelu(model: ModelProto) -> None:
    """Write PRelu(x) as BN(x; a) + BN(Relu(x); 1 - a), zero mean, unit variance: a*x + (1-a)*max(x, 0).

    The same function, kept in ONNX Runtime's blocked layout; its PRelu kernel takes more than half of SFace's time.
    """
    graph = model.graph
    slopes = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    nodes: list[NodeProto] = []
    for node in graph.node:
        if node.op_type != "PRelu":
            nodes.append(node)
            continue
        value, slope_name = node.input
        out = node.output[0]
        slope = slopes[slope_name].reshape(-1)
        plain = {
            "scale": slope,
            "rest": np.float32(1) - slope,
            "zero": 0 * slope,
            "one": 0 * slope + np.float32(1),
        }
        for key, array in plain.items():
            graph.initializer.append(numpy_helper.from_array(array.astype(np.float32), f"{out}_{key}"))

        def scaled(source: str, key: str, out: str = out) -> NodeProto:
            names = [source, f"{out}_{key}", f"{out}_zero", f"{out}_zero", f"{out}_one"]
            return helper.make_node("BatchNormalization", names, [f"{out}_by_{key}"], epsilon=0.0)

        nodes += [
            helper.make_node("Relu", [value], [f"{out}_relu"]),
            scaled(value, "scale"),
            scaled(f"{out}_relu", "rest"),
            helper.make_node("Add", [f"{out}_by_scale", f"{out}_by_rest"], [out]),
        ]
    _replace_nodes(model, nodes)
    used = {name for node in nodes for name in node.input}
    weights = [each for each in graph.initializer if each.name in used]
    del graph.initializer[:]
    graph.initializer.extend(weights)


STEPS: dict[str, Callable[[ModelProto], None]] = {
    "fold-constants": fold_constants,
    "tidy": tidy,
    "free-sides": free_sides,
    "rewrite-prelu": rewrite_prelu,
}


def _dequantize(node: NodeProto, constants: Constants) -> Weights:
    """Give (q - zero) * scale as float32, for per-tensor, per-axis and block quantisation alike."""
    quantised, scale, zero = (constants[name] for name in node.input)
    attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    axis, block = attributes.get("axis", 1), attributes.get("block_size", 0)
    size = quantised.shape[axis] if quantised.ndim > axis else 0

    def spread(values: Weights) -> Weights:
        if values.size == 1:
            return values.reshape(())
        if block:
            return np.repeat(values, block, axis=axis).take(range(size), axis=axis)
        return values.reshape([size if each == axis else 1 for each in range(quantised.ndim)])

    difference = quantised.astype(np.int32) - spread(zero).astype(np.int32)
    weights: Weights = difference.astype(np.float32) * spread(scale)
    return weights


def _reshape(node: NodeProto, constants: Constants) -> Weights:
    """Reshape a constant; a zero in the shape would mean "as it was", which no weight here uses."""
    value, shape = (constants[name] for name in node.input)
    return value.reshape(shape.tolist())


_FOLDS: dict[str, Callable[[NodeProto, Constants], Weights]] = {
    "DequantizeLinear": _dequantize,
    "Reshape": _reshape,
}


def _replace_nodes(model: ModelProto, nodes: list[NodeProto]) -> None:
    copies = [NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del model.graph.node[:]
    model.graph.node.extend(copies)
