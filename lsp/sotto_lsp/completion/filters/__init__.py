"""What makes a raw completion fit to be shown: small pure functions, applied in order.

A filter takes the text and where it stands and returns the text, shortened, or "" to drop it. The names of
those that changed something are the reasons that `sotto complete --json` and the debug log show.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sotto_lsp.completion.filters.blank import blank
from sotto_lsp.completion.filters.dedent import dedent
from sotto_lsp.completion.filters.duplicate_line import duplicate_line
from sotto_lsp.completion.filters.place import Place
from sotto_lsp.completion.filters.repetition import repetition
from sotto_lsp.completion.filters.suffix_overlap import suffix_overlap
from sotto_lsp.completion.filters.unfinished_line import unfinished_line

Filter = Callable[[str, Place], str]

FILTERS: tuple[Filter, ...] = (
    repetition,
    unfinished_line,
    dedent,
    suffix_overlap,
    duplicate_line,
    blank,
)


@dataclass(frozen=True)
class Filtered:
    """The text to show ("" for nothing) and the names of the filters that changed it."""

    text: str
    reasons: tuple[str, ...]


def apply_filters(text: str, place: Place) -> Filtered:
    """Run all filters; the first that drops the text ends it."""
    reasons: list[str] = []
    for filter_ in FILTERS:
        if not text:
            break
        shortened = filter_(text, place)
        if shortened != text:
            reasons.append(filter_.__name__)
        text = shortened
    return Filtered(text, tuple(reasons))
