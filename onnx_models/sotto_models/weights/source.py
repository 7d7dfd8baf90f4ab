"""What the importer needs of any file of weights."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sotto_models.decoder.description import DecoderDescription
from sotto_models.quantizing.blockwise import QuantizedMatrix
from sotto_models.quantizing.scheme import Format


@dataclass(frozen=True)
class ModelFacts:
    """What goes into the manifest and next to the graph. Texts may be empty where the file does not say."""

    name: str
    licence: str
    model_type: str
    is_instruct: bool
    context_length: int
    stop_ids: tuple[int, ...]
    tokenizer_json: str
    """The text of a `tokenizer.json`."""
    tokenizer_config: str
    """The text of a `tokenizer_config.json`: names of control tokens, maybe a chat template."""
    chat_template: str


class WeightSource(Protocol):
    """Weights by Hugging Face's names; one tensor in memory at a time."""

    @property
    def description(self) -> DecoderDescription: ...

    @property
    def facts(self) -> ModelFacts: ...

    @property
    def nbytes(self) -> int:
        """Of the weights as they are stored."""
        ...

    def __contains__(self, name: str) -> bool: ...

    def shape(self, name: str) -> tuple[int, ...]:
        """Of a tensor, rows first."""
        ...

    def stored_nbytes(self, name: str) -> int:
        """Of a tensor as it lies in the file."""
        ...

    def stored_format(self, name: str) -> Format | None:
        """Of what `read_blocks` gives; None where it gives nothing."""
        ...

    def read(self, name: str) -> NDArray[np.float32]:
        """The tensor in float32, [output, input] for a matrix, [experts, output, input] for stacked experts."""
        ...

    def read_blocks(self, name: str) -> QuantizedMatrix | None:
        """The matrix as it is stored, where MatMulNBits computes with the very same values; else None."""
        ...
