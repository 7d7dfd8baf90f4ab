"""TypeThrough: the suggestion on the screen answers the keys that type it, without the model. Event loop only."""

from dataclasses import dataclass, replace

from sotto_lsp.completion.fit.fitting import Suggestion
from sotto_lsp.documents.gap_text import GapText, Text
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.documents.window import WINDOW_CHARS


@dataclass(frozen=True)
class PlacedSuggestion:
    """A suggestion and the text on both sides of its place, as much as the model can have seen.

    Changes of the text outside do not matter, and comparing all of a large document would cost every key time.
    """

    before: str
    after: str
    offset: int
    suggestion: Suggestion

    @classmethod
    def at(cls, document: Text, offset: int, suggestion: Suggestion) -> "PlacedSuggestion":
        """A suggestion made for an offset of a document."""
        return cls(*_around(document, offset, offset), offset, suggestion)

    def accept(self, document: GapText) -> GapText:
        """The document after this one is accepted."""
        end = self.offset + self.suggestion.num_replaced
        return document.edited(self.offset, end, self.suggestion.text)

    @property
    def end(self) -> int:
        """The cursor's offset after it is accepted."""
        return self.offset + len(self.suggestion.text)

    def fits(self, document: Text, offset: int) -> bool:
        """Whether this is the suggestion's place, or one that typing some or all of it leads to."""
        text = self.suggestion.text
        if (
            not 0 <= offset - self.offset <= len(text)
            or document[self.offset : offset] != text[: offset - self.offset]
        ):
            return False
        before, after = _around(document, self.offset, offset)
        if offset == self.end and (num_replaced := self.suggestion.num_replaced):  # accepted
            return before == self.before and after.startswith(self.after[num_replaced:])
        return (before, after) == (self.before, self.after)

    def rest(self, document: Text, offset: int) -> Suggestion:
        """What is left of the suggestion where its beginning was typed; nothing elsewhere."""
        text = self.suggestion.text[offset - self.offset :] if self.fits(document, offset) else ""
        return replace(self.suggestion, text=text) if text else Suggestion()


class TypeThrough:
    """The last suggestion of each document."""

    def __init__(self) -> None:
        self._last: dict[str, PlacedSuggestion] = {}

    def remember(self, snapshot: DocumentSnapshot, offset: int, suggestion: Suggestion) -> PlacedSuggestion:
        """The suggestion that is shown from now on."""
        self._last[snapshot.uri] = shown = PlacedSuggestion.at(snapshot.content, offset, suggestion)
        return shown

    def fits(self, snapshot: DocumentSnapshot, offset: int) -> bool:
        """Whether the last suggestion is for this place, even if it was none."""
        last = self._last.get(snapshot.uri)
        return last is not None and last.fits(snapshot.content, offset)

    def rest(self, snapshot: DocumentSnapshot, offset: int) -> Suggestion:
        """What is left of the last suggestion here; nothing if it was none or does not fit."""
        last = self._last.get(snapshot.uri)
        return Suggestion() if last is None else last.rest(snapshot.content, offset)

    def forget(self, uri: str) -> None:
        """The document was closed."""
        self._last.pop(uri, None)

    def clear(self) -> None:
        """Another model or other settings may suggest something else."""
        self._last.clear()


def _around(document: Text, start: int, end: int) -> tuple[str, str]:
    return document[max(0, start - WINDOW_CHARS) : start], document[end : end + WINDOW_CHARS]
