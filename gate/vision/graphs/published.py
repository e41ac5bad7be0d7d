"""Steps that make a published file one that runs: constants computed, only true inputs, free sides."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from onnx import ModelProto, NodeProto, numpy_helper

from gate.vision.graphs.surgery import Constants, Weights, attributes_of, constants_of, replace_nodes


def fold_constants(model: ModelProto) -> None:
    """Compute every DequantizeLinear and Reshape of constants once, and drop what only they used.

    ONNX Runtime refuses some of them as published: per-tensor nodes that carry a block size.
    """
    graph = model.graph
    constants = constants_of(model)
    kept = []
    for node in graph.node:
        fold = _FOLDS.get(node.op_type)
        if fold and all(name in constants for name in node.input):
            constants[node.output[0]] = fold(node, constants)
        else:
            kept.append(node)
    replace_nodes(model, kept)
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


def dequantize(node: NodeProto, constants: Constants) -> Weights:
    """Give (q - zero) * scale as float32, for per-tensor, per-axis and block quantisation alike."""
    quantised, scale, zero = (constants[name] for name in node.input)
    attributes = attributes_of(node)
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
    "DequantizeLinear": dequantize,
    "Reshape": _reshape,
}
