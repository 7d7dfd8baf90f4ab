"""The lines of a syntax error, and what a model may be asked to fill in there."""

from dataclasses import replace

from sotto_lsp.actions.places.find_line import MAX_LINE_CHARS
from sotto_lsp.actions.places.place import Place
from sotto_lsp.documents.lines import Lines
from sotto_lsp.syntax.languages.registry import syntax_of
from sotto_lsp.syntax.target import Hole, Target


def find_error(lines: Lines, place: Place) -> Target | None:
    """The first error that the cursor's lines have part in."""
    for problem in syntax_of(lines.snapshot.language_id).find_problems(lines):
        first, last = problem.shown
        if place.first_line <= last and first <= place.last_line:
            line = max(first, min(place.first_line, last))
            holes = _holes(lines, line, problem.start)
            target = Target.of_lines(lines, problem.first, problem.last, holes)
            return replace(target, is_syntax_error=True) if holes else None
    return None


def _holes(lines: Lines, line: int, noticed: int) -> dict[str, Hole]:
    """Around the offset at which the parser noticed the error, or the nearest in the line."""
    if not lines[line].strip() or len(lines[line]) > MAX_LINE_CHARS:
        return {}
    code, code_end, end = lines.code_start(line), lines.code_end(line), lines.end(line)
    stopped = min(max(code, noticed), code_end)
    return {
        "after": Hole(code_end, end),
        "last": Hole(code_end - 1, end),
        "rest": Hole(stopped, end),
        "between": Hole(stopped, stopped),
        "sign": Hole(stopped, min(stopped + 1, code_end)),
        "before": Hole(max(code, stopped - 1), stopped),
        "line": Hole(code, end),
    }
