"""KVCache: what a model computed for one token sequence, rows of keys and values and recurrent states.

Knows no run time: the buffers are numpy arrays, which a model binds as past and present.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sotto_engine.cache.checkpoints import StateCheckpoints, States

_FIRST_CAPACITY = 256
_CHECKPOINT_NBYTES = 64 << 20
"""For the checkpoints of one cache; a model of 3B active parameters takes about as much for a single one."""


@dataclass(frozen=True)
class CacheTensor:
    """A tensor that grows by a row a token: `[1, num_heads, capacity, head_dim]`."""

    name: str
    num_heads: int
    head_dim: int
    dtype: np.dtype[np.generic]


@dataclass(frozen=True)
class StateTensor:
    """A tensor of fixed shape that every pass replaces: a convolution's or a linear attention's state."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]


class KVCache:
    """A token sequence and what the model computed for it.

    `token_ids` is the key: row `i` of every growing tensor belongs to `token_ids[i]` after `token_ids[:i]`, and the
    states to all of them. Rows after `len(cache)` are stale and must never be read.

    The cache goes back to any multiple of `grid` if it has rows only, else to those where `checkpoint` was called:
    callers ask `rewindable`, whichever kind of model they have.
    """

    grid = 1
    """More than 1 for a model whose rows depend on how a prompt is cut into passes: the cuts must then lie where a
    cold cache would have them."""

    def __init__(
        self,
        layout: Sequence[CacheTensor],
        max_tokens: int,
        state_layout: Sequence[StateTensor] = (),
        max_checkpoint_nbytes: int = _CHECKPOINT_NBYTES,
    ) -> None:
        self._layout = tuple(layout)
        self._state_layout = tuple(state_layout)
        self._max_tokens = max_tokens
        self._max_checkpoint_nbytes = max_checkpoint_nbytes
        self._token_ids: list[int] = []
        self.capacity = 0
        self.tensors: dict[str, np.ndarray] = {}
        """By tensor name; replaced, never resized, when the cache grows."""
        self.states: States = self._zero_states()
        """After the last token; read by a pass."""
        self.next_states: States = self._zero_states()
        """Written by a pass. A pass that is broken off leaves `states` as they were."""
        self._checkpoints = StateCheckpoints(max_checkpoint_nbytes)
        self.reserve(1)

    def __len__(self) -> int:
        return len(self._token_ids)

    @property
    def token_ids(self) -> list[int]:
        """The computed tokens. Do not change the list: use `append` and `rewind`."""
        return self._token_ids

    @property
    def needs_checkpoints(self) -> bool:
        """Whether there are states, which only go back to checkpoints."""
        return bool(self._state_layout)

    @property
    def nbytes(self) -> int:
        """Bytes held: stale and unused rows, states and checkpoints included."""
        held = [*self.tensors.values(), *self.states.values(), *self.next_states.values()]
        return sum(array.nbytes for array in held) + self._checkpoints.nbytes

    @property
    def layout(self) -> list[list[list[object]]]:
        """Names, shapes and types of all tensors, as JSON has them; caches of the same layout can hold the same."""
        growing: list[list[object]] = [
            [spec.name, spec.num_heads, spec.head_dim, spec.dtype.str] for spec in self._layout
        ]
        states: list[list[object]] = [[spec.name, list(spec.shape), spec.dtype.str] for spec in self._state_layout]
        return [growing, states]

    @property
    def checkpoint_lengths(self) -> list[int]:
        """Where `checkpoint` was called and is remembered, ascending."""
        return self._checkpoints.lengths

    def arrays(self) -> Iterator[np.ndarray]:
        """All that was computed for `token_ids`, in a fixed order, as contiguous arrays: to be read, or written to in
        a cache that `lay_out` made ready."""
        for spec in self._layout:
            for head in self.tensors[spec.name][0]:
                yield head[: len(self)]
        yield from self.states.values()
        yield from self._checkpoints.arrays()

    def lay_out(self, token_ids: Sequence[int], checkpoint_lengths: Sequence[int]) -> None:
        """Make an empty cache one of these tokens, whose `arrays` have yet to be filled.

        Raises ValueError beyond the model's context length.
        """
        self.reserve(len(token_ids))
        self._token_ids = list(token_ids)
        for length in checkpoint_lengths:
            self._checkpoints.add(length, self.states)

    def append(self, token_ids: Sequence[int]) -> None:
        """Declare the rows after the current end and the next states computed, for exactly these tokens."""
        if len(self) + len(token_ids) > self.capacity:
            raise ValueError("rows were never reserved")
        self._token_ids.extend(token_ids)
        self.states, self.next_states = self.next_states, self.states

    def checkpoint(self) -> None:
        """Make the current length one that the cache can go back to; where every length is, do nothing."""
        if self.needs_checkpoints and len(self) % self.grid == 0:
            self._checkpoints.add(len(self), self.states)

    def rewindable(self, num_tokens: int) -> int:
        """The longest length of at most `num_tokens` that the cache can go back to."""
        length = min(num_tokens, len(self)) // self.grid * self.grid
        if length == len(self) or not self.needs_checkpoints:
            return length
        checkpoint = self._checkpoints.latest(length)
        return checkpoint.num_tokens if checkpoint else 0

    def rewind(self, num_tokens: int) -> None:
        """Go back to `rewindable(num_tokens)`. The rows stay in memory and are overwritten later."""
        length = self.rewindable(num_tokens)
        if length < len(self) and self.needs_checkpoints:
            self._checkpoints.forget_after(length)
            self._restore()
        del self._token_ids[length:]

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

    def adopt(self, tensors: dict[str, np.ndarray]) -> None:
        """Take over rows that a pass wrote elsewhere: all computed ones and those to be appended."""
        self.tensors = tensors
        self.capacity = min((array.shape[2] for array in tensors.values()), default=self.capacity)

    def fork(self, num_tokens: int) -> "KVCache":
        """A second cache that starts with a copy of the first `rewindable(num_tokens)` rows."""
        length = self.rewindable(num_tokens)
        other = KVCache(self._layout, self._max_tokens, self._state_layout, self._max_checkpoint_nbytes)
        other.grid = self.grid
        if length:
            other.reserve(length)
            other._copy_rows(self.tensors, length)
            other._token_ids = self._token_ids[:length]
            other._checkpoints = self._checkpoints.copy_up_to(length)
            if length == len(self):
                other._set_states(self.states)
            else:
                other._restore()
        return other

    def _zero_states(self) -> States:
        return {spec.name: np.zeros(spec.shape, spec.dtype) for spec in self._state_layout}

    def _restore(self) -> None:
        """Make the states those of the longest checkpoint."""
        longest = self._checkpoints.latest(self._max_tokens)
        self._set_states(longest.states if longest else self._zero_states())

    def _set_states(self, states: States) -> None:
        for name, state in self.states.items():
            state[...] = states[name]

    def _copy_rows(self, source: dict[str, np.ndarray], num_rows: int) -> None:
        for name, tensor in self.tensors.items():
            tensor[:, :, :num_rows] = source[name][:, :, :num_rows]
