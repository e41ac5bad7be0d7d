"""Each rewrite leaves the function as it was: small graphs, before and after, on the same input."""

from __future__ import annotations

import math

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from gate.vision import graphs

RNG = np.random.default_rng(7)


def model_of(nodes, inputs, outputs, weights, *, weights_as_inputs=()):
    def value(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    graph = helper.make_graph(
        nodes,
        "small",
        [value(*each) for each in inputs] + [value(name, weights[name].shape) for name in weights_as_inputs],
        [value(*each) for each in outputs],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    return helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 21)])


def run(model, **inputs):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session.run(None, inputs)


def rewritten(model, *steps):
    return onnx.load_model_from_string(graphs.rewrite(model.SerializeToString(), steps))


@pytest.mark.parametrize(
    ("scale_shape", "attributes"),
    [((), {}), ((4,), {"axis": 0}), ((4, 2), {"axis": 1, "block_size": 3})],
    ids=["per tensor", "per axis", "per block"],
)
def test_folding_gives_the_weights_that_the_runtime_would_compute(scale_shape, attributes):
    weights = {
        "q": RNG.integers(-128, 127, (4, 6)).astype(np.int8),
        "scale": RNG.random(scale_shape, np.float32) if scale_shape else np.float32(0.25).reshape(()),
        "zero": RNG.integers(-9, 9, scale_shape).astype(np.int8),
        "shape": np.array([2, 12], np.int64),
    }
    nodes = [
        helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["w"], **attributes),
        helper.make_node("Reshape", ["w", "shape"], ["w2"]),
        helper.make_node("Add", ["x", "w2"], ["y"]),
    ]
    model = model_of(nodes, [("x", (2, 12))], [("y", (2, 12))], weights)
    folded = rewritten(model, "fold-constants")
    x = RNG.random((2, 12), np.float32)
    assert [node.op_type for node in folded.graph.node] == ["Add"]
    assert [each.name for each in folded.graph.initializer] == ["w2"]
    np.testing.assert_array_equal(run(folded, x=x)[0], run(model, x=x)[0])


def test_a_per_tensor_scale_with_a_stray_block_size_is_folded_too():
    weights = {
        "q": np.array([2, 4, 6], np.int8),
        "scale": np.array([0.5], np.float32),
        "zero": np.array([2], np.int8),
    }
    nodes = [
        helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["w"], axis=0, block_size=64),
        helper.make_node("Add", ["x", "w"], ["y"]),
    ]
    folded = rewritten(model_of(nodes, [("x", (3,))], [("y", (3,))], weights), "fold-constants")
    assert run(folded, x=np.zeros(3, np.float32))[0].tolist() == [0, 1, 2]


def test_tidying_leaves_only_true_inputs():
    weights = {"w": np.ones(3, np.float32), "unread": np.ones(3, np.float32)}
    node = helper.make_node("Add", ["x", "w"], ["y"])
    model = model_of([node], [("x", (3,))], [("y", (3,))], weights, weights_as_inputs=["w", "unread"])
    model.graph.value_info.append(helper.make_tensor_value_info("stale", TensorProto.FLOAT, (9,)))
    tidied = rewritten(model, "tidy")
    assert [each.name for each in tidied.graph.input] == ["x"]
    assert not tidied.graph.value_info


def test_prelu_becomes_batch_norms_that_give_the_same_values():
    weights = {"slope": RNG.normal(size=(5, 1, 1)).astype(np.float32)}
    node = helper.make_node("PRelu", ["x", "slope"], ["y"])
    model = model_of([node], [("x", (1, 5, 4, 4))], [("y", (1, 5, 4, 4))], weights)
    changed = rewritten(model, "rewrite-prelu")
    x = RNG.normal(size=(1, 5, 4, 4)).astype(np.float32)
    assert "PRelu" not in {each.op_type for each in changed.graph.node}
    assert "slope" not in {each.name for each in changed.graph.initializer}
    np.testing.assert_allclose(run(changed, x=x)[0], run(model, x=x)[0], rtol=1e-6, atol=1e-6)


