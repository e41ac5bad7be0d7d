"""What every rewrite of a network needs: its constants by name, its nodes replaced, its unread weights dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, helper, numpy_helper

Weights = NDArray[Any]
Constants = dict[str, Weights]


def constants_of(model: ModelProto) -> Constants:
    """Give every weight of the graph by its name."""
    return {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}


def attributes_of(node: NodeProto) -> dict[str, Any]:
    """Give a node's attributes as Python values."""
    return {each.name: helper.get_attribute_value(each) for each in node.attribute}


def readers_of(model: ModelProto) -> Counter[str]:
    """Count how many inputs of nodes, and outputs of the graph, read each value."""
    graph = model.graph
    return Counter(
        [name for node in graph.node for name in node.input] + [each.name for each in graph.output]
    )


def add_weight(model: ModelProto, name: str, values: Weights) -> str:
    """Add one weight and give its name back."""
    model.graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
    return name


def replace_nodes(model: ModelProto, nodes: Iterable[NodeProto]) -> None:
    """Let *nodes* be the graph's, in that order."""
    copies = [NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del model.graph.node[:]
    model.graph.node.extend(copies)


def drop_unread(model: ModelProto) -> None:
    """Drop the weights that no node reads."""
    read = {name for node in model.graph.node for name in node.input}
    kept = [each for each in model.graph.initializer if each.name in read]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
