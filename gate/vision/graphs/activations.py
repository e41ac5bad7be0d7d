"""Steps that give the same values by kernels that are faster: PRelu and batch normalisation."""

from __future__ import annotations

import numpy as np
from onnx import ModelProto, NodeProto, helper

from gate.vision.graphs.surgery import (
    Constants,
    Weights,
    add_weight,
    attributes_of,
    constants_of,
    drop_unread,
    readers_of,
    replace_nodes,
)


def fold_norms(model: ModelProto) -> None:
    """Put every batch normalisation that follows a convolution, and a scale before one, into its weights.

    Computed in double precision and rounded once. Only where nothing else reads what lies between.
    """
    constants, readers = constants_of(model), readers_of(model)
    producers = {node.output[0]: node for node in model.graph.node}
    gone: set[str] = set()
    for node in model.graph.node:
        before = producers.get(node.input[0]) if node.input else None
        if before is None or readers[before.output[0]] != 1:
            continue
        if (before.op_type, node.op_type) == ("Conv", "BatchNormalization"):
            scale, shift = _affine(node, constants)
            _scale_outputs(model, before, constants, scale, shift)
            before.output[0] = node.output[0]
            gone.add(node.output[0])
        elif (before.op_type, node.op_type) == ("Mul", "Conv") and constants[before.input[1]].size == 1:
            factor = constants[before.input[1]].astype(np.float64).reshape(())
            values = constants[node.input[1]].astype(np.float64) * factor
            node.input[1] = _own(model, constants, f"{node.output[0]}_weight", values)
            node.input[0] = before.input[0]
            gone.add(before.output[0])
    # The convolution now bears the name of what it swallowed: of two nodes with that name the first one stays.
    kept = [node for node in model.graph.node if node.op_type == "Conv" or node.output[0] not in gone]
    replace_nodes(model, kept)
    drop_unread(model)


def rewrite_prelu(model: ModelProto) -> None:
    """Write PRelu(x) as BN(x; a) + BN(Relu(x); 1 - a), zero mean, unit variance: a*x + (1-a)*max(x, 0).

    The same function, kept in ONNX Runtime's blocked layout; its PRelu kernel takes more than half of SFace's time.
    """
    slopes = constants_of(model)
    nodes: list[NodeProto] = []
    for node in model.graph.node:
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
            add_weight(model, f"{out}_{key}", array.astype(np.float32))
        nodes += [
            helper.make_node("Relu", [value], [f"{out}_relu"]),
            _scaled(value, "scale", out),
            _scaled(f"{out}_relu", "rest", out),
            helper.make_node("Add", [f"{out}_by_scale", f"{out}_by_rest"], [out]),
        ]
    replace_nodes(model, nodes)
    drop_unread(model)


def scale_prelu(model: ModelProto) -> None:
    """Write PRelu(conv) with all slopes a below 1 as Relu(u) + BN(u; a / (1-a)), where the convolution gives u, 1-a times.

    One normalisation less than ``rewrite-prelu``, which still owes the rest: a slope of 1 or more has no such form.
    """
    constants, readers = constants_of(model), readers_of(model)
    producers = {node.output[0]: node for node in model.graph.node}
    nodes: list[NodeProto] = []
    for node in model.graph.node:
        conv = producers.get(node.input[0]) if node.op_type == "PRelu" else None
        slope = constants[node.input[1]].reshape(-1).astype(np.float64) if conv is not None else None
        fits = conv is not None and conv.op_type == "Conv" and readers[conv.output[0]] == 1
        if conv is None or slope is None or not fits or not (slope < 1).all():
            nodes.append(node)
            continue
        rest, out = 1 - slope, node.output[0]
        _scale_outputs(model, conv, constants, rest, np.zeros_like(rest))
        for key, values in (("scale", slope / rest), ("zero", 0 * rest), ("one", 0 * rest + 1)):
            add_weight(model, f"{out}_{key}", values.astype(np.float32))
        nodes += [
            helper.make_node("Relu", [conv.output[0]], [f"{out}_relu"]),
            _scaled(conv.output[0], "scale", out),
            helper.make_node("Add", [f"{out}_by_scale", f"{out}_relu"], [out]),
        ]
    replace_nodes(model, nodes)
    drop_unread(model)


def _scaled(source: str, key: str, out: str) -> NodeProto:
    names = [source, f"{out}_{key}", f"{out}_zero", f"{out}_zero", f"{out}_one"]
    return helper.make_node("BatchNormalization", names, [f"{out}_by_{key}"], epsilon=0.0)


def _affine(norm: NodeProto, constants: Constants) -> tuple[Weights, Weights]:
    """Give by channel what a batch normalisation multiplies by and then adds, in double precision."""
    gamma, beta, mean, variance = (constants[name].astype(np.float64) for name in norm.input[1:])
    scale = gamma / np.sqrt(variance + attributes_of(norm).get("epsilon", 1e-5))
    return scale, beta - mean * scale


def _scale_outputs(
    model: ModelProto, conv: NodeProto, constants: Constants, scale: Weights, shift: Weights
) -> None:
    """Let the convolution give scale * y + shift, by channel, where it gave y."""
    weight = constants[conv.input[1]].astype(np.float64)
    bias = constants[conv.input[2]].astype(np.float64) if len(conv.input) > 2 else np.zeros_like(scale)  # noqa: PLR2004 - data, weight, bias
    # A weight that two convolutions share must not be scaled for both: each gets one of its own.
    stem = f"{conv.output[0]}_{len(model.graph.initializer)}"
    names = [
        _own(model, constants, f"{stem}_weight", weight * scale.reshape(-1, *[1] * (weight.ndim - 1))),
        _own(model, constants, f"{stem}_bias", bias * scale + shift),
    ]
    del conv.input[1:]
    conv.input.extend(names)


def _own(model: ModelProto, constants: Constants, name: str, values: Weights) -> str:
    constants[name] = values.astype(np.float32)
    return add_weight(model, name, constants[name])
