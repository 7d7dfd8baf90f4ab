"""An ONNX decoder graph run on the CPU; the only file that imports onnxruntime.

Where the graph's attention is GroupQueryAttention, past and present are one buffer: a pass over tokens at position p
reads rows before p and writes rows from p on; to rewind is to call it again with a smaller p. Other graphs
(Optimum's) give the whole cache back in new memory, which takes the old one's place. Which kind a graph is,
is found by trying.
"""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import psutil

# The wheels of onnxruntime 1.32 write a device id and an event database into the user's cache folder as soon as
# a session is made, to be sent to their maker. This switch, read at import, is the one that prevents both.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime  # pyright: ignore[reportMissingTypeStubs]

from sotto_engine.cache.kv_cache import KVCache
from sotto_engine.cancel import CancelFlag
from sotto_engine.errors import SottoError, first_line
from sotto_engine.model.graph_interface import GraphInterface, Port, read_interface
from sotto_engine.model.language_model import ModelTraits, PassCancelled
from sotto_engine.model.memory import gather_in_huge_pages

ort: Any = onnxruntime  # ships no types
ort.disable_telemetry_events()  # what the builds for Windows look at
_NEWER = ("Unrecognized attribute", "is not a registered function/op")
"""What onnxruntime says of a graph that was made for a later one."""


@dataclass
class _Binding:
    """A cache's tensors bound to the session, valid while the cache has this capacity."""

    io: Any
    capacity: int
    keep_alive: list[Any]


@dataclass
class _Pass:
    """What one pass is bound to. onnxruntime holds addresses only: the arrays must live as long."""

    io: Any
    keep_alive: list[Any]
    present: dict[str, np.ndarray]
    """The new cache's arrays, where it is not written in place."""


