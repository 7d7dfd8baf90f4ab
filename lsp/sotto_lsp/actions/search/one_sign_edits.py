"""Every change of a line by one sign or one keyword. Knows text, no parser."""

import difflib
import re
from collections.abc import Iterator

from sotto_lsp.documents.text_change import TextChange

_TOKEN = re.compile(r"\w+|[ \t]+|[^\w\s]")
_IN_WORDS = ("(", "[", "{", '"', "'", ".", " ")
_MIN_LIKENESS = 0.65


def edit_one_sign(line: str, signs: tuple[str, ...], keywords: frozenset[str]) -> Iterator[TextChange]:
    """A sign after each token, another token, a sign within a word: in the order of how often it is that.

    signs: those that are missing most often first.
    """
    tokens = list(_TOKEN.finditer(line))
    code = len(line) - len(line.lstrip())
    ends = {code, *(each.end() for each in tokens), len(line.rstrip())}
    inside = {place for each in tokens if each[0].isidentifier() for place in range(each.start() + 1, each.end())}
    for place in sorted(ends, reverse=True):
        yield from (TextChange(place, place, sign) for sign in signs)
    for token in tokens:
        yield from _other_tokens(token, signs, keywords)
    for place in sorted(inside, reverse=True):
        yield from (TextChange(place, place, sign) for sign in _IN_WORDS)


def _other_tokens(token: re.Match[str], signs: tuple[str, ...], keywords: frozenset[str]) -> Iterator[TextChange]:
    """What may belong in the place of a token, or nothing."""
    start, end = token.span()
    if token[0].isspace():
        return
    if token[0].isidentifier():
        close = difflib.get_close_matches(token[0], sorted(keywords), 2, _MIN_LIKENESS)
        yield from (TextChange(start, end, word) for word in close if word != token[0])
    elif not token[0].isalnum():
        yield from (TextChange(start, end, sign) for sign in ("", *signs) if sign != token[0])
        if token[0] == "=":
            yield TextChange(start, end, "==")
