"""What a model says about some code, as text for people: short enough for a message, never half a sentence."""

import re

from sotto_engine.request import Completion, FinishReason
from sotto_lsp.actions.answer_code import without_thoughts

_MAX_CHARS = 1000
_SENTENCE = re.compile(r".*[.!?](?=\s|\Z)", re.DOTALL)


def explanation(completion: Completion) -> str:
    """Empty where the model says nothing that is whole."""
    said = without_thoughts(completion.text).strip()
    is_whole = completion.finish_reason is FinishReason.STOP_ID and len(said) <= _MAX_CHARS
    if is_whole:
        return said
    sentences = _SENTENCE.match(said[:_MAX_CHARS])
    return sentences.group() if sentences and completion.finish_reason is not FinishReason.CANCELLED else ""
