"""A model and a tokenizer without weights, on which the whole engine runs."""

from dataclasses import replace

import numpy as np
import tokenizers
from tokenizers import decoders, models, pre_tokenizers

from sotto_engine.cache.kv_cache import CacheTensor, KVCache, StateTensor
from sotto_engine.engine import Engine, EngineOptions
from sotto_engine.model.language_model import ModelTraits, PassCancelled
from sotto_engine.prompt.builder import PromptBuilder
from sotto_engine.prompt.fim import find_template
from sotto_engine.prompt.tokenizer import Tokenizer
from sotto_engine.request import FimOrder

CONTROL = [
    "<|endoftext|>",
    "<|fim_prefix|>",
    "<|fim_suffix|>",
    "<|fim_middle|>",
    "<|fim_pad|>",
    "<|repo_name|>",
    "<|file_sep|>",
    "<|im_end|>",
]
MERGES = [
    ("r", "e"), ("t", "u"), ("re", "tu"), ("r", "n"), ("retu", "rn"), ("s", "e"), ("l", "f"),
    ("se", "lf"), ("self", "."), ("Ġ", "="), ("Ġ", "return"), ("Ċ", "ĠĠĠĠ"), ("Ġ", "Ġ"), ("ĠĠ", "ĠĠ"),
]  # fmt: skip


def make_tokenizer(merges=MERGES):
    """All 256 bytes, a few merges that make words, and the control tokens of Qwen."""
    vocabulary = {token: i for i, token in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    merges = sorted(merges, key=lambda pair: len(pair[0] + pair[1]))
    for left, right in merges:
        vocabulary.setdefault(left + right, len(vocabulary))
    backend = tokenizers.Tokenizer(models.BPE(vocabulary, merges))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.decoder = decoders.ByteLevel()
    backend.add_tokens([tokenizers.AddedToken(text, special=False) for text in CONTROL])
    return Tokenizer(backend)


class FakeModel:
    """The next token depends on every token before it, through rows that it reads back from the cache.

    A stale row, a wrong key or a row lost in growing or copying changes what comes next.
    """

    def __init__(self, vocab_size, max_tokens=2048, favourites=()):
        self.vocab_size = vocab_size
        self.max_tokens = max_tokens
        self.num_threads = 1
        self.traits = ModelTraits(8, 0, writes_in_place=True, limits_logits=True)
        self.favourites = list(favourites)
        self.num_computed = 0
        self.passes = []
        self.before_pass = lambda: None

    def new_cache(self):
        return KVCache([CacheTensor("state", 1, 1, np.dtype(np.int64))], self.max_tokens)

    def forward(self, cache, token_ids, cancelled, num_logits=1):
        self.before_pass()
        if cancelled.is_set():
            raise PassCancelled
        start = len(cache)
        cache.reserve(start + len(token_ids))
        rows = cache.tensors["state"][0, 0, :, 0]
        for i, token_id in enumerate(token_ids, start):
            # every earlier row takes part, as in attention, not only the last one
            seen = int(rows[:i].sum() % 1_000_003) if i else 17
            rows[i] = (seen * 31 + token_id * 7919 + i) % 1_000_003
        cache.append(token_ids)
        self.num_computed += len(token_ids)
        self.passes.append(len(token_ids))
        ends = range(start + len(token_ids) - num_logits, start + len(token_ids))
        return np.stack([self._logits(int(rows[: end + 1].sum())) for end in ends])

    def _logits(self, state):
        logits = np.random.default_rng(state).standard_normal(self.vocab_size).astype(np.float32)
        for token_id in self.favourites:
            logits[token_id] += 3
        return logits


class FakeRecurrentModel(FakeModel):
    """Besides the rows there is a state that every token goes into and none can be taken out of."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.traits = replace(self.traits, state_nbytes=8)

    def new_cache(self):
        rows, state = (
            CacheTensor("state", 1, 1, np.dtype(np.int64)),
            StateTensor("sum", (1,), np.dtype(np.int64)),
        )
        return KVCache([rows], self.max_tokens, [state], max_checkpoint_nbytes=40)

    def forward(self, cache, token_ids, cancelled, num_logits=1):
        before = int(cache.states["sum"][0])
        rows = super().forward(cache, token_ids, cancelled, num_logits)
        state = before
        for token_id in token_ids:
            state = (state * 31 + token_id + 1) % 1_000_003
        cache.states["sum"][0] = state  # `append` has made the next states the current ones
        return rows + np.roll(rows, state, axis=1)


class FakeCutModel(FakeRecurrentModel):
    """Its rows depend on how a prompt is cut into passes, as a mixture of experts' do."""

    def forward(self, cache, token_ids, cancelled, num_logits=1):
        logits = super().forward(cache, token_ids, cancelled, num_logits)
        cache.states["sum"][0] += len(token_ids) % 3
        return np.roll(logits, cache.states["sum"][0], axis=1)


def make_engine(
    order=FimOrder.SUFFIX_FIRST,
    max_tokens=2048,
    cache_nbytes=1 << 24,
    merges=MERGES,
    make_model=FakeModel,
    grid=1,
    drafts=True,
    store=None,
    **options,
):
    """An engine over the fakes; `engine.model` counts what it computes."""
    tokenizer = make_tokenizer(merges)
    template = find_template("qwen", tokenizer)
    letters = [tokenizer.encode(text)[0] for text in ("a", "b", "=", "\n", " ", "(")]
    model = make_model(tokenizer.vocab_size, max_tokens, letters)
    prompts = PromptBuilder(tokenizer, template, order, max_tokens, header=False)
    stop_ids = frozenset(tokenizer.control_id(text) for text in CONTROL)
    engine_options = EngineOptions(cache_nbytes, drafts, prefill_grid=grid, **options)
    return Engine(model, prompts, stop_ids, engine_options, store)
