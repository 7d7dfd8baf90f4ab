"""LineStarts: the offsets at which the lines of a text begin, updated at each edit without reading the text again.

Only `\\n`, `\\r\\n` and `\\r` end a line, as in LSP; `str.splitlines` knows seven more.
"""

import re
from array import array
from bisect import bisect_right

from sotto_lsp.documents.gap_text import Text

_LINE_END = re.compile(r"\r\n|\n|\r")


class LineStarts:
    """Immutable. Starts from index `pivot` on are stored without `shift`, which is added when one is read.

    An edit moves every later line by one distance, so that distance is stored once. Edits lie close together: few
    entries lie between the old and the new pivot, and only those are written.
    """

    __slots__ = ("_pivot", "_shift", "_stored")

    def __init__(self, stored: "array[int]", pivot: int = 0, shift: int = 0) -> None:
        self._stored = stored
        self._pivot = pivot
        self._shift = shift

    @classmethod
    def of(cls, text: str) -> "LineStarts":
        """The line starts of `text`, found by reading all of it."""
        stored = array("q", [0])
        stored.extend(match.end() for match in _LINE_END.finditer(text))
        return cls(stored)

    def __len__(self) -> int:
        return len(self._stored)

    def __getitem__(self, line: int) -> int:
        """Offset of the first character of `line`, which counts from 0 and must exist."""
        return self._stored[line] + (self._shift if line >= self._pivot else 0)

    def line_of(self, offset: int) -> int:
        """The line that holds the character at `offset`; the last line for the end of the text."""
        pivot = self._pivot
        if pivot < len(self._stored) and offset >= self._stored[pivot] + self._shift:
            return bisect_right(self._stored, offset - self._shift, pivot) - 1
        return bisect_right(self._stored, offset, 0, pivot) - 1

    def edited(self, before: Text, start: int, end: int, inserted: str, after: Text) -> "LineStarts":
        """The line starts of `after`, which is `before` with `[start, end)` replaced by `inserted`."""
        first = self.line_of(start)
        if first and before[self[first] - 1 : self[first]] == "\r":
            first -= 1  # an inserted "\n" would join that "\r" and end the line before
        beyond = self.line_of(end) + 1  # the first line that only moves
        delta = len(inserted) - (end - start)
        scan_from = self[first]
        scan_to = (self[beyond] if beyond < len(self) else len(before)) + delta
        read = _LINE_END.finditer(after[scan_from:scan_to])
        found = array("q", [scan_from + match.end() for match in read])
        if beyond < len(self):
            found.pop()  # the end of the last line read is the start of `beyond`, which is kept

        stored = self._stored[:]
        low, high = sorted((self._pivot, beyond))
        if self._shift and low < high:
            sign = 1 if beyond > self._pivot else -1
            stored[low:high] = array("q", [value + sign * self._shift for value in stored[low:high]])
        stored[first + 1 : beyond] = found
        return LineStarts(stored, first + 1 + len(found), self._shift + delta)
