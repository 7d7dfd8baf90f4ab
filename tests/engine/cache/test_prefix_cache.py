"""Taking, trimming, forking and evicting caches."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sotto_engine.cache.kv_cache import CacheTensor, KVCache
from sotto_engine.cache.prefix_cache import PrefixCache
from sotto_engine.prompt.shared_prefix import shared_prefix_length

LAYOUT = [CacheTensor("k", 2, 3, np.dtype(np.float32))]
TOKENS = st.lists(st.integers(0, 2), max_size=30)


def make_cache(token_ids=(), max_tokens=1024):
    cache = KVCache(LAYOUT, max_tokens)
    cache.reserve(max(1, len(token_ids)))
    cache.append(token_ids)
    for row, token_id in enumerate(token_ids):
        cache.tensors["k"][:, :, row] = token_id
    return cache


@given(TOKENS, TOKENS)
def test_shared_prefix_length_is_what_a_loop_finds(a, b):
    naive = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    assert shared_prefix_length(a, b) == naive


def test_growing_and_forking_copy_the_rows():
    cache = make_cache(range(200))
    cache.reserve(700)
    assert cache.capacity == 1024
    fork = cache.fork(100)
    assert fork.token_ids == list(range(100))
    assert np.array_equal(fork.tensors["k"][:, :, :100], cache.tensors["k"][:, :, :100])
    fork.tensors["k"][:] = -1
    assert cache.tensors["k"][0, 0, 50, 0] == 50


def test_cache_never_grows_beyond_the_context():
    cache = make_cache(max_tokens=300)
    cache.reserve(257)
    assert cache.capacity == 300
    with pytest.raises(ValueError, match="do not fit"):
        cache.reserve(301)


def test_longest_shared_prefix_is_taken_and_rewound():
    prefixes = PrefixCache(make_cache, 1 << 20)
    prefixes.put(make_cache([1] * 40 + [2] * 10))
    prefixes.put(make_cache([1] * 48))
    taken = prefixes.take([1] * 40 + [2] * 5 + [3])
    assert taken.token_ids == [1] * 40 + [2] * 5
    assert len(prefixes) == 1


def test_shared_rows_are_copied_and_the_other_place_keeps_its():
    prefixes = PrefixCache(make_cache, 1 << 20)
    prefixes.put(make_cache([1] * 20 + [2] * 200))
    assert prefixes.take([1] * 20 + [3] * 50).token_ids == [1] * 20
    assert prefixes.take([1] * 20 + [2] * 200).token_ids == [1] * 20 + [2] * 200


def test_least_recently_used_is_evicted_and_the_budget_holds():
    one = make_cache([1]).nbytes
    prefixes = PrefixCache(make_cache, 2 * one)
    for token in (1, 2, 3):
        prefixes.put(make_cache([token] * 20))
    assert prefixes.nbytes <= 2 * one
    assert len(prefixes.take([1] * 20)) == 0
    assert len(prefixes.take([2] * 20)) == 20