class Model:
    """One session over one graph. One thread runs passes; any thread may set a cancel flag."""

    def __init__(
        self,
        graph: Path,
        max_tokens: int,
        num_threads: int = 0,
        head_dim: int | None = None,
        *,
        is_large: bool = False,
        is_packed: bool = False,
    ) -> None:
        """Load a graph; `num_threads=0` takes one a physical core, `head_dim` is for graphs that leave it open.

        `is_large`: passes so long that threads stay awake between the nodes, and weights, more than the processor's
        caches hold, that go to huge pages. `is_packed`: the graph is one of `save_packed`, run as it is.

        Raises SottoError if the file cannot be loaded or is no decoder that Sotto can feed.
        """
        self._max_tokens = max_tokens
        self._num_threads = num_threads or num_physical_cores()
        try:
            self._session: Any = _session(graph, _session_options(self._num_threads, is_large, is_packed))
        except Exception as error:  # onnxruntime raises a type of its own for every kind of failure
            is_newer = any(words in str(error) for words in _NEWER)
            what_to_do = "update onnxruntime" if is_newer else "install the model again"
            raise SottoError(
                f"The model graph {graph} cannot be loaded ({first_line(error)}); {what_to_do}."
            ) from error
        if is_large:
            gather_in_huge_pages()
        self._interface: GraphInterface = read_interface(
            graph, _ports(self._session.get_inputs()), _ports(self._session.get_outputs()), head_dim
        )
        self._ones = np.ones((1, max_tokens), self._interface.integers.get("attention_mask"))
        self._bindings: WeakKeyDictionary[KVCache, _Binding] = WeakKeyDictionary()
        self._in_place, self.vocab_size, self._only_last_logits = self._try_out(graph)

    @property
    def max_tokens(self) -> int:
        return self._max_tokens

    @property
    def num_threads(self) -> int:
        return self._num_threads

    @property
    def traits(self) -> ModelTraits:
        growing, states = self._interface.growing, self._interface.states
        return ModelTraits(
            cache_nbytes_per_token=sum(t.num_heads * t.head_dim * t.dtype.itemsize for t in growing),
            state_nbytes=sum(math.prod(state.shape) * state.dtype.itemsize for state in states),
            writes_in_place=self._in_place,
            limits_logits=self._only_last_logits or "num_logits" in self._interface.integers,
            only_last_logits=self._only_last_logits,
        )

    def new_cache(self) -> KVCache:
        return KVCache(self._interface.growing, self._max_tokens, self._interface.states)

    def forward(
        self, cache: KVCache, token_ids: Sequence[int], cancelled: CancelFlag, num_logits: int = 1
    ) -> np.ndarray:
        """See LanguageModel.forward. Rows computed before a cancelled pass stay intact.

        Raises ValueError for more logits than a graph with a pruned head gives, or beyond the context.
        """
        num_rows = num_logits if "num_logits" in self._interface.integers else len(token_ids)
        if self._only_last_logits:
            if num_logits > 1:
                raise ValueError("this graph gives the logits of the last token only")
            num_rows = 1
        logits = np.empty((1, num_rows, self.vocab_size), self._interface.logits_dtype)
        bound = self._bind(cache, token_ids, num_logits, in_place=self._in_place)
        bound.io.bind_ortvalue_output("logits", ort.OrtValue.ortvalue_from_numpy(logits))
        self._run(bound.io, cancelled)
        if bound.present:
            cache.adopt(bound.present)
        cache.append(token_ids)
        return logits[0, -num_logits:].astype(np.float32, copy=False)

    def _try_out(self, graph: Path) -> tuple[bool, int, bool]:
        """A pass of two tokens: `(writes in place, vocabulary size, gives the last token's logits only)`.

        A graph that makes a new cache cannot write it to a buffer of another size: onnxruntime refuses, and that
        is the answer. A graph's own declaration would not do: the dimensions' names differ from maker to maker.
        """
        problem: Exception | None = None
        for in_place in (True, False):
            cache = self.new_cache()
            bound = self._bind(cache, (0, 0), 2, in_place=in_place)
            bound.io.bind_output("logits", "cpu")
            try:
                self._session.run_with_iobinding(bound.io)
            except Exception as error:
                problem = error
                continue
            shape: list[int] = bound.io.get_outputs()[-1].shape()
            return in_place, int(shape[-1]), int(shape[-2]) == 1
        raise SottoError(
            f"The model graph {graph} cannot be run ({first_line(problem)}); export it again for the CPU."
        ) from problem

    def _bind(self, cache: KVCache, token_ids: Sequence[int], num_logits: int, *, in_place: bool) -> _Pass:
        """Everything bound but the logits."""
        total = len(cache) + len(token_ids)
        if in_place:
            cache.reserve(total)
            bound = _Pass(self._binding(cache).io, [], {})
        else:
            if total > self._max_tokens:
                raise ValueError(f"{total} tokens do not fit a context of {self._max_tokens}")
            bound = _Pass(self._session.io_binding(), [], {})
            for spec in self._interface.growing:
                past = np.ascontiguousarray(cache.tensors[spec.name][:, :, : len(cache)])
                present = np.empty((1, spec.num_heads, total, spec.head_dim), spec.dtype)
                bound.present[spec.name] = present
                bound.keep_alive += self._bind_pair(bound.io, spec.name, past, present)
        for spec in self._interface.states:
            states = cache.states[spec.name], cache.next_states[spec.name]
            bound.keep_alive += self._bind_pair(bound.io, spec.name, *states)
        for name, array in self._integers(len(cache), token_ids, num_logits).items():
            value: Any = ort.OrtValue.ortvalue_from_numpy(array)
            bound.io.bind_ortvalue_input(name, value)
            bound.keep_alive.append(value)
        return bound

    def _integers(self, start: int, token_ids: Sequence[int], num_logits: int) -> dict[str, np.ndarray]:
        dtypes = self._interface.integers
        total = start + len(token_ids)
        values: dict[str, np.ndarray] = {"input_ids": np.array([token_ids], dtypes["input_ids"])}
        if "attention_mask" in dtypes:
            values["attention_mask"] = self._ones[:, :total]
        if (dtype := dtypes.get("position_ids")) is not None:
            positions = np.arange(start, total, dtype=dtype)[None]
            rows = self._interface.position_rows
            values["position_ids"] = positions if rows == 1 else np.repeat(positions[None], rows, axis=0)
        if (dtype := dtypes.get("num_logits")) is not None:
            values["num_logits"] = np.array([num_logits], dtype)
        return values

    def _run(self, io: Any, cancelled: CancelFlag) -> None:  # noqa: ANN401
        options: Any = ort.RunOptions()
        # What onnxruntime's wrapper asks for in every run; where it is not set, that costs an exception, 50 us.
        options.add_run_config_entry("gpu_graph_id", "0")

        def terminate() -> None:
            options.terminate = True

        with cancelled.watched_by(terminate):
            if cancelled.is_set():
                raise PassCancelled
            try:
                self._session.run_with_iobinding(io, options)
            except Exception as error:  # no type of its own for a terminated run
                if cancelled.is_set():
                    raise PassCancelled from error
                raise

    def _binding(self, cache: KVCache) -> _Binding:
        """The cache's growing tensors bound as past and as present: the same memory, written in place."""
        binding = self._bindings.get(cache)
        if binding is None or binding.capacity != cache.capacity:
            binding = self._bindings[cache] = _Binding(self._session.io_binding(), cache.capacity, [])
            for spec in self._interface.growing:
                rows = cache.tensors[spec.name]
                binding.keep_alive += self._bind_pair(binding.io, spec.name, rows, rows)
        return binding

    def _bind_pair(self, io: Any, name: str, past: np.ndarray, present: np.ndarray) -> list[Any]:  # noqa: ANN401
        read: Any = ort.OrtValue.ortvalue_from_numpy(past)
        written: Any = read if past is present else ort.OrtValue.ortvalue_from_numpy(present)
        io.bind_ortvalue_input(name, read)
        io.bind_ortvalue_output(self._interface.present[name], written)
        return [read, written]


