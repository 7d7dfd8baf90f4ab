"""TextChange: one replacement in a text, and how it is made as small as it can be. Knows offsets, no positions."""

from dataclasses import dataclass

from sotto_engine.prompt.shared_prefix import shared_prefix_length


@dataclass(frozen=True)
class TextChange:
    """`[start, end)` of a text is replaced by `new`."""

    start: int
    end: int
    new: str

    def apply(self, text: str) -> str:
        return text[: self.start] + self.new + text[self.end :]

    def shift(self, delta: int) -> "TextChange":
        return TextChange(self.start + delta, self.end + delta, self.new)

    def minimize(self, text: str) -> "TextChange":
        """The same change without what it would write over itself. Never parts the two characters of a CRLF."""
        old, new = text[self.start : self.end], self.new
        before = shared_prefix_length(old, new)
        if before and old[before - 1] == "\r":
            before -= 1
        after = shared_prefix_length(old[before:][::-1], new[before:][::-1])
        if after and old[len(old) - after] == "\n":
            after -= 1
        return TextChange(self.start + before, self.end - after, new[before : len(new) - after])
