"""From the fields of a GGUF file to the description of its decoder. Keys after the package gguf's constants."""

from collections.abc import Mapping
from typing import Any

from sotto_engine.errors import SottoError
from sotto_models.decoder.description import DecoderDescription, Norm, RopeScaling
from sotto_models.weights import gguf_hybrid
from sotto_models.weights.config_hybrid import WITH_DELTA_NETS
from sotto_models.weights.gguf_header import Header

ARCHITECTURES = {
    "qwen2": "qwen2",
    "qwen3": "qwen3",
    "llama": "llama",
    "granite": "granite",
    "starcoder2": "starcoder2",
    **gguf_hybrid.ARCHITECTURES,
}
"""Of `general.architecture`, and how config.json calls them."""
MAX_POSITIONS = 8192
"""Of the rotary table; a model's own context may be longer."""
_MAX_SIZE = 1 << 20


def describe(header: Header) -> DecoderDescription:
    """Raises SottoError for an architecture that is not known, and for sizes that do not fit the weights."""
    fields = Fields(header)
    stored = fields.text("general.architecture")
    if stored not in ARCHITECTURES:
        raise SottoError(
            f"{header.path} holds a model of the architecture {stored!r}, and Sotto runs {', '.join(ARCHITECTURES)}; "
            "take another model."
        )
    prefix = f"{stored}."
    hidden_size = fields.size(f"{prefix}embedding_length")
    num_heads = fields.size(f"{prefix}attention.head_count")
    head_dim = fields.size(f"{prefix}attention.key_length", hidden_size // num_heads)
    rotary_dim = fields.size(f"{prefix}rope.dimension_count", head_dim)
    is_starcoder = stored == "starcoder2"
    architecture = ARCHITECTURES[stored]
    norm = "layer_norm" if is_starcoder else "layer_norm_rms"
    description = DecoderDescription(
        hidden_size=hidden_size,
        intermediate_size=fields.size(f"{prefix}feed_forward_length", hidden_size),
        num_layers=_count_layers(fields, prefix),
        num_heads=num_heads,
        num_kv_heads=fields.size(f"{prefix}attention.head_count_kv", num_heads),
        head_dim=head_dim,
        vocab_size=fields.rows("token_embd.weight"),
        max_positions=min(fields.size(f"{prefix}context_length"), MAX_POSITIONS),
        rope_theta=fields.number(f"{prefix}rope.freq_base", 10_000.0),
        norm_eps=fields.number(f"{prefix}attention.{norm}_epsilon", 1e-5),
        tied_head="output.weight" not in header.tensors,
        architecture=architecture,
        norm=Norm.LAYER if is_starcoder else Norm.RMS,
        gated_mlp=not is_starcoder,
        query_key_norm=architecture.startswith("qwen3"),
        output_gate=architecture in WITH_DELTA_NETS,
        rotary_dim=0 if rotary_dim == head_dim else rotary_dim,
        interleaved_rotary=stored in ("llama", "granite"),  # their rows are stored so
        rope_scaling=_read_scaling(fields, prefix),
        embedding_scale=fields.number(f"{prefix}embedding_scale", 1.0),
        residual_scale=fields.number(f"{prefix}residual_scale", 1.0),
        attention_scale=fields.number(f"{prefix}attention.scale", 0.0),
        logits_scale=fields.number(f"{prefix}logit_scale", 1.0),
    )
    try:
        description = gguf_hybrid.add_parts(description, lambda name, default: fields.size(prefix + name, default))
    except ValueError as error:
        raise SottoError(f"{header.path} does not fit together: it has {error}; fetch it again.") from error
    _check(header, description)
    return description


class Fields:
    """Typed reading of a header's fields. Errors are SottoErrors that name the field."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._fields: Mapping[str, Any] = header.fields

    def text(self, name: str, default: str = "") -> str:
        value = self._fields.get(name, default)
        if not isinstance(value, str):
            raise self._broken(name)
        return value

    def number(self, name: str, default: float) -> float:
        value = self._fields.get(name, default)
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not abs(value) < 1e12:
            raise self._broken(name)
        return float(value)

    def size(self, name: str, default: int | None = None) -> int:
        """A whole number from 1 on; a model may have one a layer: then they must be the same, or 0 for nothing."""
        value = self._fields.get(name, default)
        if hasattr(value, "tolist"):
            values = set(value.tolist()) - {0}
            value = values.pop() if len(values) == 1 else None
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= _MAX_SIZE:
            raise self._broken(name)
        return value

    def rows(self, tensor: str) -> int:
        if tensor not in self._header.tensors:
            raise SottoError(f"{self._header.path} has no weights {tensor!r}; fetch the whole model again.")
        return self._header.tensors[tensor].shape[0]

    def _broken(self, name: str) -> SottoError:
        return SottoError(
            f"{self._header.path} says nothing of use in the field {name!r}; take another file of the model."
        )


def _count_layers(fields: Fields, prefix: str) -> int:
    """Without those at the end that draft tokens."""
    num_layers = fields.size(f"{prefix}block_count")
    num_drafting = int(fields.number(f"{prefix}nextn_predict_layers", 0))
    return num_layers - num_drafting if 0 < num_drafting < num_layers else num_layers


def _read_scaling(fields: Fields, prefix: str) -> RopeScaling | None:
    kind = fields.text(f"{prefix}rope.scaling.type", "none")
    factor = fields.number(f"{prefix}rope.scaling.factor", 1.0)
    if kind == "none" or factor == 1:
        return None
    original = int(fields.number(f"{prefix}rope.scaling.original_context_length", 0))
    return RopeScaling(kind, factor, original)


def _check(header: Header, description: DecoderDescription) -> None:
    """Sizes must be those of the weights: nothing is built, and no memory taken, by a number that is only claimed."""
    hidden = description.hidden_size
    expected = {
        "token_embd.weight": (description.vocab_size, hidden),
        "output_norm.weight": (hidden,),
        **gguf_hybrid.list_shapes(description),
    }
    for name, shape in expected.items():
        tensor = header.tensors.get(name)
        if tensor is None or tensor.shape != shape:
            found = "is missing" if tensor is None else f"has the shape {list(tensor.shape)}, not {list(shape)}"
            raise SottoError(f"{header.path} does not fit together: {name} {found}; fetch it again.")
