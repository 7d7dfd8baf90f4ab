"""Copies of a recurrent model's state at the lengths a cache may be asked to go back to.

Keys and values can be cut off at any row; a recurrent state (convolution, linear attention, state space) holds all
tokens at once and cannot forget the last one: going back means to restore a copy and to compute the rest again.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

States = dict[str, np.ndarray]


@dataclass(frozen=True)
class Checkpoint:
    """The state after the first `num_tokens` tokens."""

    num_tokens: int
    states: States

    @property
    def nbytes(self) -> int:
        return sum(state.nbytes for state in self.states.values())


class StateCheckpoints:
    """Checkpoints of one cache, by ascending length, bounded in bytes; the two longest always stay."""

    def __init__(self, max_nbytes: int) -> None:
        self._max_nbytes = max_nbytes
        self._taken: list[Checkpoint] = []

    @property
    def nbytes(self) -> int:
        return sum(checkpoint.nbytes for checkpoint in self._taken)

    @property
    def lengths(self) -> list[int]:
        return [taken.num_tokens for taken in self._taken]

    def arrays(self) -> Iterator[np.ndarray]:
        """The states of all checkpoints, one after the other."""
        for taken in self._taken:
            yield from taken.states.values()

    def add(self, num_tokens: int, states: States) -> None:
        """Copy the state of a cache that holds `num_tokens`, which no checkpoint may exceed."""
        if self._taken and self._taken[-1].num_tokens == num_tokens:
            return
        self._taken.append(Checkpoint(num_tokens, {name: state.copy() for name, state in states.items()}))
        while self.nbytes > self._max_nbytes and len(self._taken) > 2:
            self._drop_least_useful()

    def latest(self, num_tokens: int) -> Checkpoint | None:
        """The longest one of at most `num_tokens`."""
        fitting = (taken for taken in reversed(self._taken) if taken.num_tokens <= num_tokens)
        return next(fitting, None)

    def forget_after(self, num_tokens: int) -> None:
        """Drop those of more than `num_tokens`: what they were taken of is about to change."""
        self._taken = [taken for taken in self._taken if taken.num_tokens <= num_tokens]

    def copy_up_to(self, num_tokens: int) -> "StateCheckpoints":
        """The same checkpoints for a fork; their arrays are never written to and may be shared."""
        other = StateCheckpoints(self._max_nbytes)
        other._taken = [taken for taken in self._taken if taken.num_tokens <= num_tokens]
        return other

    def _drop_least_useful(self) -> None:
        """Drop the one whose loss costs the fewest tokens to be computed again."""
        lengths = [0, *(taken.num_tokens for taken in self._taken)]
        gaps = [lengths[i + 2] - lengths[i] for i in range(len(self._taken) - 2)]
        del self._taken[gaps.index(min(gaps))]
