"""DocumentSnapshot: one version of a document that never changes. LSP positions become offsets here, nowhere else."""

from dataclasses import dataclass
from enum import StrEnum

from lsprotocol import types

from sotto_lsp.documents.gap_text import GapText
from sotto_lsp.documents.line_starts import LineStarts


class PositionEncoding(StrEnum):
    """What `Position.character` counts; negotiated in `initialize`."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"

    def count_units(self, text: str) -> int:
        """Length of `text` in code units. A lone surrogate counts as three bytes or one unit."""
        if self is PositionEncoding.UTF32 or text.isascii():
            return len(text)
        if self is PositionEncoding.UTF8:
            return len(text.encode("utf-8", "surrogatepass"))
        return len(text.encode("utf-16-le", "surrogatepass")) // 2

    def count_chars(self, text: str, units: int) -> int:
        """How many whole characters of `text` fit into `units` code units."""
        low, high = 0, min(len(text), max(units, 0))  # no character is shorter than one unit
        if self is PositionEncoding.UTF32 or text.isascii():
            return high
        left = units
        # A line can be a megabyte: halving reads each character at most twice, at the codec's speed.
        while low < high:
            middle = (low + high + 1) // 2
            width = self.count_units(text[low:middle])
            if width <= left:
                low, left = middle, left - width
            else:
                high = middle - 1
        return low


@dataclass(frozen=True, slots=True)
class DocumentSnapshot:
    """Safe to hand to another thread. Offsets count characters of `text` (code points).

    Reading a part of `content` copies that part alone; `text` joins the whole.
    """

    uri: str
    language_id: str
    version: int
    content: GapText
    line_starts: LineStarts
    encoding: PositionEncoding

    @classmethod
    def of(
        cls,
        text: str,
        *,
        uri: str = "untitled:snapshot",
        language_id: str = "plaintext",
        version: int = 0,
        encoding: PositionEncoding = PositionEncoding.UTF16,
    ) -> "DocumentSnapshot":
        """A snapshot of a text that belongs to no open document."""
        return cls(uri, language_id, version, GapText(text), LineStarts.of(text), encoding)

    @property
    def text(self) -> str:
        """The whole text."""
        return str(self.content)

    @property
    def num_lines(self) -> int:
        """At least 1: the text after the last line end is a line, empty or not."""
        return len(self.line_starts)

    def line_bounds(self, line: int) -> tuple[int, int]:
        """Offsets `[start, end)` of an existing line, without its line end."""
        start = self.line_starts[line]
        if line + 1 == len(self.line_starts):
            return start, len(self.content)
        end = self.line_starts[line + 1] - 1
        if end > start and self.content[end - 1 : end + 1] == "\r\n":
            end -= 1
        return start, end

    def offset_at(self, position: types.Position) -> int:
        """The offset of a position. Beyond the line: its end. Beyond the last line: the text's end.

        Inside a character of several code units: before that character.
        """
        if position.line >= len(self.line_starts):
            return len(self.content)
        start, end = self.line_bounds(position.line)
        return start + self.encoding.count_chars(
            self.content[start : min(end, start + position.character)], position.character
        )

    def position_at(self, offset: int) -> types.Position:
        """The position of an offset, cut to the text; the inside of a line end is the end of its line."""
        offset = min(max(offset, 0), len(self.content))
        line = self.line_starts.line_of(offset)
        start, end = self.line_bounds(line)
        return types.Position(line, self.encoding.count_units(self.content[start : min(offset, end)]))

    def range_at(self, start: int, end: int) -> types.Range:
        """The range between two offsets."""
        return types.Range(self.position_at(start), self.position_at(end))
