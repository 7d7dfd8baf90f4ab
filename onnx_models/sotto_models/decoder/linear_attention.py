"""A layer's gated delta net (arXiv 2412.06464), which mixes rows by a recurrence with a state of a fixed size.

As in Qwen3-Next and Qwen3.5, whose checkpoints differ in how the projections are cut. A causal convolution comes
before the recurrence, a gated norm behind it. Both states go in and out of the graph.
"""

import math

import numpy as np
from numpy.typing import NDArray

from sotto_models.decoder.description import LinearAttention
from sotto_models.decoder.matrices import Building, Part
from sotto_models.preparing.graph_view import MICROSOFT

_L2_EPSILON = 1e-6
"""Added to the squared length of queries and keys."""


def add_linear_attention(building: Building, layer: int, normed: str) -> tuple[str, str]:
    """`(rows before the output projection, the projection's name)`. normed: [1, S, hidden_size]."""
    graph, sizes = building.graph, _sizes_of(building)
    source, name = f"model.layers.{layer}.linear_attn", f"layers.{layer}"
    key_size, value_size = sizes.num_key_heads * sizes.key_dim, sizes.num_value_heads * sizes.value_dim
    projected = building.linear(normed, _find_projections(building, source), f"{name}.qkvz")
    cut = [projected, graph.numbers(2 * key_size + value_size, value_size)]
    qkv, gate = graph.add_many("Split", cut, [f"{name}.qkv", f"{name}.z"], axis=-1)
    mixed = _add_convolution(building, layer, qkv, 2 * key_size + value_size)
    cut = [mixed, graph.numbers(2 * key_size, value_size)]
    query_key, value = graph.add_many("Split", cut, [f"{name}.query_key", f"{name}.value"], axis=-1)
    queries = _add_unit_heads(building, query_key, name)
    beta, decay = _add_rates(building, source, normed, name)
    past, present = graph.add_state(layer, "recurrent_state", [sizes.num_value_heads, sizes.key_dim, sizes.value_dim])
    recalled = graph.add_many(
        "LinearAttention",
        [*queries, value, past, decay, beta],
        [f"{name}.recalled", present],
        MICROSOFT,
        update_rule="gated_delta",
        q_num_heads=sizes.num_value_heads if sizes.tiled_heads else sizes.num_key_heads,
        kv_num_heads=sizes.num_value_heads,
    )[0]
    return _add_gated_norm(building, source, recalled, gate, name), f"{source}.out_proj.weight"


def _sizes_of(building: Building) -> LinearAttention:
    sizes = building.description.linear_attention
    if sizes is None:
        raise ValueError("the decoder has no sizes of linear attention")
    return sizes


def _find_projections(building: Building, source: str) -> list[Part | str]:
    """Queries, keys and values of all heads, then the gates of the output.

    Qwen3-Next keeps what belongs to a key head together: its query, its key, its values, their gates.
    """
    whole = f"{source}.in_proj_qkvz.weight"
    if whole not in building.weights:
        return [f"{source}.in_proj_qkv.weight", f"{source}.in_proj_z.weight"]
    sizes = _sizes_of(building)
    num_values = sizes.num_value_heads // sizes.num_key_heads * sizes.value_dim
    rows = _split_by_heads(sizes.num_key_heads, [sizes.key_dim, sizes.key_dim, num_values, num_values])
    return [(whole, np.concatenate(rows))]


def _split_by_heads(num_heads: int, sizes: list[int]) -> list[NDArray[np.intp]]:
    """Rows of each of the parts that stand one behind the other in every head."""
    rows = np.arange(num_heads * sum(sizes), dtype=np.intp).reshape(num_heads, -1)
    return [part.reshape(-1) for part in np.split(rows, np.cumsum(sizes)[:-1], axis=1)]


def _add_convolution(building: Building, layer: int, rows: str, num_channels: int) -> str:
    """SiLU of each channel's sum over the last rows."""
    graph, sizes = building.graph, _sizes_of(building)
    name = f"layers.{layer}.conv"
    past, present = graph.add_state(layer, "conv_state", [num_channels, sizes.kernel_size - 1])
    weight = building.weights.read(f"model.layers.{layer}.linear_attn.conv1d.weight")
    kernel = graph.constant(f"{name}.weight", weight.reshape(num_channels, 1, sizes.kernel_size))
    channels = graph.add("Transpose", [rows], f"{name}.channels", perm=[0, 2, 1])
    outputs = [f"{name}.out", present]
    graph.add_many("CausalConvWithState", [channels, kernel, "", past], outputs, MICROSOFT, activation="silu")
    return graph.add("Transpose", outputs[:1], f"{name}.rows", perm=[0, 2, 1])


