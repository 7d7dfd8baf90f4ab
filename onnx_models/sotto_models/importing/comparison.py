"""Two graphs of one model compared: do they give the same text, and which is faster here?"""

import statistics
import time
from dataclasses import dataclass

import numpy as np

from sotto_engine.cache.kv_cache import KVCache
from sotto_engine.cancel import CancelFlag
from sotto_engine.model.language_model import LanguageModel

_NUM_PROMPT = 48
_NUM_DECODED = 16
_NUM_ROUNDS = 3


@dataclass(frozen=True)
class Comparison:
    """Rates in tokens a second, medians of interleaved rounds; `logits_error` is |a - b| / |a|."""

    decode_rates: tuple[float, float]
    logits_error: float
    same_text: bool
    """Both decode the same tokens, greedily, after the same prompt."""


def compare_models(a: LanguageModel, b: LanguageModel, seed: int = 0) -> Comparison:
    """Prompt and rounds are the same for both, in turns: other work on the machine slows both."""
    prompt = np.random.default_rng(seed).integers(10, 250, _NUM_PROMPT).tolist()
    caches = [model.new_cache() for model in (a, b)]
    logits = [model.forward(cache, prompt, CancelFlag()) for model, cache in zip((a, b), caches, strict=True)]
    error = float(np.linalg.norm(logits[0] - logits[1]) / np.linalg.norm(logits[0]))
    rates: tuple[list[float], list[float]] = ([], [])
    texts: list[list[int]] = [[], []]
    for _ in range(_NUM_ROUNDS):
        for i, model in enumerate((a, b)):
            ids, rate = _decode(model, caches[i], int(logits[i][-1].argmax()))
            texts[i] += ids
            rates[i].append(rate)
    medians = statistics.median(rates[0]), statistics.median(rates[1])
    return Comparison(medians, error, texts[0] == texts[1])


def _decode(model: LanguageModel, cache: KVCache, token_id: int) -> tuple[list[int], float]:
    ids: list[int] = []
    start = time.perf_counter()
    for _ in range(_NUM_DECODED):
        ids.append(token_id)
        token_id = int(model.forward(cache, [token_id], CancelFlag())[-1].argmax())
    return ids, _NUM_DECODED / (time.perf_counter() - start)
