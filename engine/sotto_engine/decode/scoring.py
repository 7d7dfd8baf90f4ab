"""How probable a model finds given answers to one prompt: to rank answers that it did not generate.

Their rows go to a copy of the prompt's cache that is then thrown away: a later run finds nothing of them.
"""

from collections.abc import Sequence

import numpy as np

from sotto_engine.cache.kv_cache import KVCache
from sotto_engine.cancel import CancelFlag
from sotto_engine.decode.run import Steps
from sotto_engine.model.language_model import MIN_PREFILL, LanguageModel
from sotto_engine.prompt.shared_prefix import shared_prefix_length


def score_answers(
    model: LanguageModel,
    scratch: KVCache,
    prompt: Sequence[int],
    answers: Sequence[Sequence[int]],
    end_ids: np.ndarray,
    cancelled: CancelFlag,
) -> Steps[tuple[float, ...]]:
    """The natural-log probability of each answer's token ids and of an end after them, in the order given.

    scratch: a cache that holds `prompt` or the beginning of it; used up.
    end_ids: the tokens that may follow an answer that is complete.

    What answers share from the start is computed once: in the order of their ids each goes on from the one before.
    Raises PassCancelled.
    """
    scores = [0.0] * len(answers)
    before: Sequence[int] = ()
    logprobs: list[float] = []
    for number in sorted(range(len(answers)), key=lambda each: list(answers[each])):
        answer = answers[number]
        if len(prompt) + len(answer) > model.max_tokens:
            scores[number] = -np.inf
            continue
        shared = shared_prefix_length(list(before), list(answer))
        scratch.rewind(max(0, len(prompt) + shared - MIN_PREFILL))
        pending = [*prompt, *answer][len(scratch) :]
        rest = answer[shared:]
        rows = _log_softmax((yield from _forward(model, scratch, pending, cancelled, len(rest) + 1)))
        logprobs[shared:] = [float(row[token_id]) for row, token_id in zip(rows, rest, strict=False)]
        scores[number] = sum(logprobs) + float(np.log(np.exp(rows[-1][end_ids]).sum()))
        before = answer
    return tuple(scores)


def _forward(
    model: LanguageModel, cache: KVCache, token_ids: list[int], cancelled: CancelFlag, num_logits: int
) -> Steps[np.ndarray]:
    """The logits after the last `num_logits` tokens, in one pass where the graph gives as many."""
    yield 0.0
    if num_logits == 1 or not model.traits.only_last_logits:
        return model.forward(cache, token_ids, cancelled, num_logits)
    first = len(token_ids) - num_logits + 1
    logits = [model.forward(cache, token_ids[:first], cancelled)]
    for token_id in token_ids[first:]:
        yield 0.0
        logits.append(model.forward(cache, [token_id], cancelled))
    return np.concatenate(logits)


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    """float64, by row."""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
