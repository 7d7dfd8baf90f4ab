"""Passes whose rows do not depend on how a prompt is cut into them, found by trying the model.

Kernels for weights in blocks of more than 32 take rows in pairs on some CPUs: the last row of an odd pass is added up
in another order. One more row makes a pair of it.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sotto_engine.cache.kv_cache import KVCache
from sotto_engine.cancel import CancelFlag
from sotto_engine.model.language_model import LanguageModel, ModelTraits
from sotto_engine.model.probe import rows_look_exact
from sotto_engine.model_files.start_memory import StartMemory


class EvenPasses:
    """A model that computes one row more where a pass is odd, and forgets it.

    A pass of a single token stays one: the rows of such passes are never kept (speculation.py).
    """

    def __init__(self, model: LanguageModel) -> None:
        """For a cache that is written in place and goes back to any length, and logits of several tokens."""
        self._model = model

    @staticmethod
    def suit(traits: ModelTraits) -> bool:
        return traits.writes_in_place and not traits.state_nbytes and not traits.only_last_logits

    @property
    def max_tokens(self) -> int:
        """One less than the model's: the additional row needs a place."""
        return self._model.max_tokens - 1

    @property
    def traits(self) -> ModelTraits:
        return self._model.traits

    @property
    def num_threads(self) -> int:
        return self._model.num_threads

    def new_cache(self) -> KVCache:
        return self._model.new_cache()

    def forward(
        self, cache: KVCache, token_ids: Sequence[int], cancelled: CancelFlag, num_logits: int = 1
    ) -> np.ndarray:
        """See LanguageModel.forward."""
        if len(token_ids) == 1 or len(token_ids) % 2 == 0:
            return self._model.forward(cache, token_ids, cancelled, num_logits)
        logits = self._model.forward(cache, [*token_ids, token_ids[-1]], cancelled, num_logits + 1)
        cache.rewind(len(cache) - 1)
        return logits[:-1]


def make_rows_exact(model: LanguageModel, memory: StartMemory, files: Sequence[Path]) -> tuple[LanguageModel, bool]:
    """The model in the passes that make its rows exact, and whether any do; remembered for these files."""
    if memory.answer("exact rows", files, model.num_threads, lambda: rows_look_exact(model)):
        return model, True
    even = EvenPasses(model)
    if even.suit(model.traits) and memory.answer(
        "exact rows of even passes", files, model.num_threads, lambda: rows_look_exact(even)
    ):
        return even, True
    return model, False
