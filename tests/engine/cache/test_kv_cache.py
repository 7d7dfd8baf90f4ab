"""Going back: to any length with rows only, to checkpoints with states."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sotto_engine.cache.kv_cache import CacheTensor, KVCache, StateTensor

INT64 = np.dtype(np.int64)


def make_cache(max_checkpoint_nbytes=1 << 10):
    return KVCache([CacheTensor("k", 1, 1, INT64)], 4096, [StateTensor("s", (1, 1), INT64)], max_checkpoint_nbytes)


def grow(cache, num_tokens):
    """Tokens 0, 1, 2, ...; the state is their sum."""
    start, end = len(cache), len(cache) + num_tokens
    cache.reserve(end)
    cache.next_states["s"][...] = sum(range(end))
    cache.append(range(start, end))


def test_rewind_of_a_state_goes_to_checkpoints_only():
    cache = make_cache()
    for num_tokens in (10, 10, 10):
        grow(cache, num_tokens)
        cache.checkpoint()
    grow(cache, 5)
    assert [cache.rewindable(n) for n in (35, 99, 34, 29, 20, 9)] == [35, 35, 30, 20, 20, 0]
    cache.rewind(29)
    assert len(cache) == 20 and cache.states["s"][0, 0] == sum(range(20))
    cache.rewind(9)
    assert len(cache) == 0 and cache.states["s"][0, 0] == 0


def test_rewind_to_the_present_length_keeps_the_state():
    cache = make_cache()
    grow(cache, 7)
    cache.rewind(7)
    cache.rewind(100)
    assert len(cache) == 7 and cache.states["s"][0, 0] == sum(range(7))


def test_fork_has_the_state_of_its_length_and_its_own_memory():
    cache = make_cache()
    for _ in range(3):
        grow(cache, 10)
        cache.checkpoint()
    fork = cache.fork(25)
    assert fork.token_ids == list(range(20)) and fork.states["s"][0, 0] == sum(range(20))
    grow(fork, 4)
    assert cache.states["s"][0, 0] == sum(range(30)) and fork.rewindable(23) == 20


@given(st.lists(st.integers(1, 40), min_size=1, max_size=40))
def test_checkpoints_are_bounded_and_the_newest_stays(steps):
    cache = make_cache(max_checkpoint_nbytes=5 * 8)
    for num_tokens in steps:
        grow(cache, num_tokens)
        cache.checkpoint()
    assert cache._checkpoints.nbytes <= 5 * 8
    grow(cache, 1)
    assert cache.rewindable(len(cache) - 1) == len(cache) - 1
    cache.rewind(len(cache) - 1)
    assert cache.states["s"][0, 0] == sum(cache.token_ids)


def test_rewind_without_states_goes_to_any_length():
    cache = KVCache([CacheTensor("k", 1, 1, INT64)], 4096)
    grow_rows = range(50)
    cache.append(grow_rows)
    assert [cache.rewindable(n) for n in (0, 1, 49, 50, 60)] == [0, 1, 49, 50, 50]
    assert not cache.needs_checkpoints
