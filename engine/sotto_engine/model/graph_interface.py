"""The inputs and outputs of a decoder graph, recognized by their shapes and not by their maker.

Covers graphs of onnxruntime-genai, Optimum, transformers.js, mobius and our own. Knows no run time.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sotto_engine.cache.kv_cache import CacheTensor, StateTensor
from sotto_engine.errors import SottoError

_DTYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(int8)": np.int8,
    "tensor(uint8)": np.uint8,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
}
_INTEGERS = ("input_ids", "attention_mask", "position_ids", "num_logits")
_GROWING_AXIS = 2
_RENAMED = (("past_key_values", "present"), ("past.", "present."), ("past_", "present_"))


@dataclass(frozen=True)
class Port:
    """An input or output as a graph declares it: a symbolic dimension is a name or None."""

    name: str
    shape: tuple[int | str | None, ...]
    type: str


@dataclass(frozen=True)
class GraphInterface:
    """How to feed a graph. `integers`: the dtype of each integer input that it has."""

    integers: Mapping[str, np.dtype[np.generic]]
    growing: tuple[CacheTensor, ...]
    states: tuple[StateTensor, ...]
    present: Mapping[str, str]
    """The output that belongs to a cache input."""
    position_rows: int
    """Leading dimension of position_ids: 3 in multimodal graphs, whose three rows are equal for text."""
    logits_dtype: np.dtype[np.generic]


def read_interface(
    graph: object, inputs: Mapping[str, Port], outputs: Mapping[str, Port], head_dim: int | None
) -> GraphInterface:
    """Raises SottoError, naming the graph, for one that is no decoder with past or needs what Sotto cannot give.

    `head_dim` stands in where the graph leaves a cache's last dimension open.
    """
    if "use_cache_branch" in inputs:
        raise SottoError(
            f"The model graph {graph} is an old merged decoder (it has the input 'use_cache_branch'); "
            "take the model's newer export, or export it again with a current Optimum."
        )
    if "input_ids" not in inputs or "logits" not in outputs:
        raise SottoError(
            f"The model graph {graph} has no input_ids or no logits; export the whole model for text generation."
        )
    growing: list[CacheTensor] = []
    states: list[StateTensor] = []
    present: dict[str, str] = {}
    for name, port in inputs.items():
        if name in _INTEGERS:
            continue
        present[name] = _present_name(graph, port, outputs)
        tensor = _cache_tensor(graph, port, head_dim)
        if isinstance(tensor, CacheTensor):
            growing.append(tensor)
        else:
            states.append(tensor)
    if not growing and not states:
        raise SottoError(
            f"The model graph {graph} has no KV cache, so that every key would compute the whole text again; "
            "export it with past (Optimum: text-generation-with-past)."
        )
    return GraphInterface(
        integers={name: _dtype(graph, inputs[name]) for name in _INTEGERS if name in inputs},
        growing=tuple(growing),
        states=tuple(states),
        present=present,
        position_rows=_position_rows(inputs),
        logits_dtype=_dtype(graph, outputs["logits"]),
    )


def _present_name(graph: object, port: Port, outputs: Mapping[str, Port]) -> str:
    names = [port.name.replace(past, now) for past, now in _RENAMED if past in port.name]
    for name in names:
        if name in outputs:
            return name
    raise SottoError(
        f"The model graph {graph} has the input {port.name!r} of shape {list(port.shape)}, which Sotto does not know "
        "how to feed; export the decoder alone, with input_ids and past."
    )


def _cache_tensor(graph: object, port: Port, head_dim: int | None) -> CacheTensor | StateTensor:
    dtype = _dtype(graph, port)
    rest = port.shape[1:]
    if all(isinstance(size, int) for size in rest):
        return StateTensor(port.name, (1, *(int(size) for size in rest if isinstance(size, int))), dtype)
    if len(port.shape) == 4 and not isinstance(port.shape[_GROWING_AXIS], int):
        num_heads, width = port.shape[1], port.shape[3]
        width = width if isinstance(width, int) else head_dim
        if isinstance(num_heads, int) and width is not None:
            return CacheTensor(port.name, num_heads, width, dtype)
        if isinstance(num_heads, int):
            raise SottoError(
                f"The model graph {graph} leaves the head size open; put genai_config.json or config.json next to "
                "it, or head_dim into the manifest."
            )
    raise SottoError(
        f"The model graph {graph} has a cache {port.name!r} of shape {list(port.shape)}, which Sotto does not know; "
        "export the model with one key and one value tensor a layer, [batch, heads, past, head size]."
    )


def _dtype(graph: object, port: Port) -> np.dtype[np.generic]:
    if port.type not in _DTYPES:
        raise SottoError(
            f"The model graph {graph} has {port.name!r} of the type {port.type}, which Sotto cannot feed; "
            "export it with float32, float16 or int8 inputs and outputs."
        )
    return np.dtype(_DTYPES[port.type])


def _position_rows(inputs: Mapping[str, Port]) -> int:
    port = inputs.get("position_ids")
    return 3 if port is not None and len(port.shape) == 3 else 1
