"""What the engine asks of a model: token ids in, logits out, the cache written in place."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from sotto_engine.cancel import CancelFlag
from sotto_engine.kv_cache import KVCache


class PassCancelled(Exception):  # noqa: N818 - not an error: the caller asked for it
    """A running pass was broken off; the cache is as it was before the pass."""


class LanguageModel(Protocol):
    """A causal model over one sequence. `Model` runs ONNX graphs; tests use one without weights."""

    @property
    def max_tokens(self) -> int:
        """Longest sequence, prompt and completion together."""
        ...

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
        """Compute `token_ids` behind what `cache` holds and append their rows to it.

        Returns the logits of the last `num_logits` tokens, float32 `[num_logits, vocab_size]`.
        Raises PassCancelled, with the cache unchanged, when the flag is set meanwhile.
        """
        ...
