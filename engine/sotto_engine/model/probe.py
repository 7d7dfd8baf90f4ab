"""Measurements of a loaded model on this machine: its speed, and whether its cache is exact."""

import statistics
import time
from dataclasses import dataclass

import numpy as np

from sotto_engine.cache.kv_cache import KVCache
from sotto_engine.cancel import CancelFlag
from sotto_engine.model.language_model import LanguageModel

_NUM_TOKENS = 192
_SLICE = 64
_NUM_DECODED = 24
_NUM_TRIED = 32


@dataclass(frozen=True)
class Speed:
    """Tokens a second at a short context."""

    prefill_tokens_per_s: float
    decode_tokens_per_s: float


def measure_speed(model: LanguageModel) -> Speed:
    """Medians over a few passes after one to warm up."""
    num_tokens = min(_NUM_TOKENS, model.max_tokens - _NUM_DECODED)
    _prefilled(model, _SLICE, num_tokens)
    prefill_s = statistics.median(_seconds_to_prefill(model, num_tokens) for _ in range(5))
    cache = _prefilled(model, _SLICE, num_tokens)
    steps: list[float] = []
    for _ in range(_NUM_DECODED):
        start = time.perf_counter()
        model.forward(cache, [1], CancelFlag())
        steps.append(time.perf_counter() - start)
    return Speed(num_tokens / prefill_s, 1 / statistics.median(steps))


def measure_prefill(model: LanguageModel) -> float:
    """Tokens a second that a prompt is read with: the better of two passes, after one to warm up."""
    _prefilled(model, _SLICE, _SLICE)
    return _SLICE / min(_seconds_to_prefill(model, _SLICE) for _ in range(2))


def rows_look_exact(model: LanguageModel) -> bool:
    """The same question as `rows_are_exact`, asked with a few dozen tokens, quick enough for every start.

    Small passes show the most: kernels change their way with the number of rows, a mixture of experts with the number
    of rows that go to one of them. Some take rows in pairs: an odd pass is among them.
    """
    return _cuts_make_no_difference(model, _NUM_TRIED, _NUM_TRIED, (2, 3))


def rows_are_exact(model: LanguageModel) -> bool:
    """Whether rows and logits are bit for bit the same however a prompt is cut into passes of two and more.

    Where it is true, a warm cache equals a cold one exactly.
    """
    return _cuts_make_no_difference(model, _NUM_TOKENS, _SLICE, (2, 3, 7))


def _cuts_make_no_difference(model: LanguageModel, num_tokens: int, size: int, other_sizes: tuple[int, ...]) -> bool:
    num_tokens = min(num_tokens, model.max_tokens)
    whole = _prefilled(model, size, num_tokens)
    return all(_same_rows(whole, _prefilled(model, other, num_tokens)) for other in other_sizes)


def _same_rows(a: KVCache, b: KVCache) -> bool:
    rows = all(
        np.array_equal(tensor[:, :, : len(a)], b.tensors[name][:, :, : len(b)]) for name, tensor in a.tensors.items()
    )
    return rows and all(np.array_equal(state, b.states[name]) for name, state in a.states.items())


def _prefilled(model: LanguageModel, size: int, num_tokens: int) -> KVCache:
    token_ids = make_tokens(num_tokens)
    cache = model.new_cache()
    while (remaining := num_tokens - len(cache)) > 0:
        take = remaining if remaining <= size + 1 else size
        model.forward(cache, token_ids[len(cache) : len(cache) + take], CancelFlag())
    return cache


def _seconds_to_prefill(model: LanguageModel, num_tokens: int) -> float:
    start = time.perf_counter()
    _prefilled(model, _SLICE, num_tokens)
    return time.perf_counter() - start


def make_tokens(num_tokens: int) -> list[int]:
    """Ids that every vocabulary has, in no order that a kernel could profit from."""
    return [int(token_id) for token_id in np.random.default_rng(0).integers(10, 250, num_tokens)]
