"""A function whose body is still to be written: its brackets hold nothing but comments or a placeholder."""

import re

from sotto_lsp.documents.line_ends import find_line_end
from sotto_lsp.documents.lines import Lines
from sotto_lsp.syntax.protocol import Stub
from sotto_lsp.syntax.target import Hole
from sotto_lsp.syntax.tree_sitter.language import Role
from sotto_lsp.syntax.tree_sitter.syntax_tree import Region, SyntaxTree

_INDENT = re.compile(r"^[ \t]+(?=\S)", re.MULTILINE)
_STEP_CHARS = 4000
"""On each side: enough to see how a file is indented."""


def find_stub(tree: SyntaxTree, lines: Lines, function: Region) -> Stub | None:
    """The function as a stub; None where its body is written, or its lines do not parse."""
    if function.body is None or function.body_kind not in tree.language.blocks:
        return None
    if tree.has_problem(function.start, function.end):
        return None
    hole = _hole(tree, lines, function.body)
    line_of = lines.snapshot.line_starts.line_of
    return hole and Stub(line_of(function.start), line_of(function.end), hole)


def _hole(tree: SyntaxTree, lines: Lines, body: tuple[int, int]) -> Hole | None:
    """Where the statements belong; None where there are some."""
    text, line_of = lines.snapshot.text, lines.snapshot.line_starts.line_of
    statements = tree.statements(*body)
    comments = {each.start for each in tree.regions(Role.COMMENT, *body)}
    stubs = [each for each in statements if each.start not in comments]
    first, last = line_of(body[0]), line_of(body[1] - 1)
    if len(stubs) > 1 or not all(tree.language.stub.fullmatch(text[each.start : each.end]) for each in stubs):
        return None
    if stubs and first < line_of(stubs[0].start) and line_of(stubs[0].end) < last:
        stub = stubs[0]
        if text[stub.end : lines.end(line_of(stub.end))].strip() not in ("", ";"):
            return None
        return Hole(stub.start, lines.end(line_of(stub.end)))
    outer = lines.indent(first)
    inner = find_line_end(text) + outer + _step(lines, first, tree.language.step)
    if first == last and not (comments and stubs):
        return None if comments else Hole(body[0] + 1, body[1] - 1, inner, find_line_end(text) + outer)
    if stubs or text[lines.start(last) : body[1] - 1].strip():
        return None  # laid out in a way of its own
    filled = max((line_of(each.end - 1) for each in statements), default=first)
    return Hole(lines.end(filled), lines.end(last - 1), inner)


def _step(lines: Lines, line: int, default: str) -> str:
    """By how much lines are indented around there: a tab, or the fewest spaces that a line has."""
    start = lines.start(line)
    text = lines.snapshot.content[max(0, start - _STEP_CHARS) : start + _STEP_CHARS]
    indents = set(_INDENT.findall(text))
    if any(each.startswith("\t") for each in indents):
        return "\t"
    return min((each for each in indents if len(each) > 1), key=len, default=default)
