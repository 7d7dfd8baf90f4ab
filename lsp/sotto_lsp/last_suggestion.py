"""The suggestion on the screen answers the keystrokes that type along it, without running the model."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LastSuggestion:
    """A suggestion and the document it was made for."""

    document: str
    offset: int
    text: str

    def continued_in(self, document: str, offset: int) -> str:
        """What remains of the suggestion where exactly its beginning was typed; "" otherwise."""
        num_typed = offset - self.offset
        if not 0 <= num_typed < len(self.text) or len(document) != len(self.document) + num_typed:
            return ""
        typed_along = (
            document[self.offset : offset] == self.text[:num_typed]
            and document[: self.offset] == self.document[: self.offset]
            and document[offset:] == self.document[self.offset :]
        )
        return self.text[num_typed:] if typed_along else ""
