"""TypeThrough: the suggestion on the screen answers the keys that type it, without the model. Event loop only."""

from dataclasses import dataclass

from sotto_lsp.documents.gap_text import Text
from sotto_lsp.documents.snapshot import DocumentSnapshot
from sotto_lsp.documents.window import WINDOW_CHARS


@dataclass(frozen=True)
class PlacedSuggestion:
    """A suggestion ("" for none) and the text on both sides of its place, as much as the model can have seen.

    Changes of the text outside do not matter, and comparing all of a large document would cost every key time.
    """

    before: str
    after: str
    offset: int
    text: str

    @classmethod
    def at(cls, document: Text, offset: int, text: str) -> "PlacedSuggestion":
        """A suggestion made for an offset of a document."""
        return cls(*_around(document, offset, offset), offset, text)

    def accept(self) -> "PlacedSuggestion":
        """No suggestion yet, at the place after this one once it is accepted."""
        before = self.before + self.text
        return PlacedSuggestion(before[-WINDOW_CHARS:], self.after, self.offset + len(self.text), "")

    def fits(self, document: Text, offset: int) -> bool:
        """Whether this is the suggestion's place, or one that typing some or all of it leads to."""
        return (
            0 <= offset - self.offset <= len(self.text)
            and document[self.offset : offset] == self.text[: offset - self.offset]
            and _around(document, self.offset, offset) == (self.before, self.after)
        )

    def rest(self, document: Text, offset: int) -> str:
        """What is left of the suggestion where its beginning was typed; "" elsewhere."""
        return self.text[offset - self.offset :] if self.fits(document, offset) else ""


class TypeThrough:
    """The last suggestion of each document."""

    def __init__(self) -> None:
        self._last: dict[str, PlacedSuggestion] = {}

    def remember(self, snapshot: DocumentSnapshot, offset: int, text: str) -> PlacedSuggestion:
        """The suggestion that is shown from now on."""
        self._last[snapshot.uri] = shown = PlacedSuggestion.at(snapshot.content, offset, text)
        return shown

    def fits(self, snapshot: DocumentSnapshot, offset: int) -> bool:
        """Whether the last suggestion was made for this place, or its beginning was typed."""
        last = self._last.get(snapshot.uri)
        return last is not None and last.fits(snapshot.content, offset)

    def rest(self, snapshot: DocumentSnapshot, offset: int) -> str:
        """What is left of the last suggestion here; "" if it was none or does not fit."""
        last = self._last.get(snapshot.uri)
        return "" if last is None else last.rest(snapshot.content, offset)

    def forget(self, uri: str) -> None:
        """The document was closed."""
        self._last.pop(uri, None)

    def clear(self) -> None:
        """Another model or other settings may suggest something else."""
        self._last.clear()


def _around(document: Text, start: int, end: int) -> tuple[str, str]:
    return document[max(0, start - WINDOW_CHARS) : start], document[end : end + WINDOW_CHARS]
