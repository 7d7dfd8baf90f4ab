"""From logits to the next token: plain functions, greedy or random with a seed."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sotto_engine.request import Sampling


class Choice(NamedTuple):
    """A chosen token and its natural-log probability under the distribution it was drawn from."""

    token_id: int
    logprob: float


Sampler = Callable[[np.ndarray], Choice]
"""float32 logits `[vocab_size]` -> Choice. Forbidden tokens have the logit -inf."""


def make_sampler(sampling: Sampling) -> Sampler:
    """The sampler for one completion; a random one starts from `sampling.seed` each time."""
    if sampling.temperature <= 0:
        return greedy
    random = np.random.default_rng(sampling.seed)

    def draw(logits: np.ndarray) -> Choice:
        probabilities = nucleus(logits, sampling)
        token_id = int(random.choice(len(probabilities), p=probabilities))
        return Choice(token_id, math.log(float(probabilities[token_id])))

    return draw


def greedy(logits: np.ndarray) -> Choice:
    """The most probable token; the lowest id among equals."""
    token_id = int(logits.argmax())
    shifted = logits - logits[token_id]
    return Choice(token_id, -float(np.log(np.exp(shifted).sum(dtype=np.float64))))


def nucleus(logits: np.ndarray, sampling: Sampling) -> np.ndarray:
    """Probabilities, float64 `[vocab_size]`, after temperature, then top-k, then top-p.

    Top-p keeps the smallest set of tokens whose probability reaches p (Holtzman et al., arXiv 1904.09751).
    """
    scaled = logits.astype(np.float64) / sampling.temperature
    weights = np.exp(scaled - scaled.max())
    order = np.argsort(-weights, kind="stable")[: sampling.top_k or None]
    cumulative = np.cumsum(weights[order])
    num_kept = 1 + int(np.count_nonzero(cumulative < sampling.top_p * cumulative[-1]))
    kept = order[:num_kept]
    probabilities = np.zeros(len(logits))
    probabilities[kept] = weights[kept] / cumulative[num_kept - 1]
    return probabilities