def num_physical_cores() -> int:
    """Physical cores this process may use; hyper-threads share the units that a matrix product needs."""
    if not hasattr(os, "sched_getaffinity"):  # macOS, Windows
        return psutil.cpu_count(logical=False) or 1
    siblings = {
        path.read_text() if path.exists() else str(core)
        for core in os.sched_getaffinity(0)
        for path in [Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")]
    }
    return max(1, len(siblings))


def save_packed(graph: Path, target: Path) -> None:
    """Write a graph as onnxruntime changes it for this processor, and its weights next to it, packed for the kernels.

    They hold for this version of onnxruntime and for processors with the same instructions. Raises SottoError.
    """
    options: Any = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.optimized_model_filepath = str(target)
    for name, value in {
        "session.optimized_model_external_initializers_file_name": f"{target.name}.data",
        "session.optimized_model_external_initializers_min_size_in_bytes": "1024",
        "session.save_external_prepacked_constant_initializers": "1",
    }.items():
        options.add_session_config_entry(name, value)
    try:
        _session(graph, options)
    except Exception as error:  # see Model
        raise SottoError(f"The model graph {graph} cannot be packed ({first_line(error)}).") from error


def _session(graph: Path, options: Any) -> Any:  # noqa: ANN401
    return ort.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])


def _session_options(num_threads: int, is_large: bool, is_packed: bool) -> Any:  # noqa: ANN401
    options: Any = ort.SessionOptions()
    if is_packed:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = num_threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # Threads that spin between the nodes of a pass save a large model time. Those that spin on after it burn a core
    # that the server needs for the answer, and ending that takes longer than a small model's whole pass.
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(is_large)))
    if is_large:
        options.add_session_config_entry("session.intra_op.spin_duration_us", "1000")
        options.add_session_config_entry("session.force_spinning_stop", "1")
    return options


def _ports(declared: Any) -> dict[str, Port]:  # noqa: ANN401
    return {str(each.name): Port(str(each.name), tuple(each.shape), str(each.type)) for each in declared}
