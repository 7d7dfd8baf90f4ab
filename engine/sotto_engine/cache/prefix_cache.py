"""PrefixCache: the KV caches of several prompts, so that going back to another file costs no prefill.

Not locked: only the scheduler's thread touches it.
"""

from collections.abc import Callable, Sequence

from sotto_engine.cache.kv_cache import KVCache
from sotto_engine.prompt.shared_prefix import shared_prefix_length

_WORTH_FORKING = 16
"""Shared tokens below which copying rows saves less than it costs."""
_WORTH_COPYING = 64
"""Tokens that an older cache may lack before a newer one's rows are copied instead: one pass."""


class PrefixCache:
    """Caches at rest, the least recently used first, bounded in bytes.

    A cache in use is taken out and given back, so that no two completions ever share one.
    """

    def __init__(self, new_cache: Callable[[], KVCache], max_nbytes: int) -> None:
        self._new_cache = new_cache
        self._max_nbytes = max_nbytes
        self._resting: list[KVCache] = []

    def __len__(self) -> int:
        return len(self._resting)

    @property
    def nbytes(self) -> int:
        return sum(cache.nbytes for cache in self._resting)

    def recent(self) -> list[KVCache]:
        """The caches at rest, the most recently used first. They stay where they are."""
        return self._resting[::-1]

    def shared(self, token_ids: Sequence[int]) -> int:
        """How many of these tokens `take` would not need to be computed."""
        return self._best(token_ids)[1]

    def take(self, token_ids: Sequence[int]) -> KVCache:
        """The cache that can go back to the longest prefix of `token_ids`, gone back to it; else an empty one.

        A cache that would lose most of its rows belongs to another place in the code: it stays, and the
        shared rows are copied.
        """
        best, shared = self._best(token_ids)
        if best is None or (shared < _WORTH_FORKING and shared < len(best) // 2):
            return self._new_cache()
        if shared < len(best) // 2:
            return best.fork(shared)
        self._resting.remove(best)
        best.rewind(shared)
        return best

    def take_next(self, token_ids: Sequence[int]) -> KVCache:
        """As `take`, but the cache that was used last keeps all its rows.

        An older one of the same place is used again, else rows are copied: a place that is edited has two.
        """
        if not self._resting:
            return self._new_cache()
        latest = self._resting.pop()
        older, shared = self._best(token_ids)
        self._resting.append(latest)
        length = latest.rewindable(shared_prefix_length(latest.token_ids, token_ids))
        # Before an anchor may stand less than half of a prompt; other places seldom share as much with this one.
        if older is None or shared < length - _WORTH_COPYING or shared < len(older) // 4:
            return latest.fork(length)
        self._resting.remove(older)
        older.rewind(shared)
        return older

    def put(self, cache: KVCache) -> None:
        """Give a cache back; the least recently used ones are dropped until all fit the budget."""
        if not len(cache):
            return
        self._resting.append(cache)
        while self._resting and self.nbytes > self._max_nbytes:
            self._resting.pop(0)

    def clear(self) -> None:
        self._resting.clear()

    def _best(self, token_ids: Sequence[int]) -> tuple[KVCache | None, int]:
        """The cache that can go back to the longest prefix, and that prefix's length."""
        best, shared = None, 0
        for cache in reversed(self._resting):
            length = cache.rewindable(shared_prefix_length(cache.token_ids, token_ids))
            if length > shared:
                best, shared = cache, length
        return best, shared
