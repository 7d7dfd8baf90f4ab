"""The lines of a syntax error: where tree-sitter left something out, or missed something."""

from sotto_lsp.actions.places.find_line import error_holes
from sotto_lsp.actions.places.place import Place
from sotto_lsp.documents.lines import Lines
from sotto_lsp.syntax.target import Target
from sotto_lsp.syntax.tree_sitter.syntax_tree import Region
from sotto_lsp.syntax.tree_sitter.trees import tree_of

_MAX_LINES = 4
"""Of a longer error the place is not known: only its first lines are looked at."""


def find_parsed_error(lines: Lines, place: Place) -> Target | None:
    """The first error that the cursor's lines have part in."""
    tree = tree_of(lines.snapshot)
    for problem in tree.problems if tree else ():
        first, last = error_lines(lines, problem)
        if place.first_line <= last and first <= place.last_line:
            line = max(first, min(place.first_line, last))
            holes = error_holes(lines, line, problem.start - lines.start(line))
            if holes is None:
                return None
            return Target(
                lines.start(first),
                lines.end(last),
                holes,
                is_syntax_error=True,
                language_id=lines.snapshot.language_id,
            )
    return None


def error_lines(lines: Lines, problem: Region) -> tuple[int, int]:
    """First and last of the lines in which a sign may be missing, or one too many."""
    line_of = lines.snapshot.line_starts.line_of
    first = line_of(problem.start)
    last = min(max(first, line_of(max(problem.start, problem.end - 1))), first + _MAX_LINES - 1)
    begins_line = problem.start <= lines.code_start(first)
    while first and (begins_line or not lines[first].strip()):
        first -= 1  # what is missing there may be missing behind the text above
        begins_line = begins_line and not lines[first].strip()
    return first, last
