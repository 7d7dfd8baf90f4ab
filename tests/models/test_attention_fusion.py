"""Attention that an exporter spelled out becomes one operator, says the same, and only where it is the same."""

from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="preparing models needs the `prepare` extra: onnx is missing")

from sotto_engine.cancel import CancelFlag  # noqa: E402 - after the skip
from sotto_engine.model.onnx_model import Model  # noqa: E402
from sotto_engine.model.probe import rows_are_exact  # noqa: E402
from sotto_engine.model_files.export_folder import describe_model  # noqa: E402
from sotto_models.preparing.attention import fuse_attention  # noqa: E402
from sotto_models.preparing.external_data import save_graph  # noqa: E402
from sotto_models.preparing.prepare import prepare_graph  # noqa: E402

EXPORTS = Path(__file__).parents[1] / "exporters" / "models"
SOURCE = EXPORTS / "qwen2-optimum-int4"
NUM_LAYERS = 2


@pytest.fixture
def graph():
    return onnx.load(SOURCE / "model.onnx")


def load(path):
    manifest = describe_model(SOURCE)
    return Model(path, manifest.context_length, 1, manifest.head_dim)


def logits(model, sizes):
    cache, parts = model.new_cache(), []
    token_ids = np.load(SOURCE / "reference.npz")["token_ids"].tolist()
    for size in sizes:
        piece = token_ids[len(cache) : len(cache) + size]
        parts.append(model.forward(cache, piece, CancelFlag(), num_logits=size))
    return np.concatenate(parts)


def nodes_of(model, op_type):
    return [node for node in model.graph.node if node.op_type == op_type]


@pytest.mark.parametrize("sizes", [[48], [20, 13, 15], [1] * 48], ids=["whole", "in pieces", "one by one"])
def test_fused_graph_computes_the_same_with_its_cache_in_place(graph, tmp_path, sizes):
    before = load(SOURCE / "model.onnx")
    assert fuse_attention(graph) == NUM_LAYERS
    after = load(save_graph(graph, tmp_path, inline=True))
    assert after.traits.writes_in_place and not before.traits.writes_in_place
    np.testing.assert_allclose(logits(after, sizes), logits(before, sizes), atol=2e-5)


def test_prepared_graphs_rows_do_not_depend_on_the_cut(tmp_path):
    prepared = prepare_graph(SOURCE / "model.onnx", tmp_path, None)
    assert "attention of 2 layers fused, its cache written in place" in prepared.steps
    assert rows_are_exact(load(prepared.graph))


def test_attention_of_the_exporter_is_gone(graph):
    num_before = len(graph.graph.node)
    fuse_attention(graph)
    assert len(graph.graph.node) < num_before / 2
    assert not any(nodes_of(graph, op) for op in ("Softmax", "Cos", "Where", "LessOrEqual"))
    assert len(nodes_of(graph, "MatMulNBits")) == NUM_LAYERS * 5 + 1, "query, key and value are one product"
    assert "position_ids" not in {value.name for value in graph.graph.input}


def test_unusual_rotation_stays_as_it_is(graph, tmp_path):
    for node in nodes_of(graph, "Neg"):
        node.op_type = "Abs"
    before = load(save_graph(graph, tmp_path / "before", inline=True))
    assert fuse_attention(graph) == NUM_LAYERS and len(nodes_of(graph, "Abs")) == 2 * NUM_LAYERS
    after = load(save_graph(graph, tmp_path / "after", inline=True))
    np.testing.assert_allclose(logits(after, [20, 28]), logits(before, [20, 28]), atol=2e-5)


def look_through_a_window(model):
    """Each token sees only the last 64: what a key's position and a query's are compared with is moved."""
    node = nodes_of(model, "LessOrEqual")[0]
    key, query = node.input
    width = onnx.numpy_helper.from_array(np.array(64, np.int64), "window")
    model.graph.initializer.append(width)
    causal, node.output[0] = node.output[0], "causal"
    position = list(model.graph.node).index(node) + 1
    for made in (
        onnx.helper.make_node("And", ["causal", "near"], [causal]),
        onnx.helper.make_node("Less", [query, "edge"], ["near"]),
        onnx.helper.make_node("Add", [key, "window"], ["edge"]),
    ):
        model.graph.node.insert(position, made)


def look_at_earlier_tokens_only(model):
    nodes_of(model, "LessOrEqual")[0].op_type = "Less"


def read_a_cache_elsewhere(model):
    """The number of past tokens comes from a cache's length, which is a buffer's once it is written in place."""
    model.graph.node.append(onnx.helper.make_node("Shape", ["past_key_values.0.key"], ["past_shape"]))
    model.graph.output.append(onnx.helper.make_tensor_value_info("past_shape", onnx.TensorProto.INT64, [4]))


def soften_the_softmax(model):
    node = nodes_of(model, "Softmax")[0]
    model.graph.node.insert(
        list(model.graph.node).index(node), onnx.helper.make_node("Tanh", [node.input[0]], ["capped"])
    )
    node.input[0] = "capped"


@pytest.mark.parametrize(
    "change", [look_through_a_window, look_at_earlier_tokens_only, read_a_cache_elsewhere, soften_the_softmax]
)
def test_graph_that_computes_something_else_stays_as_it_is(graph, change):
    change(graph)
    before = graph.SerializeToString()
    assert fuse_attention(graph) == 0
    assert graph.SerializeToString() == before


@pytest.mark.parametrize("name", ["qwen2-genai-int4", "qwen3_next-mobius-int4", "qwen3_5_moe-genai-int4"])
def test_attention_operators_of_a_graph_are_kept(name):
    model = onnx.load(EXPORTS / name / "model.onnx", load_external_data=False)
    assert fuse_attention(model) == 0
