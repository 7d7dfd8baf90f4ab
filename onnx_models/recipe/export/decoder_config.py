"""A Qwen2-style decoder, read from a Hugging Face config.json, and its weights in float32."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import load_file

from sotto_models.decoder.description import DecoderDescription

Weights: TypeAlias = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Checkpoint:
    """A decoder with its weights in memory: what `write_graph` builds a graph from."""

    description: DecoderDescription
    tensors: Weights

    def __contains__(self, name: str) -> bool:
        return name in self.tensors

    def read(self, name: str) -> NDArray[np.float32]:
        return self.tensors[name]

    def read_blocks(self, name: str) -> None:
        """Nothing is stored in blocks."""
        del name


def read_config(path: Path) -> DecoderDescription:
    """Reads config.json; raises ValueError where the graph builder would silently compute something else."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    # transformers 5 moved the rotary settings into a table; 4 kept them with the rest.
    rope = raw.get("rope_parameters") or raw.get("rope_scaling") or {}
    if rope.get("rope_type", rope.get("type", "default")) != "default":
        raise ValueError(f"{path}: rotary type {rope} is not supported, only the default one")
    if raw.get("use_sliding_window"):
        raise ValueError(f"{path}: sliding-window attention is not supported")
    if raw.get("hidden_act", "silu") != "silu":
        raise ValueError(f"{path}: activation {raw['hidden_act']!r} is not supported, only silu")
    num_heads = raw["num_attention_heads"]
    return DecoderDescription(
        hidden_size=raw["hidden_size"],
        intermediate_size=raw["intermediate_size"],
        num_layers=raw["num_hidden_layers"],
        num_heads=num_heads,
        num_kv_heads=raw.get("num_key_value_heads") or num_heads,
        head_dim=raw.get("head_dim") or raw["hidden_size"] // num_heads,
        vocab_size=raw["vocab_size"],
        max_positions=raw["max_position_embeddings"],
        rope_theta=float(rope.get("rope_theta", raw.get("rope_theta", 10_000.0))),
        norm_eps=float(raw["rms_norm_eps"]),
        tied_head=bool(raw.get("tie_word_embeddings", False)),
    )


def read_weights(path: Path) -> Weights:
    """Reads a safetensors file as float32; torch does the bfloat16, which numpy does not know."""
    return {name: tensor.float().numpy() for name, tensor in load_file(path).items()}