def test_free_sides_let_other_sizes_through():
    weights = {"shape": np.array([1, 16, 2], np.int64)}
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], perm=[0, 2, 3, 1]),
        helper.make_node("Reshape", ["t", "shape"], ["r"]),
        helper.make_node("Sigmoid", ["r"], ["y"]),
    ]
    freed = rewritten(model_of(nodes, [("x", (1, 2, 4, 4))], [("y", (1, 16, 2))], weights), "free-sides")
    x = RNG.normal(size=(1, 2, 3, 8)).astype(np.float32)
    expected = 1 / (1 + np.exp(-x.transpose(0, 2, 3, 1).reshape(1, 24, 2)))
    np.testing.assert_allclose(run(freed, x=x)[0], expected, rtol=1e-5)


def test_the_same_source_gives_the_same_bytes():
    weights = {"slope": np.ones((2, 1, 1), np.float32)}
    node = helper.make_node("PRelu", ["x", "slope"], ["y"])
    source = model_of([node], [("x", (1, 2, 2, 2))], [("y", (1, 2, 2, 2))], weights).SerializeToString()
    steps = ("fold-constants", "rewrite-prelu", "tidy")
    assert graphs.rewrite(source, steps) == graphs.rewrite(source, steps)


def test_a_graph_that_is_not_whole_is_not_written():
    model = model_of([helper.make_node("Add", ["x", "gone"], ["y"])], [("x", (3,))], [("y", (3,))], {})
    with pytest.raises(onnx.checker.ValidationError):
        rewritten(model, "tidy")


def test_a_norm_after_a_convolution_goes_into_its_weights():
    weights = norm_weights(3) | {"w": RNG.normal(size=(3, 2, 3, 3)).astype(np.float32)}
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node(
            "BatchNormalization", ["c", "gamma", "beta", "mean", "variance"], ["y"], epsilon=1e-3
        ),
    ]
    check_same(nodes, weights, "fold-norms", kinds={"Conv"})


def test_a_norm_whose_convolution_is_read_elsewhere_stays():
    weights = norm_weights(3) | {"w": RNG.normal(size=(3, 2, 3, 3)).astype(np.float32)}
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("BatchNormalization", ["c", "gamma", "beta", "mean", "variance"], ["n"]),
        helper.make_node("Add", ["c", "n"], ["y"]),
    ]
    check_same(nodes, weights, "fold-norms", kinds={"Conv", "BatchNormalization", "Add"})


def test_a_scale_before_a_convolution_goes_into_its_weights():
    weights = {"w": RNG.normal(size=(3, 2, 3, 3)).astype(np.float32), "s": np.float32([0.25])}
    nodes = [
        helper.make_node("Mul", ["x", "s"], ["m"]),
        helper.make_node("Conv", ["m", "w"], ["y"], pads=[1, 1, 1, 1]),
    ]
    check_same(nodes, weights, "fold-norms", kinds={"Conv"})


@pytest.mark.parametrize("slopes", [[0.1, 0.5, -0.3], [0.999, 0.0, 0.25]])
def test_prelu_after_a_convolution_needs_one_norm_where_its_slopes_are_below_one(slopes):
    nodes, weights = prelu_of(slopes)
    check_same(nodes, weights, "scale-prelu", kinds={"Conv", "Relu", "BatchNormalization", "Add"})


@pytest.mark.parametrize("slopes", [[0.1, 1.0, 0.3], [0.1, 1.2, 0.3], [0.1, math.nan, 0.3]])
def test_prelu_with_a_slope_of_one_or_more_is_left_for_the_other_rewrite(slopes):
    nodes, weights = prelu_of(slopes)
    changed = rewritten(small(nodes, weights), "scale-prelu")
    assert [node.op_type for node in changed.graph.node] == ["Conv", "PRelu"]


def test_two_convolutions_that_share_a_weight_are_scaled_apart():
    nodes, weights = prelu_of([0.1, 0.5, -0.3])
    nodes += [
        helper.make_node("Conv", ["x", "w"], ["c2"], pads=[1, 1, 1, 1]),
        helper.make_node("Add", ["y", "c2"], ["z"]),
    ]
    model = small(nodes, weights, out="z")
    np.testing.assert_allclose(
        run(rewritten(model, "scale-prelu"), x=SEEN)[0], run(model, x=SEEN)[0], rtol=1e-5, atol=1e-5
    )


