"""SafetensorsFolder: the weights of a snapshot of the hub, with what its JSON files say of the model.

The format is a header in JSON, its length before it, and then bytes (huggingface/safetensors).
"""

import json
import re
import struct
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from sotto_engine.errors import SottoError
from sotto_models.decoder.description import DecoderDescription, LayerKind, Norm, RopeScaling
from sotto_models.quantizing.scheme import Format
from sotto_models.weights import config_hybrid
from sotto_models.weights.source import ModelFacts
from sotto_models.weights.stacks import find_expert

_DENSE = ("qwen2", "qwen3", "llama", "granite", "starcoder2")
ARCHITECTURES = dict(zip(_DENSE, _DENSE, strict=True)) | config_hybrid.ARCHITECTURES
"""Of `model_type`, and how a description calls them."""
MAX_POSITIONS = 8192
"""Of the rotary table; a model's own context may be longer."""
_TYPES = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "BF16": np.dtype(ml_dtypes.bfloat16)}
_MAX_HEADER_NBYTES = 100_000_000
_MAX_JSON_NBYTES = 200_000_000
_INSTRUCT = re.compile(r"instruct|chat|(?<![a-z])it(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True)
class _Stored:
    path: Path
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int
    nbytes: int


class SafetensorsFolder:
    """A WeightSource. Only the headers are read at first."""

    def __init__(self, folder: Path) -> None:
        """Raises SottoError, a sentence, for a folder that cannot be used."""
        self.folder = folder
        config = _read_json(folder / "config.json")
        self._config: dict[str, Any] = {**config, **config.get("text_config", {})}
        self._tensors: dict[str, _Stored] = {}
        for path in sorted(folder.glob("*.safetensors")):
            renamed = {config_hybrid.rename(name): each for name, each in _read_header(path).items()}
            found = {name: each for name, each in renamed.items() if name is not None}
            if twice := self._tensors.keys() & found.keys():
                raise SottoError(f"{path} has weights {min(twice)!r} that another file has; copy the folder again.")
            self._tensors |= found
        self.description = self._describe()
        self._check()

    @property
    def nbytes(self) -> int:
        return sum(each.nbytes for each in self._tensors.values())

    @property
    def facts(self) -> ModelFacts:
        """Raises SottoError for a folder without a tokenizer."""
        return self._facts

    @cached_property
    def _facts(self) -> ModelFacts:
        tokenizer = self.folder / "tokenizer.json"
        if not tokenizer.is_file():
            raise SottoError(f"There is no {tokenizer}; copy it there from the model's repository.")
        generation = _read_json(self.folder / "generation_config.json")
        named = generation.get("eos_token_id", self._config.get("eos_token_id"))
        ids = cast("list[object]", named) if isinstance(named, list) else [named]
        config = self.folder / "tokenizer_config.json"
        template = self.folder / "chat_template.jinja"
        named_path = f"{self.folder.resolve().name} {self._config.get('_name_or_path', '')}"
        return ModelFacts(
            name=self.folder.resolve().name,
            licence=_find_licence(self.folder),
            model_type=self.description.architecture,
            is_instruct=_INSTRUCT.search(named_path) is not None,
            context_length=self._size("max_position_embeddings"),
            stop_ids=tuple(each for each in ids if isinstance(each, int)),
            tokenizer_json=_read_text(tokenizer),
            tokenizer_config=_read_text(config) if config.is_file() else "{}",
            chat_template=_read_text(template) if template.is_file() else "",
        )

    def __contains__(self, name: str) -> bool:
        return self._find(name) is not None

    def shape(self, name: str) -> tuple[int, ...]:
        return self._require(name).shape

    def stored_nbytes(self, name: str) -> int:
        return self._require(name).nbytes

    def stored_format(self, name: str) -> Format | None:
        """Nothing is stored in blocks."""
        del name

    def read_blocks(self, name: str) -> None:
        """Nothing is stored in blocks."""
        del name

    def read(self, name: str) -> NDArray[np.float32]:
        tensor = self._require(name)
        stored = np.memmap(tensor.path, np.uint8, "r", tensor.offset, (tensor.nbytes,)).view(tensor.dtype)
        values = stored.reshape(tensor.shape).astype(np.float32)
        if not np.isfinite(values).all():
            raise SottoError(f"{tensor.path} has weights {name!r} that are no numbers; copy it again.")
        return values

    def _require(self, name: str) -> _Stored:
        if (tensor := self._find(name)) is None:
            raise SottoError(f"{self.folder} has no weights {name!r}; copy the whole model again.")
        return tensor

    def _find(self, name: str) -> _Stored | None:
        return self._tensors.get(name) or find_expert(name, self._tensors.get)

    def _describe(self) -> DecoderDescription:
        config, stored = self._config, self._config.get("model_type")
        if stored not in ARCHITECTURES:
            raise SottoError(
                f"{self.folder} holds a model of the architecture {stored!r}, and Sotto runs "
                f"{', '.join(ARCHITECTURES)}; take another model, or an ONNX export of this one."
            )
        kind = ARCHITECTURES[stored]
        is_hybrid = kind in config_hybrid.WITH_DELTA_NETS
        num_heads, hidden_size = self._size("num_attention_heads"), self._size("hidden_size")
        is_starcoder = kind == "starcoder2"
        window = config.get("sliding_window") if config.get("use_sliding_window", is_starcoder) else None
        head_dim = self._size("head_dim", hidden_size // num_heads)
        description = DecoderDescription(
            hidden_size=hidden_size,
            intermediate_size=self._size("intermediate_size", hidden_size),
            num_layers=self._size("num_hidden_layers"),
            num_heads=num_heads,
            num_kv_heads=self._size("num_key_value_heads", num_heads),
            head_dim=head_dim,
            vocab_size=self._require("model.embed_tokens.weight").shape[0],
            max_positions=min(self._size("max_position_embeddings"), MAX_POSITIONS),
            rope_theta=self._rope("rope_theta", 10_000.0),
            norm_eps=float(config.get("norm_epsilon" if is_starcoder else "rms_norm_eps", 1e-5)),
            tied_head="lm_head.weight" not in self._tensors,
            architecture=kind,
            norm=Norm.LAYER if is_starcoder else Norm.RMS,
            gated_mlp=not is_starcoder,
            query_key_norm=kind.startswith("qwen3"),
            output_gate=is_hybrid,
            one_plus_norm=is_hybrid,
            rotary_dim=int(head_dim * self._rope("partial_rotary_factor", 0.25)) if is_hybrid else 0,
            rope_scaling=self._scaling(),
            sliding_window=int(window or 0),
            embedding_scale=float(config.get("embedding_multiplier", 1.0)),
            residual_scale=float(config.get("residual_multiplier", 1.0)),
            attention_scale=float(config.get("attention_multiplier", 0.0)),
            logits_scale=float(config.get("logits_scaling", 1.0)),
        )
        try:
            return config_hybrid.add_parts(description, config, self._size)
        except ValueError as error:
            raise SottoError(f"{self.folder} has {error}, which Sotto does not know; take another model.") from error

    def _rope(self, name: str, default: float) -> float:
        """transformers 5 moved the rotary settings into a table; 4 kept them with the rest."""
        return float(self._rope_table.get(name, self._config.get(name, default)))

    @property
    def _rope_table(self) -> dict[str, Any]:
        return self._config.get("rope_parameters") or self._config.get("rope_scaling") or {}

    def _scaling(self) -> RopeScaling | None:
        table = self._rope_table
        kind = table.get("rope_type", table.get("type", "default"))
        if kind == "default":
            return None
        if kind not in ("linear", "llama3", "yarn"):
            raise SottoError(f"{self.folder} stretches positions in a way ({kind!r}) that Sotto does not know.")
        return RopeScaling(
            kind,
            float(table.get("factor", 1.0)),
            int(table.get("original_max_position_embeddings", self._size("max_position_embeddings"))),
            float(table.get("low_freq_factor", 1.0)),
            float(table.get("high_freq_factor", 4.0)),
        )

    def _size(self, name: str, default: int | None = None) -> int:
        value = self._config.get(name)
        value = default if value is None else value
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= 1 << 24:
            raise SottoError(f"{self.folder / 'config.json'} says nothing of use as {name!r}; copy the model again.")
        return value

    def _check(self) -> None:
        """Sizes must be those of the weights, before memory is taken for them."""
        sizes = self.description
        layer = sizes.layers.index(LayerKind.ATTENTION) if sizes.layers else 0
        expected = {
            "model.embed_tokens.weight": (sizes.vocab_size, sizes.hidden_size),
            f"model.layers.{layer}.self_attn.q_proj.weight": (
                sizes.query_size * (1 + sizes.output_gate),
                sizes.hidden_size,
            ),
            f"model.layers.{layer}.self_attn.k_proj.weight": (sizes.kv_size, sizes.hidden_size),
            f"model.layers.{sizes.num_layers - 1}.input_layernorm.weight": (sizes.hidden_size,),
        }
        for name, shape in expected.items():
            if self.shape(name) != shape:
                raise SottoError(
                    f"{self.folder} does not fit together: {name} has the shape {list(self.shape(name))}, not "
                    f"{list(shape)}; copy the model again."
                )


def _read_header(path: Path) -> dict[str, _Stored]:
    nbytes = path.stat().st_size
    with path.open("rb") as file:
        begin = file.read(8)
        length = struct.unpack("<Q", begin)[0] if len(begin) == 8 else nbytes
        if length > min(nbytes - 8, _MAX_HEADER_NBYTES):
            raise SottoError(f"{path} is broken: its header does not end; copy it again.")
        try:
            header: Any = json.loads(file.read(length))
            entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
            return {name: _read_entry(path, entry, 8 + length, nbytes) for name, entry in entries.items()}
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise SottoError(f"{path} is broken: its header cannot be read ({error}); copy it again.") from error


def _read_entry(path: Path, entry: dict[str, Any], start: int, nbytes: int) -> _Stored:
    if entry["dtype"] not in _TYPES:
        raise SottoError(
            f"{path} has weights of the type {entry['dtype']}, and Sotto reads {', '.join(_TYPES)}; "
            "take the model's unquantized files, or a GGUF of it."
        )
    dtype, shape = _TYPES[entry["dtype"]], tuple(int(size) for size in entry["shape"])
    begin, end = (int(each) for each in entry["data_offsets"])
    num_values = 1
    for size in shape:
        num_values *= size
    if not shape or min(shape) < 1 or not 0 <= begin <= end <= nbytes - start:
        raise ValueError("a place outside the file")
    if end - begin != num_values * dtype.itemsize:
        raise ValueError("a shape that does not fit its bytes")
    return _Stored(path, dtype, shape, start + begin, end - begin)


def _read_text(path: Path) -> str:
    if path.stat().st_size > _MAX_JSON_NBYTES:
        raise SottoError(f"{path} is too large; copy it again.")
    return path.read_text(encoding="utf-8", errors="replace")


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        data: object = json.loads(_read_text(path))
    except (ValueError, RecursionError) as error:
        raise SottoError(f"{path} cannot be read as JSON ({error}); copy it again.") from error
    return cast("dict[str, Any]", data) if isinstance(data, dict) else {}


def _find_licence(folder: Path) -> str:
    """From the model card's front matter."""
    for path in sorted(folder.glob("README*")):
        head = _read_text(path)[:4000]
        for field in ("license_name", "license"):
            if match := re.search(rf"^{field}:\s*(\S+)\s*$", head, re.MULTILINE):
                return match[1]
    return ""
