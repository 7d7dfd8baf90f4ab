"""The speed class of a model on a machine: fixed when it is loaded, and the same at every start."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sotto_engine.model.language_model import LanguageModel
from sotto_engine.model.probe import measure_prefill
from sotto_engine.model_files.start_memory import StartMemory

_SPEEDS = (3000, 1000, 300, 100, 30)
"""Tokens a second that a prompt is read with: the least of each class."""
_SLOWEST = 10
_WAIT_S = 0.3
"""That a user may wait for a prompt to be read; the answer's own tokens come on top."""
_WINDOW_S = 8.0
"""In which a place's whole window is read."""
_PASS_S = 0.1
"""That a more urgent request may wait for a pass to end."""
_MIN_SLICE, _MAX_SLICE = 16, 64


@dataclass(frozen=True)
class SpeedClass:
    """tokens_per_s: at least so many of a prompt; 0 for a model that is so small that nobody waits for it."""

    tokens_per_s: int = 0

    @property
    def quick_tokens(self) -> int:
        """That are read while a user waits; 0: any number."""
        return 0 if self.tokens_per_s in (0, _SPEEDS[0]) else int(self.tokens_per_s * _WAIT_S)

    @property
    def window_tokens(self) -> int:
        """Of a prompt that fills in; 0: as many as the model's context has."""
        return int(self.tokens_per_s * _WINDOW_S)

    @property
    def slice_tokens(self) -> int:
        """Of a pass that reads a prompt."""
        size = int(self.tokens_per_s * _PASS_S) or _MAX_SLICE
        return max(_MIN_SLICE, min(_MAX_SLICE, size - size % 2))


def find_speed_class(model: LanguageModel, memory: StartMemory, files: Sequence[Path]) -> SpeedClass:
    """Measured once for these files and this machine, and remembered: a prompt's window must not change by chance."""

    @cache
    def measure() -> float:
        return measure_prefill(model)

    for speed in _SPEEDS:
        question = f"reads {speed} tokens a second"
        if memory.answer(question, files, model.num_threads, lambda least=speed: measure() >= least):
            return SpeedClass(speed)
    return SpeedClass(_SLOWEST)
