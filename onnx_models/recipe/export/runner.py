"""Runs an export on shared KV buffers: past and present are one memory, a row is written once, in place."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

_MAX_ROWS = 2048


def open_session(path: Path, num_threads: int) -> ort.InferenceSession:
    """A CPU session as the engine opens it: threads that do not spin between two passes."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = num_threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


class Runner:
    """One session, one sequence. `buffers`: by input name, the rows [1, kv_heads, max_rows, head_dim]."""

    def __init__(self, path: Path, num_threads: int = 2, max_rows: int = _MAX_ROWS) -> None:
        self.session = open_session(path, num_threads)
        self.buffers: dict[str, NDArray[np.float32]] = {}
        self._binding = self.session.io_binding()
        self._owners = []  # an OrtValue must outlive the binding
        for slot in self.session.get_inputs():
            if slot.name.startswith("past_key_values."):
                _, num_heads, _, head_dim = slot.shape
                buffer = np.zeros((1, num_heads, max_rows, head_dim), np.float32)
                value = ort.OrtValue.ortvalue_from_numpy(buffer, "cpu", 0)
                self._binding.bind_ortvalue_input(slot.name, value)
                self._binding.bind_ortvalue_output(slot.name.replace("past_key_values", "present"), value)
                self.buffers[slot.name] = buffer
                self._owners.append(value)

    def forward(self, input_ids: list[int], position: int, num_logits: int = 1) -> NDArray[np.float32]:
        """Runs the ids at rows [position, position + len); returns the last logits [num_logits, vocab]."""
        binding = self._binding
        binding.bind_cpu_input("input_ids", np.array([input_ids], np.int64))
        binding.bind_cpu_input("attention_mask", np.ones((1, position + len(input_ids)), np.int64))
        binding.bind_cpu_input("num_logits", np.array([num_logits], np.int64))
        binding.bind_output("logits", "cpu")
        self.session.run_with_iobinding(binding)
        return binding.get_outputs()[-1].numpy()[0]

    def prefill(self, input_ids: list[int], position: int = 0, slice_size: int = 64) -> NDArray[np.float32]:
        """Runs the ids in slices; returns the logits [vocab] after the last one."""
        logits = np.empty((0, 0), np.float32)
        for start in range(0, len(input_ids), slice_size):
            chunk = input_ids[start : start + slice_size]
            logits = self.forward(chunk, position + start)
        return logits[-1]
