"""Sampling: greedy, temperature, top-k, top-p."""

import math

import numpy as np
import pytest

from sotto_engine.decode.sampler import greedy, make_sampler, nucleus
from sotto_engine.request import Sampling

LOGITS = np.log(np.array([0.5, 0.3, 0.15, 0.05], np.float32))


def test_greedy_takes_the_most_probable_and_knows_its_probability():
    choice = greedy(LOGITS)
    assert choice.token_id == 0
    assert math.exp(choice.logprob) == pytest.approx(0.5, rel=1e-5)


def test_forbidden_token_is_never_taken():
    masked = LOGITS.copy()
    masked[0] = -np.inf
    assert greedy(masked).token_id == 1
    assert math.exp(greedy(masked).logprob) == pytest.approx(0.6, rel=1e-5)
    draw = make_sampler(Sampling(temperature=2.0, seed=3))
    assert 0 not in {draw(masked).token_id for _ in range(200)}


def test_top_k_and_top_p_keep_the_head():
    assert np.count_nonzero(nucleus(LOGITS, Sampling(1.0, top_k=2))) == 2
    assert np.count_nonzero(nucleus(LOGITS, Sampling(1.0, top_p=0.79))) == 2
    assert np.count_nonzero(nucleus(LOGITS, Sampling(1.0, top_p=0.81))) == 3


def test_draws_follow_the_probabilities():
    draw = make_sampler(Sampling(temperature=1.0, seed=1))
    counts = np.bincount([draw(LOGITS).token_id for _ in range(4000)], minlength=4) / 4000
    assert counts == pytest.approx([0.5, 0.3, 0.15, 0.05], abs=0.03)


def test_ranked_first_token_is_followed_by_the_samplers_own():
    sample = make_sampler(Sampling(first_rank=2))
    first, second = sample(LOGITS), sample(LOGITS)
    assert (first.token_id, second.token_id) == (2, 0)
    assert math.exp(first.logprob) == pytest.approx(0.15, rel=1e-5)


def test_ranked_first_token_is_never_a_forbidden_one():
    logits = np.where([True, True, False, False], LOGITS, -np.inf)
    assert make_sampler(Sampling(first_rank=3))(logits).token_id == 1
