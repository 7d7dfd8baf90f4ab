"""Where a sign may be missing in Python that does not parse, and whether a change puts it right."""

import keyword
import re
from dataclasses import dataclass

from sotto_lsp.documents.lines import Lines
from sotto_lsp.documents.text_change import TextChange
from sotto_lsp.syntax.protocol import Mending
from sotto_lsp.syntax.python.parsing import PythonError, parse_python

_SIGNS = (":", ")", "(", ",", "]", "[", "}", "{", '"', "'", "=", ".")
_OPENS_BLOCK = re.compile(r"[ \t]*(async[ \t]+def|def|class|@)")
_GOES_ON = re.compile(r"[)\]}]|(else|elif|except|finally)\b")
_MAX_PIECE_LINES = 250
_NOTICED_LATE = ("unexpected indent", "triple-quoted")
_NOTICED_EARLY = "was never closed"
_MAX_LINES_AFTER = 3


@dataclass(frozen=True)
class Piece:
    """Whole lines `[first, last]` that parse by themselves once they are right, and what to write before them."""

    first: int
    last: int
    head: str


def find_error_lines(lines: Lines, error: PythonError) -> tuple[int, int]:
    """First and last of the lines in which a sign may be missing: the parser notices some errors late, some early."""
    line = min(error.line, len(lines) - 1)
    first = line - 1 if any(word in error.message for word in _NOTICED_LATE) else line
    last = line
    if _NOTICED_EARLY in error.message:
        width = len(lines.indent(line))
        while last < min(line + _MAX_LINES_AFTER, len(lines) - 1):
            if not lines[last + 1].strip() or len(lines.indent(last + 1)) < width:
                break
            last += 1
    return max(0, first), last


def mend(lines: Lines, error: PythonError) -> Mending:
    """A change mends the error if the piece around it parses."""
    text = lines.snapshot.text
    piece = find_piece(lines, *find_error_lines(lines, error))
    start, end = lines.start(piece.first), lines.end(piece.last)

    def mends(change: TextChange, time_limit_s: float) -> bool:
        del time_limit_s  # a piece is small
        after = piece.head + text[start : change.start] + change.new + text[change.end : end]
        return parse_python(after) is not None

    return Mending(_SIGNS, frozenset(keyword.kwlist), error.line, mends)


def find_piece(lines: Lines, first: int, last: int) -> Piece:
    """The function or class around the lines, or the statements at the left edge around them.

    Parsing it costs a tenth of what a whole document costs.
    """
    top = first
    depth = len(lines.indent(first).expandtabs(8))
    while top > max(0, first - _MAX_PIECE_LINES):
        text = lines[top]
        indent = len(lines.indent(top).expandtabs(8))
        if text.strip() and _OPENS_BLOCK.match(text) and (top == first or indent < depth):
            break
        if text.strip() and not indent and not _GOES_ON.match(text):
            break
        top -= 1
    outer = lines.indent(top)
    bottom = last
    is_decorated = lines[top].lstrip().startswith("@")
    while bottom + 1 < min(len(lines), last + _MAX_PIECE_LINES):
        text = lines[bottom + 1].strip()
        if text and not lines.is_inside(bottom + 1, outer) and not _GOES_ON.match(text):
            if not is_decorated:
                break
            is_decorated = text.startswith("@")  # what it decorates belongs to it
        bottom += 1
    return Piece(top, bottom, "if 1:\n" if outer else "")
