"""An ONNX graph run on the CPU with its KV cache in place; the only file that imports onnxruntime.

The graph's attention must be GroupQueryAttention, which takes past and present in one buffer: a pass over
tokens at position p then reads rows before p and writes rows from p on, and rewinding is calling it again
with a smaller p.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

# The wheels of onnxruntime 1.32 write a device id and an event database into the user's cache folder as soon as
# a session is made, to be sent to their maker. This switch, read at import, is the one that prevents both.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime  # pyright: ignore[reportMissingTypeStubs]

from sotto_engine.cancel import CancelFlag
from sotto_engine.errors import SottoError
from sotto_engine.kv_cache import CacheTensor, KVCache
from sotto_engine.language_model import PassCancelled

ort: Any = onnxruntime  # ships no types
ort.disable_telemetry_events()  # what the builds for Windows look at

_DTYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(int8)": np.int8}


@dataclass
class _Binding:
    """A cache's tensors bound to the session, valid while the cache has this capacity."""

    io: Any
    capacity: int
    keep_alive: list[Any]


class Model:
    """One session over one graph. One thread runs passes; any thread may set a cancel flag."""

    def __init__(self, graph: Path, max_tokens: int, num_threads: int = 0) -> None:
        """Load a graph; `num_threads=0` takes one thread a physical core.

        Raises SottoError if the file cannot be loaded or is not a graph of the kind described above.
        """
        self._max_tokens = max_tokens
        self._num_threads = num_threads or num_physical_cores()
        try:
            self._session: Any = ort.InferenceSession(
                str(graph), _session_options(self._num_threads), providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime raises a type of its own for every kind of failure
            reason = str(error).splitlines()[0]
            raise SottoError(
                f"The model graph {graph} cannot be loaded ({reason}); install the model again."
            ) from error
        inputs = {value.name: value for value in self._session.get_inputs()}
        outputs = {value.name: value for value in self._session.get_outputs()}
        self._has_num_logits = "num_logits" in inputs
        self._layout = [
            _cache_tensor(graph, value)
            for name, value in inputs.items()
            if name not in ("input_ids", "attention_mask", "num_logits")
        ]
        if "logits" not in outputs or not self._layout:
            raise SottoError(
                f"The model graph {graph} has no logits or no KV cache; export it as a decoder with past."
            )
        self.vocab_size = int(outputs["logits"].shape[-1])
        self._ones = np.ones((1, max_tokens), np.int64)
        self._bindings: WeakKeyDictionary[KVCache, _Binding] = WeakKeyDictionary()

    @property
    def max_tokens(self) -> int:
        return self._max_tokens

    @property
    def num_threads(self) -> int:
        return self._num_threads

    def new_cache(self) -> KVCache:
        return KVCache(self._layout, self._max_tokens)

    def forward(
        self, cache: KVCache, token_ids: Sequence[int], cancelled: CancelFlag, num_logits: int = 1
    ) -> np.ndarray:
        """See LanguageModel.forward. Rows computed before a cancelled pass stay intact."""
        total = len(cache) + len(token_ids)
        cache.reserve(total)
        binding = self._binding(cache)
        ids = np.array([token_ids], np.int64)
        mask = self._ones[:, :total]
        binding.io.bind_ortvalue_input("input_ids", ort.OrtValue.ortvalue_from_numpy(ids))
        binding.io.bind_ortvalue_input("attention_mask", ort.OrtValue.ortvalue_from_numpy(mask))
        num_rows = len(token_ids)
        if self._has_num_logits:
            num_rows = num_logits
            count = np.array([num_logits], np.int64)
            binding.io.bind_ortvalue_input("num_logits", ort.OrtValue.ortvalue_from_numpy(count))
        logits = np.empty((1, num_rows, self.vocab_size), np.float32)
        binding.io.bind_ortvalue_output("logits", ort.OrtValue.ortvalue_from_numpy(logits))
        self._run(binding.io, cancelled)
        cache.append(token_ids)
        return logits[0, -num_logits:]

    def _run(self, io: Any, cancelled: CancelFlag) -> None:  # noqa: ANN401
        options: Any = ort.RunOptions()

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
        """The cache's tensors bound as past and as present: the same memory, written in place."""
        binding = self._bindings.get(cache)
        if binding is None or binding.capacity != cache.capacity:
            io: Any = self._session.io_binding()
            values: list[Any] = []
            for spec in self._layout:
                value: Any = ort.OrtValue.ortvalue_from_numpy(cache.tensors[spec.name])
                io.bind_ortvalue_input(spec.name, value)
                io.bind_ortvalue_output(spec.name.replace("past_key_values", "present"), value)
                values.append(value)
            binding = self._bindings[cache] = _Binding(io, cache.capacity, values)
        return binding


def num_physical_cores() -> int:
    """Physical cores this process may use; hyper-threads share the units that a matrix product needs."""
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
    siblings = {
        path.read_text() if path.exists() else str(core)
        for core in usable
        for path in [Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")]
    }
    return max(1, len(siblings))


def _session_options(num_threads: int) -> Any:  # noqa: ANN401
    options: Any = ort.SessionOptions()
    options.intra_op_num_threads = num_threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # Spinning threads win a little between the nodes of a pass and burn a core between passes
    # (docs/benchmarks.md): an editor's helper must not.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _cache_tensor(graph: Path, value: Any) -> CacheTensor:  # noqa: ANN401
    shape: list[Any] = list(value.shape)
    is_growing = len(shape) == 4 and not isinstance(shape[2], int)
    if not is_growing or not isinstance(shape[3], int) or value.type not in _DTYPES:
        raise SottoError(
            f"The model graph {graph} has the input {value.name!r} of shape {shape}, which this version of "
            "Sotto cannot feed; export the model with GroupQueryAttention and shared KV buffers."
        )
    return CacheTensor(str(value.name), int(shape[1]), int(shape[3]), np.dtype(_DTYPES[value.type]))
