"""The keys and values of one token sequence, in buffers that are written in place.

Knows no run time: the buffers are numpy arrays, which a model binds as past and present at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_FIRST_CAPACITY = 256


@dataclass(frozen=True)
class CacheTensor:
    """One growing tensor of a model's cache: `[1, num_heads, capacity, head_dim]`."""

    name: str
    num_heads: int
    head_dim: int
    dtype: np.dtype[np.generic]


class KVCache:
    """A token sequence and, row for row, what the model computed for it.

    `token_ids` is the key: row `i` of every tensor belongs to `token_ids[i]` after `token_ids[:i]`.
    Rows behind `len(cache)` are stale and must never be read; models attend to `len(cache)` rows only.
    """

    def __init__(self, layout: Sequence[CacheTensor], max_tokens: int) -> None:
        self._layout = tuple(layout)
        self._max_tokens = max_tokens
        self._token_ids: list[int] = []
        self.capacity = 0
        self.tensors: dict[str, np.ndarray] = {}
        """By tensor name; replaced, never resized, when the cache grows."""
        self.reserve(1)

    def __len__(self) -> int:
        return len(self._token_ids)

    @property
    def token_ids(self) -> list[int]:
        """The computed tokens. Do not change the list: use `append` and `trim`."""
        return self._token_ids

    @property
    def nbytes(self) -> int:
        """Bytes held, stale and unused rows included."""
        return sum(tensor.nbytes for tensor in self.tensors.values())

    def append(self, token_ids: Sequence[int]) -> None:
        """Declare the rows behind the current end computed, for exactly these tokens."""
        if len(self) + len(token_ids) > self.capacity:
            raise ValueError("rows were never reserved")
        self._token_ids.extend(token_ids)

    def trim(self, num_tokens: int) -> None:
        """Rewind to the first `num_tokens` tokens. The rows stay in memory and are overwritten later."""
        del self._token_ids[num_tokens:]

    def reserve(self, num_tokens: int) -> None:
        """Make room for `num_tokens` in all, doubling the capacity; the computed rows are copied.

        Raises ValueError beyond the model's context length.
        """
        if num_tokens <= self.capacity:
            return
        if num_tokens > self._max_tokens:
            raise ValueError(f"{num_tokens} tokens do not fit a context of {self._max_tokens}")
        capacity = max(self.capacity, _FIRST_CAPACITY)
        while capacity < num_tokens:
            capacity *= 2
        self.capacity = min(capacity, self._max_tokens)
        old = self.tensors
        self.tensors = {
            spec.name: np.empty((1, spec.num_heads, self.capacity, spec.head_dim), spec.dtype)
            for spec in self._layout
        }
        if old:
            self._copy_rows(old, len(self))

    def fork(self, num_tokens: int) -> "KVCache":
        """A second cache that starts with a copy of the first `num_tokens` rows."""
        other = KVCache(self._layout, self._max_tokens)
        if num_tokens:
            other.reserve(num_tokens)
            other._copy_rows(self.tensors, num_tokens)
            other.append(self._token_ids[:num_tokens])
        return other

    def _copy_rows(self, source: dict[str, np.ndarray], num_rows: int) -> None:
        for name, tensor in self.tensors.items():
            tensor[:, :, :num_rows] = source[name][:, :, :num_rows]
