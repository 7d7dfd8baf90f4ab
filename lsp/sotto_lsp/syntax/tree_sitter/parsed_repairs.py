"""Repairs of a syntax error by one sign or one keyword, all that leave one error less: the model says which is meant.

Deterministic but for its time limit.
"""

import time

from sotto_lsp.actions.search.one_sign_edits import Signs, one_sign_edits
from sotto_lsp.actions.search.search import Search
from sotto_lsp.documents.lines import Lines
from sotto_lsp.documents.text_change import TextChange
from sotto_lsp.syntax.python.repairs import MAX_REPAIRS, TIME_LIMIT_S
from sotto_lsp.syntax.target import Target
from sotto_lsp.syntax.tree_sitter.syntax_tree import SyntaxTree
from sotto_lsp.syntax.tree_sitter.trees import tree_of

_SIGNS = (")", ";", "}", "(", "{", ",", "]", "[", '"', "'", ":", "=", ".", "`", ">", "<")


def parsed_repairs(lines: Lines, target: Target, time_limit_s: float = TIME_LIMIT_S) -> list[TextChange]:
    """Every change by one sign or keyword that mends the target's lines and breaks nothing else, at most 96."""
    tree = tree_of(lines.snapshot)
    if tree is None:
        return []
    line_of = lines.snapshot.line_starts.line_of
    signs = Signs(_SIGNS, tree.keywords)
    deadline = time.monotonic() + time_limit_s
    found: dict[str, TextChange] = {}
    for line in range(line_of(target.first), line_of(target.last) + 1):
        for change in one_sign_edits(lines[line], signs):
            moved = change.moved(lines.start(line))
            after = tree.edited(moved.start, moved.end, moved.new, deadline - time.monotonic())
            if after is not None and is_mended(tree, after, target):
                found.setdefault(after.text[target.first : target.last + 1], moved)
            if len(found) == MAX_REPAIRS or time.monotonic() > deadline:
                return list(found.values())
    return list(found.values())


def is_mended(before: SyntaxTree, after: SyntaxTree, target: Target) -> bool:
    """Whether no error is left in the target's lines, and there are fewer than before in the whole text."""
    last = target.last + len(after.text) - len(before.text)
    return len(after.problems) < len(before.problems) and not after.has_problem(target.first, last)


MENDING = Search(parsed_repairs, lambda target, change: 0.0)
