"""Filters that make a raw completion fit to be shown: `(text, surroundings) -> text`, shortened; "" drops it.

Pure functions, applied in order. Their names are the reasons that `sotto complete --json` shows.
"""

from collections.abc import Callable

from sotto_lsp.completion.filters.blank import blank
from sotto_lsp.completion.filters.dedent import dedent
from sotto_lsp.completion.filters.duplicate_line import duplicate_line
from sotto_lsp.completion.filters.repetition import repetition
from sotto_lsp.completion.filters.suffix_overlap import suffix_overlap
from sotto_lsp.completion.filters.surroundings import Surroundings
from sotto_lsp.completion.filters.unfinished_line import unfinished_line

FILTERS: tuple[Callable[[str, Surroundings], str], ...] = (
    repetition,
    unfinished_line,
    dedent,
    suffix_overlap,
    duplicate_line,
    blank,
)
