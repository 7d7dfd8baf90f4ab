"""Experts and gated delta nets as config.json says them, for Qwen3-MoE, Qwen3-Next and Qwen3.5."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from sotto_models.decoder.description import DecoderDescription, Experts, LayerKind, LinearAttention

ARCHITECTURES = {
    "qwen3_moe": "qwen3_moe",
    "qwen3_next": "qwen3_next",
    "qwen3_5": "qwen3_5",
    "qwen3_5_text": "qwen3_5",
    "qwen3_5_moe": "qwen3_5_moe",
    "qwen3_5_moe_text": "qwen3_5_moe",
}
"""Of `model_type`, and how a description calls them."""
WITH_EXPERTS = ("qwen3_moe", "qwen3_next", "qwen3_5_moe")
WITH_DELTA_NETS = ("qwen3_next", "qwen3_5", "qwen3_5_moe")
_LAYER_KINDS = {"full_attention": LayerKind.ATTENTION, "linear_attention": LayerKind.LINEAR_ATTENTION}
_KEPT = "model."
_INNER = "model.language_model."
_DROPPED = ("model.visual.", "mtp.")
_Size = Callable[[str, int | None], int]
"""Of a field's name and its default: its value, a whole number from 1 on."""


def rename(name: str) -> str | None:
    """A tensor's name without a wrapper of several kinds of input; None for those of images and of draft layers."""
    if name.startswith(_DROPPED):
        return None
    return _KEPT + name.removeprefix(_INNER) if name.startswith(_INNER) else name


def add_parts(description: DecoderDescription, config: dict[str, Any], size: _Size) -> DecoderDescription:
    """With experts and delta nets, if the architecture has them. Raises ValueError for those that are not known."""
    kind = description.architecture
    if kind in WITH_EXPERTS:
        description = replace(description, experts=_read_experts(config, size))
    if kind in WITH_DELTA_NETS:
        layers, sizes = _read_layers(config, size), _read_linear_attention(size)
        description = replace(description, layers=layers, linear_attention=sizes)
    return description


def _read_experts(config: dict[str, Any], size: _Size) -> Experts:
    """Raises ValueError for a model whose layers are of several kinds."""
    if config.get("mlp_only_layers") or config.get("decoder_sparse_step", 1) != 1:
        raise ValueError("layers with and without experts")
    return Experts(
        num_experts=size("num_experts", None),
        num_used=size("num_experts_per_tok", None),
        size=size("moe_intermediate_size", None),
        normalize=bool(config.get("norm_topk_prob", config["model_type"] != "qwen3_moe")),
        shared_size=0 if config["model_type"] == "qwen3_moe" else size("shared_expert_intermediate_size", None),
    )


def _read_linear_attention(size: _Size) -> LinearAttention:
    return LinearAttention(
        num_key_heads=size("linear_num_key_heads", None),
        num_value_heads=size("linear_num_value_heads", None),
        key_dim=size("linear_key_head_dim", None),
        value_dim=size("linear_value_head_dim", None),
        kernel_size=size("linear_conv_kernel_dim", 4),
    )


def _read_layers(config: dict[str, Any], size: _Size) -> tuple[LayerKind, ...]:
    """Raises ValueError for a kind of layer that is not known."""
    num_layers, interval = size("num_hidden_layers", None), size("full_attention_interval", 4)
    kinds = config.get("layer_types")
    if not isinstance(kinds, list):
        return make_layers(num_layers, interval)
    names = [str(each) for each in cast("list[object]", kinds)]
    layers = tuple(_LAYER_KINDS[name] for name in names if name in _LAYER_KINDS)
    if not len(layers) == len(names) == num_layers or LayerKind.ATTENTION not in layers:
        raise ValueError("layers of other kinds than attention and linear attention")
    return layers


def make_layers(num_layers: int, interval: int) -> tuple[LayerKind, ...]:
    """Every so many layers one has attention. Raises ValueError where none has."""
    if interval > num_layers:
        raise ValueError("no layer with attention")
    kinds = (LayerKind.LINEAR_ATTENTION, LayerKind.ATTENTION)
    return tuple(kinds[(layer + 1) % interval == 0] for layer in range(num_layers))
