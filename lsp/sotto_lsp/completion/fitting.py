"""From a completion to the suggestion that fits its place: filters, then line ends. Knows no engine."""

from dataclasses import dataclass

from sotto_engine.request import Completion, FillInRequest, FinishReason
from sotto_lsp.completion.filters import FILTERS
from sotto_lsp.completion.filters.surroundings import Surroundings
from sotto_lsp.documents.gap_text import Text
from sotto_lsp.documents.line_ends import find_line_end


@dataclass(frozen=True)
class Suggestion:
    """What to show at the cursor ("" for nothing), and the names of the filters that shortened it."""

    text: str
    reasons: tuple[str, ...]


def fit(completion: Completion, request: FillInRequest, document: Text = "") -> Suggestion:
    """The completion, filtered for the request's prefix and suffix, with the line ends of `document`."""
    is_cut_off = completion.finish_reason in (FinishReason.LENGTH, FinishReason.DEADLINE)
    fitted = apply_filters(completion.text, Surroundings(request.prefix, request.suffix, is_cut_off))
    return Suggestion(fitted.text.replace("\n", find_line_end(document)), fitted.reasons)


def apply_filters(text: str, around: Surroundings) -> Suggestion:
    """Run all filters in order; the first that drops the text ends it."""
    reasons: list[str] = []
    for filter_ in FILTERS:
        if not text:
            break
        shortened = filter_(text, around)
        if shortened != text:
            reasons.append(filter_.__name__)
        text = shortened
    return Suggestion(text, tuple(reasons))
