"""Repairs of a syntax error by one sign or one keyword, all that parse: the model says later which is meant.

Deterministic but for its time limit. Knows the text and Python's parser, no model.
"""

import keyword
import re
import time
from dataclasses import dataclass

from sotto_lsp.actions.search.one_sign_edits import Signs, one_sign_edits
from sotto_lsp.documents.lines import Lines
from sotto_lsp.documents.text_change import TextChange
from sotto_lsp.syntax.python.parsing import SyntaxProblem, parsed_or_none

_SIGNS = Signs((":", ")", "(", ",", "]", "[", "}", "{", '"', "'", "=", "."), frozenset(keyword.kwlist))
_OPENS_BLOCK = re.compile(r"[ \t]*(async[ \t]+def|def|class|@)")
_GOES_ON = re.compile(r"[)\]}]|(else|elif|except|finally)\b")
_MAX_PIECE_LINES = 250
_NOTICED_LATE = ("unexpected indent", "triple-quoted")
_NOTICED_EARLY = "was never closed"
_MAX_LINES_BEHIND = 3
TIME_LIMIT_S = 0.5
MAX_REPAIRS = 96
"""Each costs the model a pass. More there are only where the error lies far from where the parser noticed it."""


@dataclass(frozen=True)
class Piece:
    """Whole lines `[first, last]` that parse by themselves once they are right, and what to write before them."""

    first: int
    last: int
    head: str


def repaired_lines(lines: Lines, problem: SyntaxProblem) -> tuple[int, int]:
    """First and last of the lines in which a sign may be missing: the parser notices some errors late, some early."""
    line = min(problem.line, len(lines) - 1)
    first = line - 1 if any(word in problem.message for word in _NOTICED_LATE) else line
    last = line
    if _NOTICED_EARLY in problem.message:
        width = len(lines.indent(line))
        while last < min(line + _MAX_LINES_BEHIND, len(lines) - 1):
            if not lines[last + 1].strip() or len(lines.indent(last + 1)) < width:
                break
            last += 1
    return max(0, first), last


def syntax_repairs(
    lines: Lines, problem: SyntaxProblem, time_limit_s: float = TIME_LIMIT_S
) -> list[TextChange]:
    """Every change by one sign or keyword with which the piece around the error parses, at most 96."""
    text = lines.snapshot.text
    first, last = repaired_lines(lines, problem)
    piece = find_piece(lines, first, last)
    start, end = lines.start(piece.first), lines.end(piece.last)
    deadline = time.monotonic() + time_limit_s
    found: dict[str, TextChange] = {}
    for line in sorted(range(first, last + 1), key=lambda each: abs(each - problem.line)):
        for change in one_sign_edits(lines[line], _SIGNS):
            moved = change.moved(lines.start(line))
            after = piece.head + text[start : moved.start] + moved.new + text[moved.end : end]
            if after not in found and parsed_or_none(after):
                found[after] = moved
            if len(found) == MAX_REPAIRS or time.monotonic() > deadline:
                return list(found.values())
    return list(found.values())


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
