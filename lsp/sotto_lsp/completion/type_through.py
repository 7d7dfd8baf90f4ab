"""The suggestion on the screen answers the keystrokes that type along it, without running the model."""

from dataclasses import dataclass
from typing import Self

from sotto_lsp.documents.gap_text import Text
from sotto_lsp.documents.window import WINDOW_CHARS


@dataclass(frozen=True)
class LastSuggestion:
    """A suggestion and the text on both sides of its place, as much of it as the model can have seen.

    The rest of the document has no say in it, and comparing it would cost a large document's keystroke more than the
    rest of the server does.
    """

    before: str
    after: str
    offset: int
    text: str

    @classmethod
    def at(cls, document: Text, offset: int, text: str) -> Self:
        """A suggestion made for an offset of a document."""
        return cls(_before(document, offset), _after(document, offset), offset, text)

    def accepted(self) -> "LastSuggestion":
        """Nothing yet, at the place behind the suggestion once it is accepted."""
        behind = self.before + self.text
        return LastSuggestion(behind[-WINDOW_CHARS:], self.after, self.offset + len(self.text), "")

    def fits(self, document: Text, offset: int) -> bool:
        """Whether this is the place it was made for, or one that is reached by typing along it, to its end or not."""
        return (
            0 <= offset - self.offset <= len(self.text)
            and document[self.offset : offset] == self.text[: offset - self.offset]
            and _before(document, self.offset) == self.before
            and _after(document, offset) == self.after
        )

    def continued_in(self, document: Text, offset: int) -> str:
        """What remains of the suggestion where exactly its beginning was typed; "" otherwise."""
        return self.text[offset - self.offset :] if self.fits(document, offset) else ""


def _before(document: Text, offset: int) -> str:
    return document[max(0, offset - WINDOW_CHARS) : offset]


def _after(document: Text, offset: int) -> str:
    return document[offset : offset + WINDOW_CHARS]
