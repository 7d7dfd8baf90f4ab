"""Experts and gated delta nets as a GGUF file says them. Names after the package gguf's constants.

llama.cpp's converter changes some tensors of delta nets: `ssm_a` holds -exp(A_log), and Qwen3.5's value heads stand
in another order (see LinearAttention.tiled_heads).
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sotto_models.decoder.description import DecoderDescription, Experts, LayerKind, LinearAttention
from sotto_models.weights.config_hybrid import WITH_DELTA_NETS, WITH_EXPERTS, make_layers

ARCHITECTURES = {
    "qwen3moe": "qwen3_moe",
    "qwen3next": "qwen3_next",
    "qwen35": "qwen3_5",
    "qwen35moe": "qwen3_5_moe",
}
"""Of `general.architecture`, and how a description calls them."""
_WITH_TILED_HEADS = ("qwen3_5", "qwen3_5_moe")
_INTERVAL = 4
_Size = Callable[[str, int | None], int]
"""Of a field's name, without the architecture's, and its default: its value, a whole number from 1 on."""


def add_parts(description: DecoderDescription, size: _Size) -> DecoderDescription:
    """With experts and delta nets, if the architecture has them. Raises ValueError where they do not fit together."""
    kind = description.architecture
    if kind in WITH_EXPERTS:
        shared_size = 0 if kind == "qwen3_moe" else size("expert_shared_feed_forward_length", None)
        experts = Experts(
            num_experts=size("expert_count", None),
            num_used=size("expert_used_count", None),
            size=size("expert_feed_forward_length", None),
            normalize=True,
            shared_size=shared_size,
        )
        description = replace(description, experts=experts)
    if kind in WITH_DELTA_NETS:
        num_value_heads = size("ssm.time_step_rank", None)
        sizes = LinearAttention(
            num_key_heads=size("ssm.group_count", None),
            num_value_heads=num_value_heads,
            key_dim=size("ssm.state_size", None),
            value_dim=size("ssm.inner_size", None) // num_value_heads,
            kernel_size=size("ssm.conv_kernel", None),
            tiled_heads=kind in _WITH_TILED_HEADS,
        )
        layers = make_layers(description.num_layers, size("full_attention_interval", _INTERVAL))
        description = replace(description, linear_attention=sizes, layers=layers)
    return description


def list_shapes(description: DecoderDescription) -> dict[str, tuple[int, ...]]:
    """Of weights that must be there, by their names in the file."""
    hidden, last = description.hidden_size, description.num_layers - 1
    attention = description.layers.index(LayerKind.ATTENTION) if description.layers else 0
    shapes: dict[str, tuple[int, ...]] = {
        f"blk.{attention}.attn_q.weight": (description.query_size * (1 + description.output_gate), hidden),
        f"blk.{attention}.attn_k.weight": (description.kv_size, hidden),
    }
    if description.experts is None:
        shapes["blk.0.ffn_up.weight"] = (description.intermediate_size, hidden)
        shapes[f"blk.{last}.ffn_down.weight"] = (hidden, description.intermediate_size)
    else:
        experts = description.experts
        shapes["blk.0.ffn_gate_inp.weight"] = (experts.num_experts, hidden)
        shapes[f"blk.{last}.ffn_down_exps.weight"] = (experts.num_experts, hidden, experts.size)
    if description.linear_attention is not None:
        sizes, layer = description.linear_attention, description.layers.index(LayerKind.LINEAR_ATTENTION)
        value_size = sizes.num_value_heads * sizes.value_dim
        num_channels = 2 * sizes.num_key_heads * sizes.key_dim + value_size
        shapes[f"blk.{layer}.ssm_out.weight"] = (hidden, value_size)
        shapes[f"blk.{layer}.ssm_conv1d.weight"] = (num_channels, sizes.kernel_size)
        shapes[f"blk.{layer}.ssm_a"] = (sizes.num_value_heads,)
    return shapes


def rename(name: str) -> str:
    """What the package's table calls a tensor that it does not know by its name in a checkpoint."""
    return name.replace(".linear_attn.dt_bias", ".linear_attn.dt_proj.bias")


def restore(name: str, values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The tensor as checkpoints hold it; no numbers where it cannot be."""
    if not name.endswith(".linear_attn.A_log"):
        return values
    with np.errstate(all="ignore"):
        return np.log(-values)
