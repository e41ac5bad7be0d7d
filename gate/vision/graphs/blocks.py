"""A step that keeps a matrix in the eight-bit blocks it was published in, where multiplying them so is faster."""

from __future__ import annotations

import numpy as np
from onnx import ModelProto, NodeProto, helper

from gate.vision.graphs.surgery import add_weight, attributes_of, constants_of, replace_nodes

DOMAIN = "com.microsoft"
_OFFSET = 128
"""The published weights are signed, those of the operator unsigned."""
_INT8_INPUTS = 4
"""The operator's accuracy level at which it multiplies in integers; with less it unpacks the matrix at each run."""


def keep_blocks(model: ModelProto) -> None:
    """Let a Gemm whose weights are block-quantised along their inputs multiply these very blocks (MatMulNBits).

    The weights are those of the folded float matrix, number for number; its inputs are rounded to eight bits, block by
    block. SFace's has 128 x 50176: a quarter of the memory to read at each run. Goes before ``fold-constants``.
    """
    constants = constants_of(model)
    scaled = {node.output[0]: node for node in model.graph.node if node.op_type == "DequantizeLinear"}
    nodes: list[NodeProto] = []
    for node in model.graph.node:
        blocks = scaled.get(node.input[1]) if node.op_type == "Gemm" else None
        block = attributes_of(blocks).get("block_size", 0) if blocks is not None else 0
        if blocks is None or not block or not attributes_of(node).get("transB"):
            nodes.append(node)
            continue
        quantised, scale, zero = (constants[name] for name in blocks.input)
        rows, columns = quantised.shape
        out = node.output[0]
        shifted = (quantised.astype(np.int16) + _OFFSET).astype(np.uint8)
        names = [
            add_weight(model, f"{out}_blocks", shifted.reshape(rows, columns // block, block)),
            add_weight(model, f"{out}_scales", scale.astype(np.float32)),
            add_weight(model, f"{out}_zeros", (zero.astype(np.int16) + _OFFSET).astype(np.uint8)),
        ]
        sizes = {"K": columns, "N": rows, "bits": 8, "block_size": block, "accuracy_level": _INT8_INPUTS}
        product = f"{out}_product"
        nodes += [
            helper.make_node("MatMulNBits", [node.input[0], *names], [product], domain=DOMAIN, **sizes),
            helper.make_node("Add", [product, node.input[2]], [out]),
        ]
    replace_nodes(model, nodes)
    if DOMAIN not in {each.domain for each in model.opset_import}:
        model.opset_import.append(helper.make_opsetid(DOMAIN, 1))
