"""From logits to the next token: plain functions, greedy or random with a seed."""

import dataclasses
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
    if sampling.first_rank:
        return _after_ranked_first(sampling)
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
    weights = logits - logits[token_id]
    np.exp(weights, out=weights)  # a large vocabulary's copy is worth saving
    return Choice(token_id, -float(np.log(weights.sum())))


def ranked(logits: np.ndarray, rank: int) -> Choice:
    """The token with `rank` more probable ones before it, or the last that is allowed."""
    num_allowed = int(np.count_nonzero(logits > -np.inf))
    place = min(rank, num_allowed - 1)
    token_id = int(np.argsort(-logits, kind="stable")[place])
    weights = np.exp((logits - logits.max()).astype(np.float64))
    return Choice(token_id, math.log(float(weights[token_id] / weights.sum())))


def _after_ranked_first(sampling: Sampling) -> Sampler:
    go_on = make_sampler(dataclasses.replace(sampling, first_rank=0))
    is_first = True

    def choose(logits: np.ndarray) -> Choice:
        nonlocal is_first
        if not is_first:
            return go_on(logits)
        is_first = False
        return ranked(logits, sampling.first_rank)

    return choose


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
