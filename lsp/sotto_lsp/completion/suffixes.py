"""FrozenSuffixes: the suffix that the model is asked with, kept while it is nearly what stands behind the cursor.

A suffix that changes costs most of a prompt in either order. After Copilot: a kept one still does if its first token
is the same and less than a tenth of its first 50 have changed. Answers are filtered against what really stands there.
"""

import re
from itertools import islice

_NUM_COMPARED = 50
_MOST_CHANGED = 4
"""Tokens inserted, deleted or replaced: less than a tenth of those compared."""
_NUM_KEPT = 8
"""Places of a document that one goes back to."""
_CLOSERS = ")]}\"'`:,; \t"
_TOKEN = re.compile(r"\w+|\n[ \t]*|[ \t]+|.", re.DOTALL)


class FrozenSuffixes:
    """Those of all open documents. Only the event loop comes here."""

    def __init__(self) -> None:
        self._kept: dict[str, list[str]] = {}
        """by document, the most recently used first; without what closes the cursor's line"""

    def nearest(self, uri: str, suffix: str) -> str:
        """The kept suffix that this one is or nearly is; else this one, which is kept from now on."""
        suffix = without_closers(suffix)
        kept = self._kept.get(uri, [])
        nearest = suffix if suffix in kept else next((each for each in kept if is_near(each, suffix)), suffix)
        self._use(uri, nearest)
        return nearest

    def is_exact(self, uri: str, suffix: str) -> bool:
        """Whether the kept suffix is this very one; its prompt is then the one for this text."""
        return without_closers(suffix) in self._kept.get(uri, [])

    def renew(self, uri: str, suffix: str) -> None:
        """Keep this one, in place of those that it nearly is."""
        suffix = without_closers(suffix)
        self._kept[uri] = [each for each in self._kept.get(uri, []) if not is_near(each, suffix)]
        self._use(uri, suffix)

    def forget(self, uri: str) -> None:
        """The document is closed."""
        self._kept.pop(uri, None)

    def _use(self, uri: str, suffix: str) -> None:
        others = [each for each in self._kept.get(uri, []) if each != suffix]
        self._kept[uri] = [suffix, *others[: _NUM_KEPT - 1]]


def without_closers(suffix: str) -> str:
    """The suffix without the rest of the cursor's line, where that only closes what is open.

    Editors write closers as one types: in the prompt each would cost a prefill of the whole suffix. A filter takes
    from the answer what it repeats of them.
    """
    rest, line_end, below = suffix.partition("\n")
    return suffix if rest.strip(_CLOSERS) else line_end + below


def is_near(kept: str, suffix: str) -> bool:
    """Whether an answer for `kept` is worth showing in front of `suffix`."""
    if kept == suffix:
        return True
    before = _tokens(kept, _NUM_COMPARED)
    after = _tokens(suffix, _NUM_COMPARED + _MOST_CHANGED)
    if len(before) < _NUM_COMPARED or before[0] != after[0]:  # of a short one a tenth is nothing
        return False
    return _distance(before, after) <= _MOST_CHANGED


def _tokens(text: str, limit: int) -> list[str]:
    return [match.group() for match in islice(_TOKEN.finditer(text), limit)] or [""]


def _distance(before: list[str], after: list[str]) -> int:
    """Edit distance (Levenshtein, 1965) of `before` to the beginning of `after` that it is nearest to.

    Only as far as `_MOST_CHANGED` from the diagonal: what lies beyond is farther than that.
    """
    far = _MOST_CHANGED + 1
    row = {column: column for column in range(min(far, len(after) + 1))}
    for number, token in enumerate(before, 1):
        last, row = row, dict[int, int]()
        for column in range(max(0, number - _MOST_CHANGED), min(number + far, len(after) + 1)):
            here = last.get(column, far) + 1
            if column:
                here = min(here, row.get(column - 1, far) + 1)
                here = min(here, last.get(column - 1, far) + (token != after[column - 1]))
            row[column] = here
    return min(row.values(), default=far)
