"""A layer's attention: GroupQueryAttention, which writes the cache in place."""

import numpy as np
from numpy.typing import NDArray

from sotto_models.decoder.matrices import WHOLE, Building, Part
from sotto_models.preparing.graph_view import MICROSOFT


def add_attention(building: Building, layer: int, normed: str) -> tuple[str, str]:
    """`(rows before the output projection, the projection's name)`."""
    graph, description = building.graph, building.description
    source, name = f"model.layers.{layer}.self_attn", f"layers.{layer}"
    queries, gates = _split_heads(building)
    parts: list[Part | str] = [
        (f"{source}.q_proj.weight", queries),
        f"{source}.k_proj.weight",
        f"{source}.v_proj.weight",
    ]
    if gates is not None:
        parts.append((f"{source}.q_proj.weight", gates))
    packed = building.linear(normed, parts, f"{name}.qkv")
    gate = ""
    if description.query_key_norm or gates is not None:
        sizes = [description.query_size, description.kv_size, description.kv_size]
        sizes += [description.query_size] if gates is not None else []
        names = [f"{name}.{each}" for each in ("query", "key", "value", "output_gate")[: len(sizes)]]
        query, key, value, *rest = graph.add_many("Split", [packed, graph.numbers(*sizes)], names, axis=-1)
        gate = rest[0] if rest else ""
        if description.query_key_norm:
            query = _add_head_norm(building, query, f"{source}.q_norm.weight", description.num_heads)
            key = _add_head_norm(building, key, f"{source}.k_norm.weight", description.num_kv_heads)
        inputs = [query, key, value]
    else:
        inputs = [packed, "", ""]
    caches = [
        graph.add_rows_cache(layer, kind, description.num_kv_heads, description.head_dim) for kind in ("key", "value")
    ]
    optional = {"scale": description.attention_scale, "local_window_size": description.sliding_window}
    attended = graph.add_many(
        "GroupQueryAttention",
        [*inputs, *(past for past, _ in caches), "seqlens_k", "total_length", "cos_cache", "sin_cache"],
        [f"{name}.attended", *(present for _, present in caches)],
        MICROSOFT,
        num_heads=description.num_heads,
        kv_num_heads=description.num_kv_heads,
        do_rotary=1,
        rotary_interleaved=int(description.interleaved_rotary),
        **{key: value for key, value in optional.items() if value},
    )[0]
    if gate:
        opened = graph.add("Sigmoid", [gate], f"{name}.opened")
        attended = graph.add("Mul", [attended, opened], f"{name}.gated")
    return attended, f"{source}.o_proj.weight"


def _split_heads(building: Building) -> tuple[NDArray[np.intp] | slice, NDArray[np.intp] | None]:
    """Rows of the query projection: queries, and gates; with gates each head's queries stand before its gates."""
    description = building.description
    if not description.output_gate:
        return WHOLE, None
    rows = np.arange(2 * description.query_size).reshape(description.num_heads, 2, description.head_dim)
    return rows[:, 0].reshape(-1), rows[:, 1].reshape(-1)


def _add_head_norm(building: Building, rows: str, weight: str, num_heads: int) -> str:
    """Each head's part of the rows, normalized."""
    graph, description = building.graph, building.description
    heads = graph.add("Reshape", [rows, graph.numbers(0, 0, num_heads, description.head_dim)], f"{rows}.heads")
    normed = graph.add(
        "SimplifiedLayerNormalization",
        [heads, building.norm_weight(weight, f"{rows}_norm")],
        f"{rows}.normed",
        axis=-1,
        epsilon=description.norm_eps,
    )
    return graph.add("Reshape", [normed, graph.numbers(0, 0, num_heads * description.head_dim)], f"{rows}.flat")
