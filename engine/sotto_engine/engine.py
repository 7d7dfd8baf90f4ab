"""The engine: from the text around a cursor to the text that belongs there.

Knows strings, token ids and a model; knows no URI, position, version or editor.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sotto_engine.cache.cache_store import CacheStore
from sotto_engine.cache.kv_cache import KVCache
from sotto_engine.cache.prefix_cache import PrefixCache
from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.drafts import Drafter
from sotto_engine.decode.run import CompletionRun, DeadlinePassed, Steps
from sotto_engine.decode.sampler import make_sampler
from sotto_engine.decode.scoring import score_answers
from sotto_engine.decode.speculation import Speculation
from sotto_engine.model.language_model import ATTENTION_TILE, MIN_PREFILL, LanguageModel, PassCancelled
from sotto_engine.prompt.builder import Prompt, PromptBuilder
from sotto_engine.request import Completion, FinishReason, Request

PREFILL_SLICE = 64
"""Tokens a prefill pass: the longest that a more urgent request has to wait."""
PREFILL_GRID = 32
"""Prompts are cut at multiples of so many tokens where a model's rows depend on the cuts; a key then computes what
was typed and up to so many tokens before it."""
CHAT = "chat"
"""What an instruct model is good for besides what its manifest says: ChatRequest."""
DEFAULT_CACHE_NBYTES = 256 << 20


@dataclass(frozen=True)
class EngineOptions:
    """How an engine caches and decodes."""

    cache_nbytes: int = DEFAULT_CACHE_NBYTES
    drafts: bool = True
    """Guess tokens from the text and check several in one pass, where that changes no answer."""
    min_probability: float = 0.0
    """The model's own, where a request names none."""
    prefill_grid: int = 1
    """1 if the rows of a prompt are the same however it is cut into passes (see probe.py)."""
    quick_tokens: int = 0
    """Prompt tokens that are read while a user waits for an answer; 0: any number."""
    slice_tokens: int = PREFILL_SLICE
    """Of a prefill pass, at most."""