def _add_unit_heads(building: Building, query_key: str, name: str) -> list[str]:
    """Queries and keys, each head of length 1."""
    graph, sizes = building.graph, _sizes_of(building)
    key_size = sizes.num_key_heads * sizes.key_dim
    # x / |x| is an RMS norm, which divides by the mean, with one weight for all.
    weight = np.full(sizes.key_dim, 1 / math.sqrt(sizes.key_dim), np.float32)
    heads = graph.add("Reshape", [query_key, graph.numbers(0, 0, -1, sizes.key_dim)], f"{name}.heads")
    units = graph.add(
        "SimplifiedLayerNormalization",
        [heads, graph.constant("unit_length", weight)],
        f"{name}.units",
        axis=-1,
        epsilon=_L2_EPSILON / sizes.key_dim,
    )
    flat = graph.add("Reshape", [units, graph.numbers(0, 0, 2 * key_size)], f"{name}.units.flat")
    names = [f"{name}.query", f"{name}.key"]
    graph.add_many("Split", [flat, graph.numbers(key_size, key_size)], names, axis=-1)
    if not sizes.tiled_heads:
        return names
    num_times = sizes.num_value_heads // sizes.num_key_heads
    return [graph.add("Concat", [each] * num_times, f"{each}.tiled", axis=-1) for each in names]


def _add_rates(building: Building, source: str, normed: str, name: str) -> tuple[str, str]:
    """How much of a value is written, and the logarithm of what is kept of the state: each [1, S, value heads].

    In float32: they are few, and what they decide adds up over all rows.
    """
    graph, weights, num_heads = building.graph, building.weights, _sizes_of(building).num_value_heads
    matrix = graph.constant(f"{name}.rates.weight", _read_rates(building, source))
    rates = graph.add("FusedMatMul", [normed, matrix], f"{name}.rates", MICROSOFT, transB=1)
    cut = [rates, graph.numbers(num_heads, num_heads)]
    written, kept = graph.add_many("Split", cut, [f"{name}.written", f"{name}.kept"], axis=-1)
    beta = graph.add("Sigmoid", [written], f"{name}.beta")
    bias = graph.constant(f"{name}.decay.bias", weights.read(f"{source}.dt_bias"))
    step = graph.add("Softplus", [graph.add("Add", [kept, bias], f"{name}.kept.moved")], f"{name}.step")
    speed = graph.constant(f"{name}.decay.speed", -np.exp(weights.read(f"{source}.A_log")))
    return beta, graph.add("Mul", [step, speed], f"{name}.decay")


def _read_rates(building: Building, source: str) -> NDArray[np.float32]:
    """The rows of beta, then those of the decay."""
    weights, sizes = building.weights, _sizes_of(building)
    if f"{source}.in_proj_ba.weight" not in weights:
        return np.concatenate([weights.read(f"{source}.in_proj_{part}.weight") for part in "ba"])
    num_values = sizes.num_value_heads // sizes.num_key_heads
    rows = _split_by_heads(sizes.num_key_heads, [num_values, num_values])
    return weights.read(f"{source}.in_proj_ba.weight")[np.concatenate(rows)]


def _add_gated_norm(building: Building, source: str, rows: str, gate: str, name: str) -> str:
    """Each head, normalized, times SiLU of its gate."""
    graph, sizes = building.graph, _sizes_of(building)
    heads = graph.add("Reshape", [rows, graph.numbers(0, 0, -1, sizes.value_dim)], f"{name}.recalled.heads")
    weight = graph.constant(f"{name}.recalled_norm", building.weights.read(f"{source}.norm.weight"))
    epsilon = building.description.norm_eps
    normed = graph.add(
        "SimplifiedLayerNormalization", [heads, weight], f"{name}.recalled.normed", axis=-1, epsilon=epsilon
    )
    value_size = sizes.num_value_heads * sizes.value_dim
    flat = graph.add("Reshape", [normed, graph.numbers(0, 0, value_size)], f"{name}.recalled.flat")
    opened = graph.add("QuickGelu", [gate], f"{name}.z.silu", MICROSOFT, alpha=1.0)
    return graph.add("Mul", [flat, opened], f"{name}.recalled.gated")
