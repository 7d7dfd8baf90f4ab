"""Builds the ONNX graph of a decoder, in the operators that onnxruntime fuses to, and writes it tensor by tensor.

Inputs   input_ids int64 [1, S]; attention_mask int64 [1, past + S], all ones; num_logits int64 [1];
         past_key_values.{i}.key|value float32 [1, kv_heads, past, head_dim], or states of fixed shapes
Outputs  logits float32 [1, num_logits, vocab]; present.{i}.*
"""

from pathlib import Path

import numpy as np
from onnx import TensorProto

from sotto_models.decoder.attention import add_attention
from sotto_models.decoder.description import DecoderDescription, LayerKind
from sotto_models.decoder.embedding import add_embedding, add_head
from sotto_models.decoder.experts import add_experts
from sotto_models.decoder.graph import Graph
from sotto_models.decoder.linear_attention import add_linear_attention
from sotto_models.decoder.matrices import Building, Weights
from sotto_models.decoder.mlp import add_mlp
from sotto_models.decoder.norms import add_norm, add_sum_and_norm
from sotto_models.decoder.rotary import add_rotary_tables
from sotto_models.quantizing.scheme import Scheme


def write_graph(weights: Weights, scheme: Scheme, folder: Path, *, inline: bool = False) -> Path:
    """Write model.onnx and, unless `inline`, model.onnx.data into the folder; the graph's path.

    One tensor is in memory at a time, as float32 and as it is stored. `description.max_positions` says how far the
    rotary table goes. Raises ValueError for what cannot be built.
    """
    with Graph(folder, inline=inline) as graph:
        _build(Building(graph, weights, scheme))
        return graph.save()


def _build(building: Building) -> None:
    graph, description = building.graph, building.description
    first_row = _add_inputs(graph, description)
    add_rotary_tables(graph, description)
    hidden = add_embedding(building)
    normed = add_norm(building, hidden, "model.layers.0.input_layernorm", "layers.0.input_norm", "layers.0.normed")
    for layer in range(description.num_layers):
        mixed, projection = _mix_rows(building, layer, normed)
        if layer == description.num_layers - 1:
            # After the last attention a row feeds nothing but its own logits: rows without logits are dropped
            # here rather than before the head, which saves a prefill slice most of a layer.
            mixed, hidden = (_add_last_rows(graph, rows, first_row) for rows in (mixed, hidden))
        output = building.linear(mixed, [projection], f"layers.{layer}.o")
        source = f"model.layers.{layer}"
        normed, hidden = add_sum_and_norm(
            building, output, hidden, f"{source}.post_attention_layernorm", f"layers.{layer}.mlp"
        )
        output = _add_feed_forward(building, layer, normed)
        following = f"model.layers.{layer + 1}.input_layernorm"
        norm = following if layer + 1 < description.num_layers else "model.norm"
        normed, hidden = add_sum_and_norm(building, output, hidden, norm, f"layers.{layer + 1}.input")
    add_head(building, normed)
    graph.add_output("logits", TensorProto.FLOAT, [1, "num_logits", description.vocab_size])


def _mix_rows(building: Building, layer: int, normed: str) -> tuple[str, str]:
    """What lets a layer's rows know of the ones before: `(rows, the name of the projection that follows)`."""
    layers = building.description.layers
    if layers and layers[layer] is LayerKind.LINEAR_ATTENTION:
        return add_linear_attention(building, layer, normed)
    return add_attention(building, layer, normed)


def _add_feed_forward(building: Building, layer: int, normed: str) -> str:
    if building.description.experts is not None:
        return add_experts(building, layer, normed)
    return add_mlp(building, layer, normed)


def _add_inputs(graph: Graph, description: DecoderDescription) -> str:
    """seqlens_k and total_length for attention; returns the name of the first row whose logits are wanted."""
    graph.add_input("input_ids", TensorProto.INT64, [1, "num_rows"])
    graph.add_input("attention_mask", TensorProto.INT64, [1, "total_length"])
    graph.add_input("num_logits", TensorProto.INT64, [1])
    one = graph.constant("one", np.array([1], np.int64))
    ones = graph.add("ReduceSum", ["attention_mask", one], "num_ones", keepdims=0)
    graph.add("Cast", [graph.add("Sub", [ones, one], "last_position")], "seqlens_k", to=TensorProto.INT32)
    length = graph.add("Shape", ["attention_mask"], "mask_length", start=1, end=2)
    scalar = graph.add("Squeeze", [length], "mask_length_scalar")
    graph.add("Cast", [scalar], "total_length", to=TensorProto.INT32)
    num_rows = graph.add("Shape", ["input_ids"], "num_rows", start=1, end=2)
    return graph.add("Sub", [num_rows, "num_logits"], "first_logits_row")


def _add_last_rows(graph: Graph, rows: str, first_row: str) -> str:
    end = graph.numbers(np.iinfo(np.int64).max)
    return graph.add("Slice", [rows, first_row, end, graph.numbers(1)], f"{rows}.last")
