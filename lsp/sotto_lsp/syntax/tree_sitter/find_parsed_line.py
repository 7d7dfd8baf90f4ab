"""Targets that are one line of code: a TODO, a line to write anew, a line that a diagnostic is about."""

import re
from dataclasses import replace

from sotto_lsp.actions.places.place import Place
from sotto_lsp.documents.line_ends import find_line_end
from sotto_lsp.documents.lines import Lines
from sotto_lsp.syntax.target import Hole, Target
from sotto_lsp.syntax.tree_sitter.find_parsed_error import find_parsed_error
from sotto_lsp.syntax.tree_sitter.language import Role
from sotto_lsp.syntax.tree_sitter.syntax_tree import SyntaxTree
from sotto_lsp.syntax.tree_sitter.trees import tree_of

_TODO = re.compile(r"\b(TODO|FIXME)\b.*\w")
_WORD = re.compile(r"\w+")
_DIRECTIVE = "#"
"""C's preprocessor has tokens for its words, as `#ifdef`."""
_MAX_LINE_CHARS = 400


def find_parsed_todo(lines: Lines, place: Place) -> Target | None:
    """The place below a comment of one line that says TODO, and has the line to itself."""
    tree, line = _one_line(lines, place)
    if tree is None or not _TODO.search(lines[line]):
        return None
    start, end = lines.code_start(line), lines.start(line) + len(lines[line].rstrip())
    comments = tree.regions(Role.COMMENT, start, end)
    # some grammars count the line end to the comment
    if not any(each.start == start and end <= each.end <= end + 2 for each in comments):
        return None
    below = Hole(lines.end(line), lines.end(line), find_line_end(lines.snapshot.text) + lines.indent(line))
    return Target(
        lines.start(line), lines.end(line), {"below": below}, language_id=lines.snapshot.language_id
    )


def find_parsed_line(lines: Lines, place: Place) -> Target | None:
    """A line of code that can be said in another way: no definition, import, comment, directive or lone bracket."""
    tree, line = _one_line(lines, place)
    if tree is None or len(lines[line]) > _MAX_LINE_CHARS or set(_WORD.findall(lines[line])) <= tree.keywords:
        return None
    start, end = lines.code_start(line), lines.end(line)
    if find_parsed_error(lines, place) is not None or _is_fixed(tree, start, end):
        return None
    return Target(lines.start(line), end, {"line": Hole(start, end)}, language_id=lines.snapshot.language_id)


def find_parsed_diagnosed(lines: Lines, place: Place) -> Target | None:
    """The line of a diagnostic that lies in one line."""
    target = find_parsed_line(lines, place)
    if target is None or place.end > target.last:
        return None
    rest = Hole(max(place.start, target.holes["line"].start), target.last)
    return replace(target, holes={**target.holes, "rest": rest})


def _one_line(lines: Lines, place: Place) -> tuple[SyntaxTree | None, int]:
    """The tree, where it is one line that is asked for."""
    is_one = place.first_line == place.last_line
    return tree_of(lines.snapshot) if is_one else None, place.first_line


def _is_fixed(tree: SyntaxTree, start: int, end: int) -> bool:
    token = tree.token_at(start)
    if not token or token.startswith(_DIRECTIVE):
        return True
    if any(each.start == start for each in tree.regions(Role.COMMENT, start, end)):
        return True
    heads = [
        (each.start, each.body[0] if each.body else each.end)
        for each in tree.regions(Role.SIGNATURE, start, end)
    ]
    fixed = [(each.start, each.end) for each in tree.regions(Role.FIXED, start, end)]
    return any(first < end and start < last for first, last in (*heads, *fixed))
