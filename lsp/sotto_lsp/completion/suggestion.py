"""From a place in a document to a suggestion, in two halves: the request before the engine, the text behind it."""

from dataclasses import dataclass

from sotto_engine.decode.stop import opens_block
from sotto_engine.request import Completion, FillInRequest, FinishReason, Limits, Sampling, StopAt
from sotto_lsp.completion.filters import apply_filters
from sotto_lsp.completion.filters.place import Place
from sotto_lsp.documents.gap_text import Text
from sotto_lsp.documents.line_ends import find_line_end
from sotto_lsp.documents.window import WINDOW_CHARS, window
from sotto_lsp.settings import Settings

_LINE_SHARE = 0.25
"""Of the budget, after which a block ends with the line that it is in."""


@dataclass(frozen=True)
class Suggestion:
    """What to show at the cursor ("" for nothing), and the filters that shortened it."""

    text: str
    reasons: tuple[str, ...]


def make_request(
    document: Text, offset: int, path: str, settings: Settings, *, is_invoked: bool = False
) -> FillInRequest:
    """The question to the engine: what belongs at `offset`, in characters, of the document?

    A user who asks (`is_invoked`) sees the best there is; unasked, only what is likely enough.
    """
    before, after = window(document, offset, WINDOW_CHARS)
    limits = Limits(
        max_tokens=settings.maxTokens,
        stop_at=_stop_at(before, after, settings),
        deadline_ms=settings.budgetMs,
        line_deadline_ms=settings.budgetMs * _LINE_SHARE,
        min_probability=0.0 if is_invoked else settings.minProbability,
    )
    return FillInRequest(before, after, path, sampling=Sampling(settings.temperature), limits=limits)


def make_suggestion(completion: Completion, request: FillInRequest, document: Text = "") -> Suggestion:
    """The completion filtered for its place, with the line ends that `document` has."""
    is_cut_off = completion.finish_reason in (FinishReason.LENGTH, FinishReason.DEADLINE)
    filtered = apply_filters(completion.text, Place(request.prefix, request.suffix, is_cut_off))
    return Suggestion(filtered.text.replace("\n", find_line_end(document)), filtered.reasons)


def _stop_at(prefix: str, suffix: str, settings: Settings) -> StopAt:
    """A block where a new line begins or a block was opened; elsewhere the rest of the line is what is wanted."""
    line_prefix = prefix[prefix.rfind("\n") + 1 :]
    line_suffix = suffix.split("\n", 1)[0]
    begins = not line_prefix.strip() or opens_block(line_prefix)
    is_block = settings.multiline and begins and not line_suffix.strip()
    return StopAt.BLOCK if is_block else StopAt.LINE
