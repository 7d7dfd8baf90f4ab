"""TextChange: one replacement in a text, as small as it can be. TrackedSpan: lines followed through edits.

Both know offsets, no positions.
"""

from dataclasses import dataclass

from sotto_engine.prompt.shared_prefix import shared_prefix_length
from sotto_lsp.documents.gap_text import Text


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


@dataclass
class TrackedSpan:
    """Offsets `[start, end)` of whole lines, from a line's start to a line's end without its line end.

    An edit before it moves it. One that reaches into it, or joins other text to its first or last line, marks it as
    touched for good.
    """

    start: int
    end: int
    is_touched: bool = False

    def follow(self, start: int, end: int, num_inserted: int, after: Text) -> None:
        """`[start, end)` of the old text was replaced by `num_inserted` characters, which made it `after`."""
        if self.is_touched or (start == end and not num_inserted):
            return
        delta = num_inserted - (end - start)
        if end <= self.start:
            self.start += delta
            self.end += delta
        elif start < self.end:
            self.is_touched = True
            return
        begins_line = self.start == 0 or after[self.start - 1 : self.start] in ("\r", "\n")
        ends_line = self.end == len(after) or after[self.end : self.end + 1] in ("\r", "\n")
        self.is_touched |= not (begins_line and ends_line)


def find_changed_part(old: str, new: str) -> tuple[int, int, int]:
    """`(start, end, num_inserted)` of the smallest single edit that makes `new` out of `old`."""
    start = shared_prefix_length(old, new)
    num_after = shared_prefix_length(old[start:][::-1], new[start:][::-1])
    return start, len(old) - num_after, len(new) - num_after - start