def test_kept_blocks_multiply_as_the_folded_matrix_does():
    weights = {
        "q": RNG.integers(-128, 127, (4, 64)).astype(np.int8),
        "scale": RNG.random((4, 2), np.float32),
        "zero": RNG.integers(-9, 9, (4, 2)).astype(np.int8),
        "bias": RNG.random(4, np.float32),
    }
    nodes = [
        helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["w"], axis=1, block_size=32),
        helper.make_node("Gemm", ["x", "w", "bias"], ["y"], transB=1),
    ]
    model = model_of(nodes, [("x", (1, 64))], [("y", (1, 4))], weights)
    kept = rewritten(model, "keep-blocks", "fold-constants", "tidy")
    assert [node.op_type for node in kept.graph.node] == ["MatMulNBits", "Add"]
    assert kept.ByteSize() < rewritten(model, "fold-constants", "tidy").ByteSize()
    x = RNG.normal(size=(1, 64)).astype(np.float32)
    ours, theirs = run(kept, x=x)[0][0], run(model, x=x)[0][0]
    assert np.linalg.norm(ours - theirs) < 0.01 * np.linalg.norm(theirs)  # its input is rounded to eight bits


def test_heads_that_read_one_tensor_become_one_and_are_split_after():
    nodes, weights = [], {"shape1": np.array([1, -1, 1], np.int64), "shape4": np.array([1, -1, 4], np.int64)}
    for name, channels in (("cls", 1), ("bbox", 4)):
        weights |= {
            f"{name}_w": RNG.normal(size=(channels, 2, 1, 1)).astype(np.float32),
            f"{name}_d": RNG.normal(size=(channels, 1, 3, 3)).astype(np.float32),
            f"{name}_b": RNG.normal(size=channels).astype(np.float32),
        }
        nodes += [
            helper.make_node("Conv", ["x", f"{name}_w", f"{name}_b"], [f"{name}1"]),
            helper.make_node(
                "Conv",
                [f"{name}1", f"{name}_d", f"{name}_b"],
                [f"{name}2"],
                group=channels,
                pads=[1, 1, 1, 1],
            ),
            helper.make_node("Transpose", [f"{name}2"], [f"{name}3"], perm=[0, 2, 3, 1]),
            helper.make_node("Reshape", [f"{name}3", f"shape{channels}"], [name]),
        ]
    model = model_of(nodes, [("x", (1, 2, 5, 5))], [("cls", (1, 25, 1)), ("bbox", (1, 25, 4))], weights)
    merged = rewritten(model, "merge-heads")
    kinds = [node.op_type for node in merged.graph.node]
    assert kinds == ["Conv", "Conv", "Transpose", "Reshape", "Split"]
    for ours, theirs in zip(run(merged, x=SEEN), run(model, x=SEEN), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


SEEN = RNG.normal(size=(1, 2, 5, 5)).astype(np.float32)


def norm_weights(channels):
    names = ("gamma", "beta", "mean", "variance")
    return {name: RNG.random(channels, np.float32) + np.float32(0.1) for name in names}


def prelu_of(slopes):
    weights = {
        "w": RNG.normal(size=(3, 2, 3, 3)).astype(np.float32),
        "b": RNG.normal(size=3).astype(np.float32),
        "slope": np.array(slopes, np.float32).reshape(3, 1, 1),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("PRelu", ["c", "slope"], ["y"]),
    ]
    return nodes, weights


def small(nodes, weights, *, out="y"):
    return model_of(nodes, [("x", (1, 2, 5, 5))], [(out, (1, 3, 5, 5))], weights)


def check_same(nodes, weights, step, *, kinds):
    model = small(nodes, weights)
    changed = rewritten(model, step)
    assert {node.op_type for node in changed.graph.node} == kinds
    np.testing.assert_allclose(run(changed, x=SEEN)[0], run(model, x=SEEN)[0], rtol=1e-5, atol=1e-5)
