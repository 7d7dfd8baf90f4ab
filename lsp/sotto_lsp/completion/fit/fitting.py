"""From the model's answer to the suggestion that keeps the document whole. Knows no engine."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sotto_engine.request import Completion, FinishReason
from sotto_lsp.completion.filters import apply_filters
from sotto_lsp.completion.fit.closers import fit_closers, read_balance
from sotto_lsp.completion.fit.place import Place
from sotto_lsp.completion.fit.silence import joins_words
from sotto_lsp.documents.indentation import fit_block_indentation
from sotto_lsp.syntax.languages.registry import syntax_of

_MAX_TRIES = 4
"""Of the guard, each some tenths of a millisecond."""
_CUT_AFTER = ")]},;\"'"
_CUT_BEFORE = _CUT_AFTER + "([{"
_WORD = re.compile(r"\w")
_NUM_QUOTES = 3


@dataclass(frozen=True)
class Suggestion:
    """What to show at the cursor, "" for nothing.

    num_replaced: characters after the cursor that it takes the place of.
    reasons: why it is less than the model said, by their codes.
    """

    text: str = ""
    num_replaced: int = 0
    reasons: tuple[str, ...] = ()


def fit(completion: Completion, place: Place, max_lines: int = 0) -> Suggestion:
    """The completion as an edit that fits the place, in the file's indentation and line ends.

    max_lines: 0 for any number.
    """
    around = replace(place.around, is_cut_off=completion.is_cut_off)
    answer = place.spelling.from_model(completion.text, around.line_prefix)
    answer = fit_block_indentation(answer, around.prefix, place.spelling.file)
    closed = fit_closers(answer, place.cursor, around.line_suffix, may_replace=place.may_replace)
    num_replaced = closed.num_replaced
    around = replace(around, suffix=around.suffix[num_replaced:])
    text, filtered = apply_filters(closed.text, around)
    reasons = [*closed.reasons, *filtered]
    if not completion.text.strip():
        reasons = ["unsure" if completion.finish_reason is FinishReason.UNSURE else "empty"]
    if max_lines and (cut := "\n".join(text.split("\n")[: max_lines + text.startswith("\n")])) != text:
        text = cut
        reasons.append("most-lines")
    if num_replaced and text.endswith(there := place.around.suffix[:num_replaced]):
        text, num_replaced = text.removesuffix(there), 0
    text += _end_docstring(place, text)
    guarded = find_whole(place, text, num_replaced)
    if guarded != text:
        text = guarded
        num_replaced = 0
        reasons.append("breaks-syntax")
    if text and (reason := _find_clash(place, text, place.around.line_suffix[num_replaced:])) is not None:
        return Suggestion("", 0, (*reasons, reason))
    return Suggestion((place.lead + text).replace("\n", place.line_end) if text else "", num_replaced, tuple(reasons))


def _find_clash(place: Place, text: str, line_suffix: str) -> str | None:
    """What goes on with a complete statement, or would be one word with the one after it."""
    if place.cursor.is_complete and not line_suffix.strip() and not text.startswith("\n"):
        return "complete-statement"
    return "middle-of-word" if joins_words(text, line_suffix) else None


def _end_docstring(place: Place, text: str) -> str:
    """The quotes that end a docstring which begins on the cursor's line, or in the text, and ends nowhere."""
    around = place.around
    quotes = next(iter(read_balance(text, place.cursor).needed), "")
    if len(quotes) < _NUM_QUOTES:
        return ""
    before, found, inside = (around.line_prefix + text).rpartition(quotes)
    indent = before[before.rfind("\n") + 1 :]
    is_open = found and not indent.strip() and _WORD.search(inside)
    if not is_open or around.line_suffix.strip() or around.suffix.count(quotes) % 2:
        return ""  # what is odd ends this one; what is even are the quotes of others
    return ("\n" + indent if "\n" in inside else "") + quotes


def find_whole(place: Place, text: str, num_replaced: int) -> str:
    """The longest beginning of the text after which the code around the cursor has no more errors than before."""
    around, syntax = place.around, syntax_of(place.language_id)
    if text and syntax.is_no_worse(around.prefix, around.suffix, text, num_replaced):
        return text
    for number, cut in enumerate(_beginnings(text)):
        if number < _MAX_TRIES and syntax.is_no_worse(around.prefix, around.suffix, cut, 0):
            return cut
    return ""


def _beginnings(text: str) -> Iterator[str]:
    """Whole lines, then parts of the first one that end before a bracket or after a closer, longest first."""
    lines = text.split("\n")
    for number in range(len(lines) - 1, 0, -1):
        if beginning := "\n".join(lines[:number]).rstrip():
            yield beginning
    first = lines[0] if lines[0].strip() else ""
    for end in range(len(first) - 1, 0, -1):
        if (first[end - 1] in _CUT_AFTER or first[end] in _CUT_BEFORE) and _WORD.search(first, 0, end):
            yield first[:end].rstrip()
