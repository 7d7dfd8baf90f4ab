"""The same decoder in plain PyTorch float32, without a cache: what an export is compared with."""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from recipe.export.decoder_config import Weights
from sotto_models.decoder.description import DecoderDescription


@torch.inference_mode()
def reference_logits(config: DecoderDescription, weights: Weights, input_ids: list[int]) -> NDArray[np.float32]:
    """Logits [tokens, vocab] of one sequence."""
    tensors = {name: torch.from_numpy(array) for name, array in weights.items()}
    embedding = tensors["model.embed_tokens.weight"]
    hidden = embedding[torch.tensor(input_ids)]
    cos, sin = _rotary(config, len(input_ids))
    for layer in range(config.num_layers):
        prefix = f"model.layers.{layer}"
        normed = _rms_norm(hidden, tensors[f"{prefix}.input_layernorm.weight"], config)
        hidden = hidden + _attention(config, tensors, f"{prefix}.self_attn", normed, cos, sin)
        normed = _rms_norm(hidden, tensors[f"{prefix}.post_attention_layernorm.weight"], config)
        gate = F.silu(F.linear(normed, tensors[f"{prefix}.mlp.gate_proj.weight"]))
        up = F.linear(normed, tensors[f"{prefix}.mlp.up_proj.weight"])
        hidden = hidden + F.linear(gate * up, tensors[f"{prefix}.mlp.down_proj.weight"])
    head = embedding if config.tied_head else tensors["lm_head.weight"]
    return F.linear(_rms_norm(hidden, tensors["model.norm.weight"], config), head).numpy()


def _rms_norm(hidden: torch.Tensor, weight: torch.Tensor, config: DecoderDescription) -> torch.Tensor:
    return F.rms_norm(hidden, (config.hidden_size,), weight, config.norm_eps)


def _rotary(config: DecoderDescription, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """cos and sin [tokens, head_dim / 2]."""
    exponents = torch.arange(0, config.head_dim, 2, dtype=torch.float64) / config.head_dim
    angles = torch.outer(torch.arange(length, dtype=torch.float64), config.rope_theta**-exponents)
    return angles.cos().float(), angles.sin().float()


def _rotate(heads: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    first, second = heads.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


def _attention(
    config: DecoderDescription,
    tensors: dict[str, torch.Tensor],
    prefix: str,
    normed: torch.Tensor,
    cos: torch.Tensor,
    sin: torch.Tensor,
) -> torch.Tensor:
    def project(part: str) -> torch.Tensor:
        bias = tensors.get(f"{prefix}.{part}_proj.bias")
        rows = F.linear(normed, tensors[f"{prefix}.{part}_proj.weight"], bias)
        return rows.view(len(rows), -1, config.head_dim).transpose(0, 1)

    query, key, value = _rotate(project("q"), cos, sin), _rotate(project("k"), cos, sin), project("v")
    group = config.num_heads // config.num_kv_heads
    key, value = key.repeat_interleave(group, dim=0), value.repeat_interleave(group, dim=0)
    mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)
    return F.linear(mixed.transpose(0, 1).flatten(1), tensors[f"{prefix}.o_proj.weight"])
