"""Whole lines of code to rewrite: those that are selected, or the function whose signature the cursor is in."""

from sotto_lsp.actions.places.place import Place
from sotto_lsp.documents.lines import Lines
from sotto_lsp.syntax.languages.registry import syntax_of
from sotto_lsp.syntax.target import PART, Hole, Target

_MAX_CHARS = 4000
"""More is parsed too slowly for a menu, and is too much for a small model."""
_MAX_LINES = 200


def find_code(lines: Lines, place: Place) -> Target | None:
    """The selected lines; with none selected, the function."""
    return find_selected(lines, place) or find_function(lines, place)


def find_selected(lines: Lines, place: Place) -> Target | None:
    """Lines whose code the selection covers. A cursor that is one character wide, as in Helix, is no selection."""
    first, last = place.first_line, place.last_line
    if first == last and not place.start <= lines.code_start(first) < lines.code_end(first) <= place.end:
        return None
    return make_code_target(lines, first, last)


def find_function(lines: Lines, place: Place) -> Target | None:
    """The function whose signature the cursor is in, without its decorators."""
    if place.first_line != place.last_line:
        return None
    function = syntax_of(lines.snapshot.language_id).find_function(lines, place.first_line)
    return function and make_code_target(lines, *function)


def make_code_target(lines: Lines, first: int, last: int) -> Target | None:
    """The lines without the blank ones around them, if they are whole."""
    if last - first >= _MAX_LINES:
        return None
    while first <= last and not lines[first].strip():
        first += 1
    while last > first and not lines[last].strip():
        last -= 1
    if first > last or lines.end(last) - lines.start(first) > _MAX_CHARS:
        return None
    if not syntax_of(lines.snapshot.language_id).is_whole(lines, first, last):
        return None
    return Target.of_lines(lines, first, last, {PART: Hole(lines.start(first), lines.end(last))})
