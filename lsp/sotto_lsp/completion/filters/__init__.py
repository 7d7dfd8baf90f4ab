"""Filters that make a raw completion fit to be shown: `(text, surroundings) -> text`, shortened; "" drops it.

Pure functions, applied in order. Their names are the reasons that `sotto.explainLast` shows.
"""

from collections.abc import Callable
from typing import NamedTuple

from sotto_lsp.completion.filters.blank import blank
from sotto_lsp.completion.filters.dedent import dedent
from sotto_lsp.completion.filters.duplicate_line import duplicate_line
from sotto_lsp.completion.filters.file_name_leak import file_name_leak
from sotto_lsp.completion.filters.invented_name import invented_name
from sotto_lsp.completion.filters.repeats_above import repeats_above
from sotto_lsp.completion.filters.repetition import repetition
from sotto_lsp.completion.filters.secret import secret
from sotto_lsp.completion.filters.suffix_overlap import suffix_overlap
from sotto_lsp.completion.filters.surroundings import Surroundings
from sotto_lsp.completion.filters.unfinished_line import unfinished_line

FILTERS: tuple[Callable[[str, Surroundings], str], ...] = (
    repetition,
    unfinished_line,
    dedent,
    suffix_overlap,
    duplicate_line,
    repeats_above,
    secret,
    invented_name,
    file_name_leak,
    blank,
)


class Filtered(NamedTuple):
    """What is left of a text, and the codes of the filters that shortened it."""

    text: str
    reasons: tuple[str, ...]


def apply_filters(text: str, around: Surroundings, *, is_action: bool = False) -> Filtered:
    """Run all filters in order; the first that drops the text ends it.

    is_action: an answer that takes the place of lines may be like the one above them.
    """
    reasons: list[str] = []
    for filter_ in FILTERS:
        if is_action and filter_ is repeats_above:
            continue
        if not text:
            break
        shortened = filter_(text, around)
        if shortened != text:
            reasons.append(filter_.__name__.replace("_", "-"))
        text = shortened
    return Filtered(text, tuple(reasons))
