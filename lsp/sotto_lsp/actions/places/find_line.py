"""Targets that are one line: a TODO, a line to rewrite, a line or a name that a diagnostic is about."""

import re
from dataclasses import replace

from sotto_lsp.actions.places.place import Place
from sotto_lsp.documents.line_ends import find_line_end
from sotto_lsp.documents.lines import Lines
from sotto_lsp.syntax.languages.registry import syntax_of
from sotto_lsp.syntax.target import Hole, Target

_TODO = re.compile(r"\b(TODO|FIXME)\b.*\w")
_UNDEFINED = re.compile(r"undefined|not defined|unresolved", re.IGNORECASE)
_NAME = re.compile(r"[^\W\d]\w*")
MAX_LINE_CHARS = 400
"""A longer line is not rewritten."""


def find_todo(lines: Lines, place: Place) -> Target | None:
    """The place below a comment that says TODO."""
    line = place.first_line
    if line != place.last_line or not _TODO.search(lines[line]):
        return None
    if not syntax_of(lines.snapshot.language_id).is_comment(lines, line):
        return None
    end = lines.end(line)
    below = Hole(end, end, find_line_end(lines.snapshot.text) + lines.indent(line))
    return Target.of_lines(lines, line, line, {"below": below})


def find_statement(lines: Lines, place: Place) -> Target | None:
    """A line of code that can be written in another way."""
    return _statement(lines, place.first_line) if place.first_line == place.last_line else None


def find_diagnosed(lines: Lines, place: Place) -> Target | None:
    """The line of a diagnostic that lies in one line."""
    target = _statement(lines, lines.snapshot.line_starts.line_of(place.start))
    if target is None or place.end > target.last:
        return None
    rest = Hole(max(place.start, target.holes["line"].start), target.last)
    return replace(target, holes={**target.holes, "rest": rest})


def find_undefined(lines: Lines, place: Place) -> Target | None:
    """The name under a diagnostic that says it is not defined, where the language knows which names are."""
    name = lines.snapshot.text[place.start : place.end]
    if not _NAME.fullmatch(name) or not _UNDEFINED.search(place.message):
        return None
    if not syntax_of(lines.snapshot.language_id).knows_names:
        return None
    line = lines.snapshot.line_starts.line_of(place.start)
    target = Target.of_lines(lines, line, line, {"name": Hole(place.start, place.end)})
    return replace(target, unwanted=name, is_name=True)


def _statement(lines: Lines, line: int) -> Target | None:
    if len(lines[line]) > MAX_LINE_CHARS:
        return None
    if not syntax_of(lines.snapshot.language_id).is_statement(lines, line):
        return None
    whole = Hole(lines.code_start(line), lines.end(line))
    return Target.of_lines(lines, line, line, {"line": whole})
