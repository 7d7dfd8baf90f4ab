"""What a decoder's graph is built from: sizes and kinds of its parts, whatever file they were read from."""

from dataclasses import dataclass
from enum import Enum


class Norm(Enum):
    """How rows are normalized."""

    RMS = "rms"
    LAYER = "layer"  # with a bias: StarCoder2


class LayerKind(Enum):
    """What mixes the rows of a layer."""

    ATTENTION = "attention"
    LINEAR_ATTENTION = "linear attention"  # the gated delta net of Qwen3-Next and Qwen3.5


@dataclass(frozen=True)
class RopeScaling:
    """How rotary frequencies are stretched for long contexts. kind: `linear`, `llama3` or `yarn`."""

    kind: str
    factor: float
    original_positions: int = 0
    low_freq_factor: float = 1.0
    high_freq_factor: float = 4.0


@dataclass(frozen=True)
class Experts:
    """A mixture of experts in place of the MLP.

    shared_size: width of the expert that every row goes through; 0: none.
    """

    num_experts: int
    num_used: int
    size: int
    normalize: bool
    shared_size: int = 0


@dataclass(frozen=True)
class LinearAttention:
    """Sizes of a gated delta net's layers."""

    num_key_heads: int
    num_value_heads: int
    key_dim: int
    value_dim: int
    kernel_size: int
    tiled_heads: bool = False
    """Value heads of one key head stand num_key_heads apart (GGUF files of Qwen3.5), not side by side."""


@dataclass(frozen=True)
class DecoderDescription:
    """A decoder. Its weights have the names of Hugging Face's checkpoints of the same architecture."""

    hidden_size: int
    intermediate_size: int
    num_layers: int
    num_heads: int
    num_kv_heads: int
    head_dim: int
    vocab_size: int
    max_positions: int
    rope_theta: float
    norm_eps: float
    tied_head: bool
    architecture: str = "qwen2"
    """As `model_type` of config.json: qwen2, qwen3, qwen3_moe, llama, starcoder2, granite, qwen3_next, qwen3_5,
    qwen3_5_moe."""
    norm: Norm = Norm.RMS
    gated_mlp: bool = True
    """SiLU(gate) * up; else one matrix and GELU (tanh), as in StarCoder2."""
    query_key_norm: bool = False
    output_gate: bool = False
    """Attention's output times a sigmoid of a gate that is projected with the queries (Qwen3-Next)."""
    one_plus_norm: bool = False
    """Norm weights are stored less one (Qwen3-Next's checkpoints)."""
    rotary_dim: int = 0
    """Dimensions of a head that rotate; 0: all."""
    interleaved_rotary: bool = False
    """Pairs are neighbours (GGUF files of Llama), not half a head apart."""
    rope_scaling: RopeScaling | None = None
    sliding_window: int = 0
    layers: tuple[LayerKind, ...] = ()
    """Empty: attention in every layer."""
    experts: Experts | None = None
    linear_attention: LinearAttention | None = None
    embedding_scale: float = 1.0
    residual_scale: float = 1.0
    attention_scale: float = 0.0
    """Of the products of queries and keys; 0: 1 / sqrt(head_dim)."""
    logits_scale: float = 1.0
    """By which logits are divided (Granite)."""

    @property
    def query_size(self) -> int:
        return self.num_heads * self.head_dim

    @property
    def kv_size(self) -> int:
        return self.num_kv_heads * self.head_dim
