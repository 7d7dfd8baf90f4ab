"""TakenBack: a text that the user has just deleted is not suggested at the same place. Event loop only."""

from collections import deque
from dataclasses import dataclass

from sotto_lsp.documents.gap_text import Text
from sotto_lsp.documents.line_ends import normalize_line_ends

_MAX_CHARS = 2000
_NUM_KEPT = 16
_NUM_BEFORE = 80
"""Characters before a place by which it is known again."""


@dataclass(frozen=True)
class _Deleted:
    uri: str
    start: int
    before: str
    text: str


class TakenBack:
    """The last deletions in all open documents."""

    def __init__(self) -> None:
        self._deleted: deque[_Deleted] = deque(maxlen=_NUM_KEPT)

    def add(self, uri: str, document: Text, start: int, text: str) -> None:
        """`text` was deleted at `start` of what is `document` now. Erasing sign by sign is one deletion."""
        last = self._deleted[-1] if self._deleted else None
        if last is not None and last.uri == uri and start + len(text) == last.start:
            text += last.text
        elif last is not None and last.uri == uri and start == last.start:
            text = last.text + text
        if len(text) <= _MAX_CHARS:
            self._deleted.append(_Deleted(uri, start, _before(document, start), text))

    def is_rejected(self, uri: str, document: Text, offset: int, text: str) -> bool:
        """Whether a suggestion is what was deleted at this place, or most of it."""
        wanted, before = normalize_line_ends(text), _before(document, offset)
        return bool(wanted) and any(
            _is_same(normalize_line_ends(each.text), wanted)
            for each in self._deleted
            if each.uri == uri and each.start == offset and each.before == before
        )

    def forget(self, uri: str) -> None:
        """The document was closed."""
        self._deleted = deque((each for each in self._deleted if each.uri != uri), maxlen=_NUM_KEPT)


def _is_same(deleted: str, suggested: str) -> bool:
    is_most = 2 * len(deleted) >= len(suggested)
    return deleted.startswith(suggested) or (is_most and suggested.startswith(deleted))


def _before(document: Text, offset: int) -> str:
    return document[max(0, offset - _NUM_BEFORE) : offset]
