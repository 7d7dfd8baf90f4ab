"""What a model says about some code, as text for people: short enough for a message, never half a sentence."""

import re

from sotto_engine.request import ChatRequest, Completion, EditRequest, FinishReason, Request
from sotto_lsp.actions.answer_code import without_thoughts
from sotto_lsp.actions.edit_answer import edit_answer

_MAX_CHARS = 1000
_SENTENCE = re.compile(r".*[.!?](?=\s|\Z)", re.DOTALL)


def explanation(completion: Completion, request: Request) -> str:
    """Empty where the model says nothing that is whole."""
    if isinstance(request, EditRequest):
        return edit_answer(completion, request).strip().strip('"')
    begins = request.answer_prefix if isinstance(request, ChatRequest) else ""
    said = without_thoughts(begins + completion.text).strip()
    is_whole = completion.finish_reason is FinishReason.STOP_ID and len(said) <= _MAX_CHARS
    if is_whole:
        return said
    sentences = _SENTENCE.match(said[:_MAX_CHARS])
    return sentences.group() if sentences and completion.finish_reason is not FinishReason.CANCELLED else ""
