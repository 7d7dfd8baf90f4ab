"""The signature that a line belongs to, where it lacks type hints or has no docstring behind it."""

import ast
import textwrap

from sotto_lsp.documents.line_ends import find_line_end
from sotto_lsp.documents.lines import Lines
from sotto_lsp.syntax.python.find_body import end_of_docstring, end_of_signature, head_of
from sotto_lsp.syntax.python.parsing import Function, parsed_or_none
from sotto_lsp.syntax.target import Addition, Hole, Target

_UNHINTED = ("self", "cls")
_MAX_CHARS = 800


def find_unhinted(lines: Lines, line: int) -> Target | None:
    """A signature with a parameter, or a result, that has no hint."""
    bounds = signature_at(lines, line)
    if bounds is None:
        return None
    start, end = lines.start(bounds[0]), lines.end(bounds[1])
    function = read_signature(lines.snapshot.text[start:end])
    if function is None or not _lacks_hints(function):
        return None
    return Target(start, end, {"signature": Hole(start, end)}, addition=Addition.HINTS)


def find_undocumented(lines: Lines, line: int) -> Target | None:
    """A function that does something and has no docstring; the hole is a new line behind its signature."""
    bounds = signature_at(lines, line)
    if bounds is None or bounds[1] + 1 >= len(lines) or end_of_docstring(lines, bounds[1]) > bounds[1]:
        return None
    end = lines.end(bounds[1])
    below = Hole(end, end, find_line_end(lines.snapshot.text))
    return Target(lines.start(bounds[0]), end, {"below": below}, addition=Addition.DOCSTRING)


def read_signature(text: str) -> Function | None:
    """A signature up to its colon as the function it begins."""
    tree = (
        parsed_or_none(textwrap.dedent(text).rstrip() + "\n    pass\n") if len(text) <= _MAX_CHARS else None
    )
    function = tree.body[0] if tree and len(tree.body) == 1 else None
    return function if isinstance(function, Function) else None


def signature_at(lines: Lines, line: int) -> tuple[int, int] | None:
    """First and last line of the signature that the line is in."""
    head = head_of(lines, line)
    last = None if head is None else end_of_signature(lines, head)
    return (head, last) if head is not None and last is not None and head <= line <= last else None


def _lacks_hints(function: Function) -> bool:
    arguments = [node for node in ast.walk(function.args) if isinstance(node, ast.arg)]
    unhinted = [each for each in arguments if each.annotation is None and each.arg not in _UNHINTED]
    return bool(unhinted) or function.returns is None
