"""The decoder to train: Qwen2's architecture in plain PyTorch, with the parameter names its checkpoints have."""

import json
import math
import re
from collections import defaultdict
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn

from recipe.train.head_loss import compile_head_loss, head_loss
from sotto_models.decoder.description import DecoderDescription

_INIT_STD = 0.02
_BLOCK = 128
_LAYER_NAME = re.compile(r"layers\.(\d+)\.(.+)")


class Attention(nn.Module):
    def __init__(self, config: DecoderDescription) -> None:
        super().__init__()
        self.config = config
        self.q_proj = nn.Linear(config.hidden_size, config.query_size)
        self.k_proj = nn.Linear(config.hidden_size, config.kv_size)
        self.v_proj = nn.Linear(config.hidden_size, config.kv_size)
        self.o_proj = nn.Linear(config.query_size, config.hidden_size, bias=False)

    def forward(self, hidden: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        shape = (*hidden.shape[:2], -1, self.config.head_dim)
        query, key, value = (
            project(hidden).view(shape).transpose(1, 2) for project in (self.q_proj, self.k_proj, self.v_proj)
        )
        query, key = _rotate(query, cos, sin), _rotate(key, cos, sin)
        group = self.config.num_heads // self.config.num_kv_heads
        # Repeated by hand: on the CPU `enable_gqa` leaves the fused kernel.
        key, value = key.repeat_interleave(group, 1), value.repeat_interleave(group, 1)
        attend = _attend_in_blocks if hidden.device.type == "cpu" else _attend
        mixed = attend(query.to(value.dtype), key.to(value.dtype), value)
        return self.o_proj(mixed.transpose(1, 2).flatten(2))


class MLP(nn.Module):
    def __init__(self, config: DecoderDescription) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.up_proj = nn.Linear(config.hidden_size, config.intermediate_size, bias=False)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)

    def forward(self, hidden: Tensor) -> Tensor:
        return self.down_proj(F.silu(self.gate_proj(hidden)) * self.up_proj(hidden))


class Norm(nn.Module):
    def __init__(self, config: DecoderDescription) -> None:
        super().__init__()
        self.eps = config.norm_eps
        self.weight = nn.Parameter(torch.ones(config.hidden_size))

    def forward(self, hidden: Tensor) -> Tensor:
        return F.rms_norm(hidden, self.weight.shape, self.weight.to(hidden.dtype), self.eps)


class Layer(nn.Module):
    def __init__(self, config: DecoderDescription) -> None:
        super().__init__()
        self.self_attn = Attention(config)
        self.mlp = MLP(config)
        self.input_layernorm = Norm(config)
        self.post_attention_layernorm = Norm(config)

    def forward(self, hidden: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        hidden = hidden + self.self_attn(self.input_layernorm(hidden), cos, sin)
        return hidden + self.mlp(self.post_attention_layernorm(hidden))


class Decoder(nn.Module):
    """Token ids to hidden states; the head is the embedding."""

    def __init__(self, config: DecoderDescription) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.num_layers))
        self.norm = Norm(config)
        exponents = torch.arange(0, config.head_dim, 2) / config.head_dim
        angles = torch.outer(torch.arange(config.max_positions).float(), config.rope_theta**-exponents)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)
        self._init_weights()

    def forward(self, token_ids: Tensor, targets: Tensor) -> Tensor:
        """The mean next-token loss of int64 `[batch, length]` ids, in nats a token; targets of -1 do not count."""
        hidden = self.embed_tokens(token_ids).to(torch.bfloat16)
        length = token_ids.shape[1]
        cos, sin = self.cos[:length].to(hidden.dtype), self.sin[:length].to(hidden.dtype)
        for layer in self.layers:
            hidden = layer(hidden, cos, sin)
        return head_loss(self.norm(hidden), self.embed_tokens.weight, targets)

    def compile_parts(self) -> None:
        """Compile one layer, which serves for all, and the loss: a graph of the whole takes minutes."""
        for layer in self.layers:
            layer.compile()
        compile_head_loss()

    def _init_weights(self) -> None:
        """Normal, those that write to the residual stream smaller by its depth (GPT-2)."""
        residual = 1 / math.sqrt(2 * self.config.num_layers)
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                scale = residual if name.endswith(("o_proj.weight", "down_proj.weight")) else 1.0
                nn.init.normal_(parameter, std=_INIT_STD * scale)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)


def stack_layers(weights: dict[str, Tensor], num_layers: int) -> dict[str, Tensor]:
    """A shallow model's weights as a deeper one's: its layers over and over (G_stack, Du et al., 2024)."""
    layers, rest = defaultdict[int, dict[str, Tensor]](dict), dict[str, Tensor]()
    for name, tensor in weights.items():
        match = _LAYER_NAME.fullmatch(name)
        if match:
            layers[int(match[1])][match[2]] = tensor
        else:
            rest[name] = tensor
    for layer in range(num_layers):
        for name, tensor in layers[layer % len(layers)].items():
            rest[f"layers.{layer}.{name}"] = tensor
    return rest


def save_checkpoint(model: Decoder, folder: Path) -> None:
    """`config.json` and `model.safetensors` (bfloat16) as every other engine reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"model.{name}": tensor.to(torch.bfloat16) for name, tensor in model.state_dict().items()}
    save_file(tensors, folder / "model.safetensors")
    config = model.config
    (folder / "config.json").write_text(
        json.dumps(
            {
                "architectures": ["Qwen2ForCausalLM"],
                "model_type": "qwen2",
                "hidden_size": config.hidden_size,
                "intermediate_size": config.intermediate_size,
                "num_hidden_layers": config.num_layers,
                "num_attention_heads": config.num_heads,
                "num_key_value_heads": config.num_kv_heads,
                "vocab_size": config.vocab_size,
                "max_position_embeddings": config.max_positions,
                "rope_theta": config.rope_theta,
                "rms_norm_eps": config.norm_eps,
                "tie_word_embeddings": True,
                "hidden_act": "silu",
            },
            indent=1,
        )
    )


def _attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Causal attention over `[batch, heads, length, head_dim]`."""
    return F.scaled_dot_product_attention(query, key, value, is_causal=True)


def _attend_in_blocks(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """The same, a block of queries at a time and only the keys before it.

    Compiled, and with its backward pass, faster on the CPU than PyTorch's fused kernel.
    """
    scale = query.shape[-1] ** -0.5
    mixed: list[Tensor] = []
    for start in range(0, query.shape[2], _BLOCK):
        rows = query[:, :, start : start + _BLOCK]
        end = start + rows.shape[2]
        scores = (rows @ key[:, :, :end].transpose(-1, -2)).float() * scale
        hidden_keys = torch.full(scores.shape[-2:], float("-inf"), device=scores.device).triu(start + 1)
        mixed.append((scores + hidden_keys).softmax(-1).to(value.dtype) @ value[:, :, :end])
    return torch.cat(mixed, dim=2)


def _rotate(heads: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = heads.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)
