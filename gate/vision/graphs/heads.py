"""A step for detectors: the small convolutions that read one tensor side by side become one."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from onnx import ModelProto, NodeProto, helper

from gate.vision.graphs.surgery import (
    Constants,
    add_weight,
    attributes_of,
    constants_of,
    drop_unread,
    replace_nodes,
)


def merge_heads(model: ModelProto) -> None:
    """Merge heads of the form Conv 1x1, depthwise Conv, Transpose, Reshape that read the same tensor, and split after.

    YuNet has four to a stride, with 1, 1, 4 and 10 channels, which no blocked layout fits; together they have 16. The
    same products and sums, in another order. Goes after ``free-sides``.
    """
    graph = model.graph
    constants = constants_of(model)
    readers: defaultdict[str, list[NodeProto]] = defaultdict(list)
    for node in graph.node:
        for name in node.input:
            readers[name].append(node)
    merged: dict[str, list[NodeProto]] = {}
    gone: set[str] = set()
    for tensor, nodes in readers.items():
        heads = [head for head in (_head(node, readers, constants) for node in nodes) if head]
        if len(heads) > 1:
            last = max(heads, key=lambda head: _place(graph.node, head[0]))
            merged[last[0].output[0]] = _merged(model, constants, tensor, heads)
            gone |= {node.output[0] for head in heads for node in head}
    nodes = []
    for node in graph.node:
        nodes += merged.get(node.output[0], [])
        if node.output[0] not in gone:
            nodes.append(node)
    replace_nodes(model, nodes)
    drop_unread(model)


def _place(nodes: list[NodeProto], sought: NodeProto) -> int:
    return next(place for place, node in enumerate(nodes) if node.output[0] == sought.output[0])


def _head(
    first: NodeProto, readers: dict[str, list[NodeProto]], constants: Constants
) -> list[NodeProto] | None:
    """Give the four nodes of the head that begins at *first*, None where none does."""
    chain = [first]
    for kind in ("Conv", "Conv", "Transpose", "Reshape"):
        if chain[-1].op_type != kind:
            return None
        following = readers.get(chain[-1].output[0], [])
        if kind != "Reshape":
            if len(following) != 1:
                return None
            chain.append(following[0])
    wide, deep = chain[:2]
    pointwise = constants[wide.input[1]].shape[2:] == (1, 1)
    depthwise = attributes_of(deep).get("group", 1) == constants[deep.input[1]].shape[0]
    return chain if pointwise and depthwise else None


def _merged(
    model: ModelProto, constants: Constants, tensor: str, heads: list[list[NodeProto]]
) -> list[NodeProto]:
    stem = heads[0][-1].output[0]
    channels = [constants[head[0].input[1]].shape[0] for head in heads]

    def joined(layer: int, part: int) -> str:
        values = np.concatenate([constants[head[layer].input[part]] for head in heads])
        return add_weight(model, f"{stem}_{layer}_{part}", values)

    wide, deep = (attributes_of(node) for node in heads[0][:2])
    deep["group"] = sum(channels)
    shape = add_weight(model, f"{stem}_shape", np.array([1, -1, sum(channels)], np.int64))
    sizes = add_weight(model, f"{stem}_sizes", np.array(channels, np.int64))
    names = [f"{stem}_merged_{step}" for step in ("wide", "deep", "rows", "flat")]
    return [
        helper.make_node("Conv", [tensor, joined(0, 1), joined(0, 2)], [names[0]], **wide),
        helper.make_node("Conv", [names[0], joined(1, 1), joined(1, 2)], [names[1]], **deep),
        helper.make_node("Transpose", [names[1]], [names[2]], perm=[0, 2, 3, 1]),
        helper.make_node("Reshape", [names[2], shape], [names[3]]),
        helper.make_node("Split", [names[3], sizes], [head[-1].output[0] for head in heads], axis=2),
    ]
