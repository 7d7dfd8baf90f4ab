"""GgufFile: the weights of a .gguf file, or of its parts, by Hugging Face's names."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
from gguf import quants
from gguf.constants import MODEL_ARCH, MODEL_ARCH_NAMES
from gguf.tensor_mapping import get_tensor_name_map
from numpy.typing import NDArray

from sotto_engine.errors import SottoError
from sotto_models.decoder.description import DecoderDescription
from sotto_models.quantizing.blockwise import QuantizedMatrix
from sotto_models.quantizing.scheme import Format
from sotto_models.weights import gguf_hybrid
from sotto_models.weights.gguf_blocks import KEPT_FORMATS, keep_blocks
from sotto_models.weights.gguf_description import Fields, describe
from sotto_models.weights.gguf_header import Header, StoredTensor, read_header
from sotto_models.weights.gguf_tokenizer import read_special_ids, write_tokenizer
from sotto_models.weights.source import ModelFacts
from sotto_models.weights.stacks import find_expert

_PART = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.gguf")
_INSTRUCT = re.compile(r"instruct|chat|(?<![a-z])it(?![a-z])", re.IGNORECASE)
_CHUNK_VALUES = 1 << 22
"""Values that are made float32 at once."""
_MAX_TEMPLATE = 100_000
_HEAD, _TABLE = "output.weight", "token_embd.weight"
_NUM_COMPARED = 512
_SAME = 0.15
"""Relative difference of two roundings of one table, the coarser in 4 bits; that of two tables is about 1."""


class GgufFile:
    """A WeightSource. The header is read at first; weights are read from the file when they are asked for."""

    def __init__(self, path: Path) -> None:
        """Raises SottoError, a sentence, for a file that cannot be used."""
        self._headers = [read_header(part) for part in _find_parts(path)]
        self.path = path
        fields = dict(self._headers[0].fields)
        tensors: dict[str, StoredTensor] = {}
        self._paths: dict[str, Path] = {}
        for header in self._headers:
            if twice := tensors.keys() & header.tensors.keys():
                raise SottoError(f"{header.path} has weights {min(twice)!r} that another part has; fetch all again.")
            tensors |= header.tensors
            self._paths |= dict.fromkeys(header.tensors, header.path)
        self._header = Header(path, fields, tensors)
        self.description = self._describe()
        architecture = next(each for each, name in MODEL_ARCH_NAMES.items() if name == fields["general.architecture"])
        self._names = get_tensor_name_map(MODEL_ARCH(architecture), self.description.num_layers)

    @property
    def nbytes(self) -> int:
        return sum(each.nbytes for each in self._header.tensors.values())

    @property
    def facts(self) -> ModelFacts:
        """Raises SottoError for a tokenizer that cannot be used."""
        return self._facts

    @cached_property
    def _facts(self) -> ModelFacts:
        fields = Fields(self._header)
        name = fields.text("general.name") or self.path.stem
        finetune = fields.text("general.finetune")
        template = fields.text("tokenizer.chat_template")[:_MAX_TEMPLATE]
        tokenizer, specials = write_tokenizer(self._header, self.description.vocab_size)
        ids = read_special_ids(self._header)
        config = {f"{key}_token": specials[ids[key]] for key in ("bos", "eos", "pad") if ids.get(key) in specials}
        is_instruct = bool(template) and any(map(_INSTRUCT.search, (name, finetune, self.path.name)))
        return ModelFacts(
            name=name,
            licence=fields.text("general.license"),
            model_type=self.description.architecture,
            is_instruct=is_instruct,
            context_length=fields.size(f"{fields.text('general.architecture')}.context_length"),
            stop_ids=tuple(dict.fromkeys(ids[key] for key in ("eos", "eot", "eom") if key in ids)),
            tokenizer_json=tokenizer,
            tokenizer_config=json.dumps(config | ({"chat_template": template} if template else {})),
            chat_template=template,
        )

    def __contains__(self, name: str) -> bool:
        return self._find(name) is not None

    def read(self, name: str) -> NDArray[np.float32]:
        tensor = self._require(name)
        rows = self._rows(tensor)
        size = max(1, _CHUNK_VALUES // tensor.shape[-1])
        values = np.empty((len(rows), tensor.shape[-1]), np.float32)
        for start in range(0, len(rows), size):
            values[start : start + size] = quants.dequantize(rows[start : start + size], tensor.kind)
        values = gguf_hybrid.restore(name, values.reshape(tensor.shape))
        if not np.isfinite(values).all():
            raise SottoError(f"{self.path} has weights {name!r} that are no numbers; fetch it again.")
        return values

    def read_blocks(self, name: str) -> QuantizedMatrix | None:
        tensor = self._require(name)
        if tensor.kind not in KEPT_FORMATS:
            return None
        matrix = keep_blocks(tensor.kind, self._rows(tensor), tensor.shape[-1])
        if not np.isfinite(matrix.scales).all():
            raise SottoError(f"{self.path} has weights {name!r} that are no numbers; fetch it again.")
        return matrix

    def shape(self, name: str) -> tuple[int, ...]:
        return self._require(name).shape

    def stored_nbytes(self, name: str) -> int:
        return self._require(name).nbytes

    def stored_format(self, name: str) -> Format | None:
        return KEPT_FORMATS.get(self._require(name).kind)

    def _describe(self) -> DecoderDescription:
        factors = self._header.tensors.get("rope_freqs.weight")
        if factors is not None:
            raise SottoError(
                f"{self.path} stretches its rotary positions by a table of its own, which Sotto does not know; "
                "take another model."
            )
        description = describe(self._header)
        return replace(description, tied_head=True) if self._is_tied(description) else description

    def _is_tied(self, description: DecoderDescription) -> bool:
        """Whether the head is the embedding once more, as quantizers write it in more bits: the finer one is both."""
        head, table = self._header.tensors.get(_HEAD), self._header.tensors[_TABLE]
        if head is None or head.shape != table.shape:
            return head is None
        step = max(1, description.vocab_size // _NUM_COMPARED)
        a, b = (quants.dequantize(self._rows(each)[::step], each.kind) for each in (head, table))
        return bool(np.linalg.norm(a - b) < _SAME * np.linalg.norm(a))

    def _rows(self, tensor: StoredTensor) -> NDArray[np.uint8]:
        """The bytes of a tensor, uint8 [rows, bytes of a row], mapped."""
        num_rows = int(np.prod(tensor.shape[:-1], dtype=np.int64))
        path = self._paths[tensor.name]
        return np.memmap(path, np.uint8, "r", tensor.offset, (num_rows, tensor.nbytes // num_rows))

    def _require(self, name: str) -> StoredTensor:
        if (tensor := self._find(name)) is None:
            raise SottoError(f"{self.path} has no weights {name!r}; fetch the whole model again.")
        return tensor

    def _find(self, name: str) -> StoredTensor | None:
        return self._find_whole(name) or find_expert(name, lambda stack: self._find_whole(f"{stack}.weight"))

    def _find_whole(self, name: str) -> StoredTensor | None:
        """A tensor of the file, by its name in a checkpoint."""
        stored = self._names.get_name(gguf_hybrid.rename(name), try_suffixes=(".weight", ".bias"))
        if stored == _TABLE and self.description.tied_head and _HEAD in self._header.tensors:
            stored = _HEAD
        return self._header.tensors.get(stored) if stored else None


def _find_parts(path: Path) -> Iterator[Path]:
    """The file, or all of a model that was cut into several."""
    match = _PART.fullmatch(path.name)
    if match is None:
        yield path
        return
    for number in range(1, int(match[3]) + 1):
        part = path.with_name(f"{match[1]}-{number:05}-of-{match[3]}.gguf")
        if not part.is_file():
            raise SottoError(f"There is no {part}, a part of {path.name}; fetch all {int(match[3])} parts.")
        yield part
