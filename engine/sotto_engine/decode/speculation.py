"""Speculation: the logits after each generated token, several from one pass where a draft was right.

Speculative decoding without a loss (Leviathan et al., arXiv 2211.17192), for greedy choice and sampling alike: what
is chosen depends on the logits only, and those of a drafted token count only once that very token has been chosen.
"""

import time
from collections.abc import Sequence
from functools import cached_property
from types import TracebackType
from typing import Self

import numpy as np

from sotto_engine.cache.kv_cache import KVCache
from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.drafts import Draft, Drafter
from sotto_engine.model.language_model import LanguageModel


class Speculation:
    """One decoding in progress. While it is open, the cache may hold rows of tokens that were not chosen.

    With a drafter every pass has two tokens at least. Such passes round as those of a prompt do (probe.py), so the
    rows of the chosen tokens stay in the cache. Without one they come from single-token passes and are dropped.
    """

    def __init__(
        self,
        model: LanguageModel,
        cache: KVCache,
        prompt_ids: Sequence[int],
        num_tokens: int,
        drafter: Drafter | None,
        cancelled: CancelFlag,
    ) -> None:
        """`cache` holds the prompt; at most `num_tokens` will be chosen."""
        self._model = model
        self._cache = cache
        self._prompt_ids = prompt_ids
        self._drafter = drafter
        self._cancelled = cancelled
        self._num_tokens = num_tokens
        self._chosen: list[int] = []
        self._draft: Draft | None = None
        self._num_right = 0
        self._logits = np.empty((0, 0), np.float32)

    def logits_after(self, token_id: int) -> np.ndarray:
        """The logits, `[vocab_size]`, after a token that was chosen after all the others. Raises PassCancelled."""
        self._chosen.append(token_id)
        if self._drafter is None:
            return self._forward([token_id])[0]
        drafted = self._draft.token_ids if self._draft else []
        if self._num_right < len(drafted) and drafted[self._num_right] == token_id:
            self._num_right += 1
            return self._logits[self._num_right]
        self._settle(is_wrong=True)
        room = max(1, self._num_tokens - len(self._chosen))
        draft = self._drafter.draft(np.concatenate([self._past, self._chosen]), room)
        start = time.perf_counter()
        self._logits = self._forward([token_id, *draft.token_ids])
        self._drafter.cost.add(1 + len(draft.token_ids), time.perf_counter() - start)
        self._draft = draft
        return self._logits[0]

    @cached_property
    def _past(self) -> np.ndarray:
        """int64, what may be looked through for drafts before anything was chosen: most answers end before."""
        return np.array(self._drafter.past(self._prompt_ids) if self._drafter else [], np.int64)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._drafter is None:
            self._cache.rewind(len(self._prompt_ids))
            return
        self._settle(is_wrong=False)
        self._drafter.remember(self._prompt_ids, self._chosen)

    def _forward(self, token_ids: list[int]) -> np.ndarray:
        return self._model.forward(self._cache, token_ids, self._cancelled, num_logits=len(token_ids))

    def _settle(self, *, is_wrong: bool) -> None:
        """Drop the rows of drafted tokens that were not chosen. `is_wrong`: another than the next one was."""
        if self._draft is None or self._drafter is None:
            return
        num_drafted = len(self._draft.token_ids)
        self._cache.rewind(len(self._cache) - num_drafted + self._num_right)
        num_tried = self._num_right + (is_wrong and self._num_right < num_drafted)
        self._drafter.learn(self._draft, self._num_right, num_tried)
        self._draft, self._num_right = None, 0
