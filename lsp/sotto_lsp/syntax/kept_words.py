"""The repair of a syntax error keeps the words of the lines: it is about signs."""

import re
from collections import Counter
from collections.abc import Set

_WORD = re.compile(r"[^\W\d]\w*")
_WORD_CHAR = re.compile(r"\w")
_MAX_LOST_WORDS = 1
"""Of a line that does not parse: one may be the typing mistake itself."""


def keeps_words(before: str, after: str, keywords: Set[str]) -> bool:
    """Whether `after` has the words of `before` and no other ones, keywords aside."""
    if _WORD_CHAR.findall(before) == _WORD_CHAR.findall(after):
        return True  # a sign stood where one word seems to stand now
    old, new = (Counter(word for word in _WORD.findall(each) if word not in keywords) for each in (before, after))
    return not (new - old or (old - new).total() > _MAX_LOST_WORDS)
