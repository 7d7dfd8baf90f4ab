"""Which names that some lines make known other code may use: an answer must make them known, too."""

import re

from sotto_lsp.syntax.target import Target
from sotto_lsp.syntax.tree_sitter.language import Role
from sotto_lsp.syntax.tree_sitter.syntax_tree import SyntaxTree

_WORD = re.compile(r"[^\W\d]\w*")


def lost_binding(before: SyntaxTree, after: SyntaxTree, target: Target) -> str | None:
    """A name that the target's lines made known for others, and do not any more; None if all stay.

    Inside a function those count that stand elsewhere in the text; outside all, since other files may use them.
    """
    start, end = target.first, target.last
    lost = before.names_bound(start, end) - after.names_bound(start, end + len(after.text) - len(before.text))
    functions = before.regions(Role.FUNCTION, start, end)
    if any(each.holds(start, end) for each in functions):
        lost &= set(_WORD.findall(before.text[:start] + " " + before.text[end:]))
    return min(lost, default=None)
