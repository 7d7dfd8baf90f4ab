"""From a place in a document to a suggestion, in two halves: the request before the engine, the text behind it."""

from dataclasses import dataclass

from sotto_engine.request import Completion, CompletionRequest, FinishReason, Sampling
from sotto_lsp.context.window import window
from sotto_lsp.filters import apply_filters
from sotto_lsp.filters.place import Place
from sotto_lsp.settings import Settings

WINDOW_CHARS = 8192
"""On each side of the cursor; more than the embedded model's context holds, little enough to tokenize per key."""


@dataclass(frozen=True)
class Suggestion:
    """What to show at the cursor ("" for nothing), and the filters that shortened it."""

    text: str
    reasons: tuple[str, ...]


def make_request(prefix: str, suffix: str, path: str, settings: Settings) -> CompletionRequest:
    """The question to the engine. `prefix` and `suffix` are the whole document on both sides of the cursor."""
    text = prefix + suffix
    before, after = window(text, len(prefix), WINDOW_CHARS)
    return CompletionRequest(
        prefix=before,
        suffix=after,
        path=path,
        max_tokens=settings.maxTokens,
        stop_at=settings.stop_at,
        sampling=Sampling(temperature=settings.temperature),
        deadline_ms=settings.budgetMs,
    )


def make_suggestion(completion: Completion, request: CompletionRequest, newline: str = "\n") -> Suggestion:
    """The completion filtered for its place, with the document's line ends."""
    is_cut_off = completion.finish_reason in (FinishReason.LENGTH, FinishReason.DEADLINE)
    filtered = apply_filters(completion.text, Place(request.prefix, request.suffix, is_cut_off))
    return Suggestion(filtered.text.replace("\n", newline), filtered.reasons)
