"""Products of the same rows become one, and every logit stays the same bits."""

from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="preparing models needs the `prepare` extra: onnx is missing")

from sotto_engine.cancel import CancelFlag  # noqa: E402 - after the skip
from sotto_engine.model.onnx_model import Model  # noqa: E402
from sotto_engine.model_files.export_folder import describe_model  # noqa: E402
from sotto_models.preparing.external_data import save_graph  # noqa: E402
from sotto_models.preparing.joined_product import join_products  # noqa: E402
from sotto_models.preparing.prepare import prepare_graph  # noqa: E402

SOURCE = Path(__file__).parents[1] / "exporters" / "models" / "qwen2-optimum-int4"
NUM_LAYERS = 2
SPARED_A_LAYER = 3
"""query, key and value are one product, gate and up are one"""


@pytest.fixture
def graph():
    return onnx.load(SOURCE / "model.onnx")


def products(model):
    return [node for node in model.graph.node if node.op_type == "MatMulNBits"]


def logits(path, num_tokens):
    manifest = describe_model(SOURCE)
    model = Model(path, manifest.context_length, 1, manifest.head_dim)
    token_ids = np.load(SOURCE / "reference.npz")["token_ids"].tolist()[:num_tokens]
    return model.forward(model.new_cache(), token_ids, CancelFlag(), num_logits=num_tokens)


@pytest.mark.parametrize("num_tokens", [1, 7, 48])
def test_joined_graph_gives_the_same_bits(graph, tmp_path, num_tokens):
    num_before = len(products(graph))
    assert join_products(graph) == SPARED_A_LAYER * NUM_LAYERS
    assert len(products(graph)) == num_before - SPARED_A_LAYER * NUM_LAYERS
    joined = save_graph(graph, tmp_path, inline=True)
    assert np.array_equal(logits(joined, num_tokens), logits(SOURCE / "model.onnx", num_tokens))


def test_joined_weights_are_not_kept_twice(graph):
    num_before = sum(len(tensor.raw_data) for tensor in graph.graph.initializer)
    num_joined = join_products(graph)
    num_after = sum(len(tensor.raw_data) for tensor in graph.graph.initializer)
    assert num_joined and 0 <= num_after - num_before < 200, "the sizes of the parts only"


def test_products_of_another_kind_are_left_apart(graph):
    """One computes in 8 bits, the other does not: joined, one of them would round as it did not before."""
    for node in products(graph):
        if "up_proj" in node.name:
            node.attribute.extend([onnx.helper.make_attribute("accuracy_level", 1)])
    names = [node.name for node in products(graph) if "gate_proj" in node.name or "up_proj" in node.name]
    assert len(names) == 2 * NUM_LAYERS
    join_products(graph)
    assert {node.name for node in products(graph)} >= set(names)


def test_joined_graph_is_not_joined_again(graph):
    assert join_products(graph) and not join_products(graph)


def test_joined_products_are_counted(tmp_path):
    steps = prepare_graph(SOURCE / "model.onnx", tmp_path, None).steps
    assert f"{NUM_LAYERS} products joined with others of the same rows" in steps, (
        "the attention has its three already"
    )