class Engine:
    """A loaded model that completes text. One thread calls it; any thread may set a cancel flag.

    `complete`, `prefill` and `score` return steps: the caller runs one pass of the model after the other and decides
    which run is next. A run that is closed gives its cache back, as one that ends or is cancelled.
    """

    def __init__(
        self,
        model: LanguageModel,
        prompts: PromptBuilder,
        stop_ids: frozenset[int],
        options: EngineOptions = EngineOptions(),
        store: CacheStore | None = None,
    ) -> None:
        """`store`: where prompts are kept from one run to the next, if they are."""
        self.model = model
        self.prefill_grid = options.prefill_grid
        self.quick_tokens = options.quick_tokens
        self._slice_tokens = options.slice_tokens
        self._min_probability = options.min_probability
        self.tokenizer = prompts.tokenizer
        self._prompts = prompts
        self._stop_ids = stop_ids
        self._prefix_cache = PrefixCache(self._new_cache, options.cache_nbytes)
        self.store = store
        # A draft is checked in one pass and its wrong tokens forgotten: only where neither changes a row.
        traits = model.traits
        can_check = options.prefill_grid == 1 and not traits.state_nbytes and not traits.only_last_logits
        self._drafter = Drafter() if options.drafts and can_check else None

    def complete(
        self,
        request: Request,
        cancelled: CancelFlag,
        on_text: Callable[[str], None] | None = None,
    ) -> Steps[Completion]:
        """Fill in the middle, edit, or answer a chat.

        `on_text` gets the text piece by piece, whole code points, never taken back.

        A cancelled completion returns what it had, with the finish reason `cancelled`; the rows it computed
        stay in the cache, so the next request finds that work done.
        """
        run = CompletionRun(request, on_text, self._min_probability)
        prompt = self._prompts.build(request)
        cache = self._take(prompt)
        try:
            run.prompt_ready(len(prompt.token_ids), len(cache))
            if request.limits.only_read and 0 < self.quick_tokens < len(prompt.token_ids) - len(cache):
                return run.completion(FinishReason.UNREAD)
            logits = yield from self._prefill(cache, prompt, cancelled, run)
            run.prefill_done()
            while (rest_s := run.rest_s()) and not cancelled.is_set():
                yield rest_s
            run.decode_begins()
            reason = yield from self._decode(cache, logits, prompt, run, cancelled)
        except PassCancelled:
            reason = FinishReason.CANCELLED
        except DeadlinePassed:
            reason = FinishReason.DEADLINE
        finally:
            self._prefix_cache.put(cache)
        return run.completion(reason)

    def prefill(self, request: Request, cancelled: CancelFlag) -> Steps[int]:
        """Compute a request's prompt ahead of the request; how many tokens that took.

        It has no deadline; what was computed until it is cancelled stays in the cache.
        """
        prompt = self._prompts.build(request)
        return (yield from self._fill(self._take(prompt), prompt, cancelled))

    def prefill_next(self, request: Request, cancelled: CancelFlag) -> Steps[int]:
        """As `prefill`, for the probable next request at the latest request's place, which loses no row.

        A new line may move the anchor, a change below is a new suffix. Only where that is more than a pass of work.
        """
        prompt = self._prompts.build(request)
        if len(prompt.token_ids) - self._prefix_cache.shared(prompt.token_ids) <= PREFILL_SLICE:
            return 0
        cache = self._prefix_cache.take_next(prompt.token_ids)
        return (yield from self._fill(cache, prompt, cancelled))

    def _fill(self, cache: KVCache, prompt: Prompt, cancelled: CancelFlag) -> Steps[int]:
        """Compute what a cache lacks of a prompt; how many tokens that was."""
        num_cached = len(cache)
        try:
            if len(prompt.token_ids) - num_cached > MIN_PREFILL:  # else nothing is missing
                yield from self._prefill(cache, prompt, cancelled)
        except PassCancelled:
            pass
        finally:
            self._prefix_cache.put(cache)
        return len(cache) - num_cached

    def score(self, request: Request, texts: Sequence[str], cancelled: CancelFlag) -> Steps[tuple[float, ...]]:
        """The natural-log probability of each text as the whole answer to a request; nothing if it is cancelled.

        The prompt's rows stay in the cache; those of the texts are never in it.
        """
        prompt = self._prompts.build(request)
        cache = self._take(prompt)
        try:
            yield from self._prefill(cache, prompt, cancelled)
            scratch = cache.fork(len(prompt.token_ids))
            start = prompt.healed.decode()
            answers = [self.tokenizer.encode(start + text) for text in texts]
            ends = np.array(sorted({*self._stop_ids, *self.tokenizer.ids_extending(b"\n")}))
            scores = score_answers(self.model, scratch, prompt.token_ids, answers, ends, cancelled)
            return (yield from scores)
        except PassCancelled:
            return ()
        finally:
            self._prefix_cache.put(cache)

    def keep_prompts(self, must_stop: Callable[[], bool]) -> None:
        """Write the caches at rest to disk for the next start. `must_stop` is called every few milliseconds."""
        if self.store is not None:
            self.store.save(self._prefix_cache.recent(), must_stop)

    def _take(self, prompt: Prompt) -> KVCache:
        """The cache that has most of the prompt, without the tokens that are always computed."""
        if self.store is not None:
            num_known = self._prefix_cache.shared(prompt.token_ids)
            kept = self.store.read(prompt.token_ids, num_known, self._new_cache)
            if kept is not None:
                self._prefix_cache.put(kept)
        cache = self._prefix_cache.take(prompt.token_ids)
        cache.rewind(max(0, len(prompt.token_ids) - MIN_PREFILL))
        return cache

    def _new_cache(self) -> KVCache:
        cache = self.model.new_cache()
        cache.grid = self.prefill_grid
        return cache

    def _prefill(
        self, cache: KVCache, prompt: Prompt, cancelled: CancelFlag, run: CompletionRun | None = None
    ) -> Steps[np.ndarray]:
        """Compute what the cache lacks of the prompt, a slice a step; the logits after it, `[vocab_size]`."""
        while True:
            size = _choose_slice(cache, prompt, self._slice_tokens)
            next_ids = prompt.token_ids[len(cache) : len(cache) + size]
            logits = self.model.forward(cache, next_ids, cancelled)
            cache.checkpoint()
            if len(cache) == len(prompt.token_ids):
                return logits[0]
            if run is not None:
                run.check_deadline()
            yield 0.0

    def _decode(
        self, cache: KVCache, logits: np.ndarray, prompt: Prompt, run: CompletionRun, cancelled: CancelFlag
    ) -> Steps[FinishReason]:
        """Generate until a stop, a token a step; every token and its text go to `run`."""
        sample = make_sampler(run.request.sampling)
        healed = prompt.healed
        if healed:
            logits = self._keep_extending(logits, healed)
        num_tokens = min(run.request.limits.max_tokens, self.model.max_tokens - len(cache))
        with Speculation(self.model, cache, prompt.token_ids, num_tokens, self._drafter, cancelled) as speculation:
            choice = None
            for _ in range(num_tokens):
                if choice is not None:
                    yield 0.0
                    logits = speculation.logits_after(choice.token_id)
                run.check_deadline()
                choice = sample(logits)
                if choice.token_id in self._stop_ids:
                    return run.stop(choice)
                token_bytes = self.tokenizer.token_bytes(choice.token_id)[len(healed) :]
                healed = b""
                if (reason := run.add(choice, token_bytes)) is not None:
                    return reason
        return FinishReason.LENGTH

    def _keep_extending(self, logits: np.ndarray, healed: bytes) -> np.ndarray:
        """Token healing: forbid every first token that does not extend what was typed.

        After "Guidance" (Lundberg, 2023): back up by one token, constrain the next by its bytes.
        """
        allowed = self.tokenizer.ids_extending(healed)
        masked = np.full_like(logits, -np.inf)
        masked[allowed] = logits[allowed]
        return masked


def _choose_slice(cache: KVCache, prompt: Prompt, slice_tokens: int) -> int:
    """Tokens of the next prefill pass: one that cannot go back to any length stops at the prompt's boundaries."""
    remaining = len(prompt.token_ids) - len(cache)
    if cache.grid > 1:
        return min(cache.grid, remaining)
    size = min(slice_tokens, remaining)
    if cache.needs_checkpoints:
        ahead = (boundary - len(cache) for boundary in prompt.boundaries)
        size = min((num for num in ahead if MIN_PREFILL <= num <= min(size, remaining - MIN_PREFILL)), default=size)
    if remaining - size == 1:  # MIN_PREFILL holds for the last slice too
        size -= 1
    return size - MIN_PREFILL if size > 1 and size % ATTENTION_TILE == 1 else size
