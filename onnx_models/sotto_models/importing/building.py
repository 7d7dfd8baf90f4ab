"""From a file of weights to a folder like an exporter's: our own graph, the tokenizer, what is known of both."""

import importlib.metadata
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sotto_engine.errors import SottoError
from sotto_models.decoder.builder import write_graph
from sotto_models.decoder.description import DecoderDescription
from sotto_models.importing.bits import choose_bits
from sotto_models.quantizing.blockwise import QuantizedMatrix
from sotto_models.weights.source import WeightSource

_FOR_EXPERTS = (1, 31)
"""The first onnxruntime that multiplies experts' rows as 8-bit numbers on a processor."""
_SPARE = 1.05
"""Norms, biases and the rotary table come on top of the matrices."""


def build_folder(source: WeightSource, folder: Path, on_step: Callable[[str, float | None], None]) -> str:
    """Write graph, weights and tokenizer into the folder; what was done, in a phrase.

    Raises SottoError before anything is written where the disk is too small or the model cannot be built.
    """
    _refuse_old_runtime(source)
    facts, bits = source.facts, choose_bits(source)
    needed = int(bits.nbytes * _SPARE)
    if needed > (free := shutil.disk_usage(folder).free):
        raise SottoError(
            f"{facts.name} needs {needed / 1e6:.0f} MB and {folder.parent} has {free / 1e6:.0f} MB left; "
            "make room, or name another folder in SOTTO_MODELS."
        )
    try:
        write_graph(_Watched(source, on_step), bits, folder)
    except ValueError as error:
        raise SottoError(f"{facts.name} cannot be built: {error}; take another model.") from error
    config = {
        "model_type": facts.model_type,
        "_name_or_path": facts.name + (" Instruct" if facts.is_instruct else ""),
        "license": facts.licence or "unknown",
        "max_position_embeddings": facts.context_length,
        "eos_token_id": list(facts.stop_ids),
        "head_dim": source.description.head_dim,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
    (folder / "tokenizer.json").write_text(facts.tokenizer_json, encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(facts.tokenizer_config, encoding="utf-8")
    return f"{source.nbytes / 1e6:.0f} MB of weights, {bits.describe()}"


def _refuse_old_runtime(source: WeightSource) -> None:
    if source.description.experts is None:
        return
    try:
        version = importlib.metadata.version("onnxruntime")
    except importlib.metadata.PackageNotFoundError:  # a build under another name
        return
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < _FOR_EXPERTS:
        raise SottoError(
            f"A model with experts needs onnxruntime {'.'.join(map(str, _FOR_EXPERTS))}, and here is {version}; "
            "update it: pip install --upgrade onnxruntime."
        )


class _Watched:
    """Weights that say how far they have been read."""

    def __init__(self, source: WeightSource, on_step: Callable[[str, float | None], None]) -> None:
        self._source = source
        self._on_step = on_step
        self._nbytes = max(1, source.nbytes)
        self._num_read = 0

    @property
    def description(self) -> DecoderDescription:
        return self._source.description

    def __contains__(self, name: str) -> bool:
        return name in self._source

    def read(self, name: str) -> NDArray[np.float32]:
        self._report(name)
        return self._source.read(name)

    def read_blocks(self, name: str) -> QuantizedMatrix | None:
        self._report(name)
        return self._source.read_blocks(name)

    def _report(self, name: str) -> None:
        self._num_read += self._source.stored_nbytes(name)
        self._on_step("converting the weights", min(1.0, self._num_read / self._nbytes))
