"""FrozenSuffixes: the suffix that the model reads, kept while it is nearly the text after the cursor.

A suffix that changes costs most of a prompt in either order. After Copilot: a kept one is still used if its first
token is the same and less than a tenth of its first 50 have changed. Filters read the real suffix.
"""

import re
from dataclasses import replace
from itertools import islice

from sotto_engine.request import FillInRequest

_NUM_COMPARED = 50
_MAX_CHANGED = 4
"""Tokens inserted, deleted or replaced: less than a tenth of those compared."""
_MAX_KEPT = 8
"""Places of a document."""
_CLOSERS = ")]}\"'`:,; \t"
_TOKEN = re.compile(r"\w+|\n[ \t]*|[ \t]+|.", re.DOTALL)


class FrozenSuffixes:
    """Those of all open documents. Event loop only."""

    def __init__(self) -> None:
        self._kept: dict[str, list[str]] = {}
        """by document, the most recently used first, without closers"""

    def freeze(self, uri: str, request: FillInRequest) -> FillInRequest:
        """The request with the suffix that the model has read, where that is nearly the request's own."""
        return replace(request, suffix=self.nearest(uri, request.suffix))

    def nearest(self, uri: str, suffix: str) -> str:
        """The kept suffix that this one is or nearly is; else this one, which is kept from now on."""
        suffix = without_closers(suffix)
        kept = self._kept.get(uri, [])
        nearest = suffix if suffix in kept else next((each for each in kept if is_near(each, suffix)), suffix)
        self._use(uri, nearest)
        return nearest

    def is_exact(self, uri: str, suffix: str) -> bool:
        """Whether this very suffix is kept."""
        return without_closers(suffix) in self._kept.get(uri, [])

    def renew(self, uri: str, suffix: str) -> None:
        """Keep this one, in place of those near it."""
        suffix = without_closers(suffix)
        self._kept[uri] = [each for each in self._kept.get(uri, []) if not is_near(each, suffix)]
        self._use(uri, suffix)

    def forget(self, uri: str) -> None:
        """The document was closed."""
        self._kept.pop(uri, None)

    def _use(self, uri: str, suffix: str) -> None:
        others = [each for each in self._kept.get(uri, []) if each != suffix]
        self._kept[uri] = [suffix, *others[: _MAX_KEPT - 1]]


def without_closers(suffix: str) -> str:
    """The suffix without the rest of the cursor's line, where that only closes what is open.

    Editors write closers as the user types; in the prompt each would cost a prefill of the whole suffix. A filter
    takes from the answer what it repeats of them.
    """
    rest, line_end, below = suffix.partition("\n")
    return suffix if rest.strip(_CLOSERS) else line_end + below


def is_near(kept: str, suffix: str) -> bool:
    """Whether an answer for `kept` is worth showing before `suffix`."""
    if kept == suffix:
        return True
    before = _tokens(kept, _NUM_COMPARED)
    after = _tokens(suffix, _NUM_COMPARED + _MAX_CHANGED)
    if len(before) < _NUM_COMPARED or before[0] != after[0]:  # a tenth of a short one is nothing
        return False
    return _edit_distance(before, after) <= _MAX_CHANGED


def _tokens(text: str, limit: int) -> list[str]:
    return [match.group() for match in islice(_TOKEN.finditer(text), limit)] or [""]


def _edit_distance(before: list[str], after: list[str]) -> int:
    """Levenshtein's distance (1965) of `before` to the beginning of `after` that is nearest to it.

    Read only up to `_MAX_CHANGED` from the diagonal: cells beyond are farther than that.
    """
    far = _MAX_CHANGED + 1
    row = {column: column for column in range(min(far, len(after) + 1))}
    for number, token in enumerate(before, 1):
        last, row = row, dict[int, int]()
        for column in range(max(0, number - _MAX_CHANGED), min(number + far, len(after) + 1)):
            here = last.get(column, far) + 1
            if column:
                here = min(here, row.get(column - 1, far) + 1)
                here = min(here, last.get(column - 1, far) + (token != after[column - 1]))
            row[column] = here
    return min(row.values(), default=far)
