"""The protocol of a model: token ids in, logits out, the cache written in place."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sotto_engine.cache.kv_cache import KVCache
from sotto_engine.cancel import CancelFlag

MIN_PREFILL = 2
"""Tokens of the prompt that are always computed, in one pass: the attention kernel for a single token
rounds differently, so a prompt is never computed one token at a time."""

ATTENTION_TILE = 32
"""The attention kernel takes rows in tiles of twice the head's size: 32 for heads of 16, 128 for heads of 64.
A single row that is left over goes to the kernel for one row, so no pass of a prompt leaves one over 32."""


class PassCancelled(Exception):  # noqa: N818 - not an error: the caller asked for it
    """A running pass was broken off; the cache is as it was before the pass."""


@dataclass(frozen=True)
class ModelTraits:
    """What a model's cache costs and how it behaves; the same for every cache of the model."""

    cache_nbytes_per_token: int
    state_nbytes: int
    """Recurrent states: they do not grow, and only go back to checkpoints. 0 for attention alone."""
    writes_in_place: bool
    """False: every pass makes a copy of the whole cache."""
    limits_logits: bool
    """False: a prefill computes the logits of every token of the prompt, most of which are not used."""
    only_last_logits: bool = False
    """True: `forward` gives the logits of one token a pass."""


class LanguageModel(Protocol):
    """A causal model over one sequence. `Model` runs ONNX graphs; tests use one without weights."""

    @property
    def max_tokens(self) -> int:
        """Longest sequence, prompt and completion together."""
        ...

    @property
    def traits(self) -> ModelTraits: ...

    @property
    def num_threads(self) -> int:
        """Threads a pass runs on."""
        ...

    def new_cache(self) -> KVCache:
        """An empty cache in this model's layout."""
        ...

    def forward(
        self, cache: KVCache, token_ids: Sequence[int], cancelled: CancelFlag, num_logits: int = 1
    ) -> np.ndarray:
        """Compute `token_ids` after what `cache` holds and append their rows to it.

        Returns the logits of the last `num_logits` tokens, float32 `[num_logits, vocab_size]`.
        Raises PassCancelled, with the cache unchanged, when the flag is set meanwhile.
        """
        ...
