"""Silence: places where nothing is suggested, found before the model is asked. Pure functions."""

import re

from sotto_lsp.completion.fit.place import Place
from sotto_lsp.context.names import names_nobody
from sotto_lsp.documents.indentation import leading
from sotto_lsp.settings import Settings
from sotto_lsp.syntax.protocol import Literal

_CLOSERS = ")]}>\"'`:;, \t"
"""What editors and languages close a line with."""
_TEXTS = (Literal.COMMENT, Literal.DOCSTRING)
_EXIT = re.compile(r"[ \t]*(return|raise|throw|break|continue|goto)\b")
_TWO_WORD_SIGNS = re.compile(r"\w\w")
_OPEN_END = re.compile(r"[\\(\[{,]\s*\Z|\"\"\"|'''")


def find_silence(place: Place, settings: Settings, *, is_invoked: bool) -> str | None:
    """Why nothing is suggested at a place; None where the model is asked."""
    reason = _find_always(place, settings)
    return reason if reason is not None or is_invoked else _find_unasked(place)


def _find_always(place: Place, settings: Settings) -> str | None:
    """Asked or not."""
    prefix, literal = place.around.line_prefix, place.cursor.literal
    rules = (
        ("names-people", names_nobody(prefix, is_text=literal in _TEXTS)),
        ("notebook-magic", place.is_kernels),
        ("in-comment", literal in _TEXTS and not settings.comments),
        ("in-string", literal is Literal.STRING and not settings.strings),
        ("after-exit", literal is Literal.CODE and follows_exit(place)),
    )
    return next((reason for reason, holds in rules if holds), None)


def _find_unasked(place: Place) -> str | None:
    prefix, suffix = place.around.line_prefix, place.around.line_suffix
    if suffix.strip(_CLOSERS):
        return "middle-of-word" if joins_words(prefix, suffix) else "words-ahead"
    return "complete-statement" if place.cursor.is_complete and not suffix.strip() else None


def follows_exit(place: Place) -> bool:
    """Whether the cursor's empty line comes right after a `return` or the like of the same block."""
    around = place.around
    if around.line_prefix.strip() or set(place.cursor.closers) - {"}"} or not around.lines_above:
        return False
    above = around.lines_above[-1]
    is_exit = _EXIT.match(above) is not None and not _OPEN_END.search(above)
    return is_exit and leading(above) == around.line_prefix


def joins_words(before: str, after: str) -> bool:
    """Whether two texts, one right after the other, make one word of two."""
    return _TWO_WORD_SIGNS.fullmatch(before[-1:] + after[:1]) is not None
