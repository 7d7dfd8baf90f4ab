"""Whole lines of code to write anew: those that are selected, or the function whose signature the cursor is in."""

from sotto_lsp.actions.places.place import Place
from sotto_lsp.documents.line_ends import normalize_line_ends
from sotto_lsp.documents.lines import Lines
from sotto_lsp.syntax.margin import margin_of, without_margin
from sotto_lsp.syntax.python.parsing import syntax_problem
from sotto_lsp.syntax.python.signatures import signature_at
from sotto_lsp.syntax.target import PART, PYTHON, Hole, Target
from sotto_lsp.syntax.tree_sitter.functions import parsed_function_at
from sotto_lsp.syntax.tree_sitter.trees import tree_of

_MAX_CHARS = 4000
"""More is parsed too slowly for a menu, and is too much for a small model."""
_MAX_LINES = 200


def find_code(lines: Lines, place: Place) -> Target | None:
    """The selected lines; with none selected, the function."""
    return find_selected(lines, place) or find_function(lines, place)


def find_selected(lines: Lines, place: Place) -> Target | None:
    """Lines whose code the selection covers. A cursor that is one character wide, as in Helix, is no selection."""
    first, last = place.first_line, place.last_line
    if first == last:
        is_whole = place.start <= lines.code_start(first) < len(lines[first].rstrip()) + lines.start(first)
        if not is_whole or place.end < lines.start(first) + len(lines[first].rstrip()):
            return None
    return code_target(lines, first, last)


def find_function(lines: Lines, place: Place) -> Target | None:
    """The function whose signature the cursor is in, without its decorators."""
    if place.first_line != place.last_line:
        return None
    if lines.snapshot.language_id != PYTHON:
        found = parsed_function_at(lines, place.first_line)
        return code_target(lines, *found) if found else None
    bounds = signature_at(lines, place.first_line)
    if bounds is None:
        return None
    head, last = bounds
    outer = lines.indent(head)
    for number in range(last + 1, min(len(lines), head + _MAX_LINES)):
        text = lines[number].strip()
        if text and lines.is_inside(number, outer):
            last = number
        elif text and not text.startswith("#"):
            break
    return code_target(lines, head, last) if last > bounds[1] else None


def code_target(lines: Lines, first: int, last: int) -> Target | None:
    """The lines without the blank ones around them, if they are whole."""
    if last - first >= _MAX_LINES:
        return None
    while first <= last and not lines[first].strip():
        first += 1
    while last > first and not lines[last].strip():
        last -= 1
    if first > last:
        return None
    start, end = lines.start(first), lines.end(last)
    if end - start > _MAX_CHARS:
        return None
    if not _is_code(lines, first, last):
        return None
    return Target(start, end, {PART: Hole(start, end)}, language_id=lines.snapshot.language_id)


def _is_code(lines: Lines, first: int, last: int) -> bool:
    """Whether the lines are whole: parsed by themselves in Python, a node or some neighbours elsewhere."""
    if lines.snapshot.language_id == PYTHON:
        code = normalize_line_ends(lines.snapshot.text[lines.start(first) : lines.end(last)])
        return syntax_problem(without_margin(code, margin_of(code))) is None
    tree = tree_of(lines.snapshot)
    end = lines.start(last) + len(lines[last].rstrip())
    return tree is not None and tree.is_whole(lines.code_start(first), end)
