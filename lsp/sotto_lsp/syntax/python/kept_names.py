"""Which names that some lines bind other code may use: an answer that writes the lines anew must bind them, too."""

import ast

from sotto_lsp.documents.line_ends import normalize_line_ends
from sotto_lsp.syntax.margin import margin_of, without_margin
from sotto_lsp.syntax.python.parsing import Function, parsed_or_none
from sotto_lsp.syntax.python.scope import bound_in


def lost_name(text: str, start: int, end: int, new: str) -> str | None:
    """A name that the whole lines `[start, end)` of `text` bind for others, and `new` does not; None if all stay.

    Inside a function those count that the file reads elsewhere; outside all, since other files may use them.
    """
    old_names, new_names = _bound(text[start:end]), _bound(new)
    lost = old_names - new_names
    if not lost or (tree := parsed_or_none(text)) is None:
        return min(lost, default=None)
    first = normalize_line_ends(text[:start]).count("\n") + 1
    last = first + normalize_line_ends(text[start:end]).count("\n")
    functions = [node for node in ast.walk(tree) if isinstance(node, Function)]
    if any(each.lineno < first and last <= (each.end_lineno or 0) for each in functions):
        reads = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
        lost &= {each.id for each in reads if not first <= each.lineno <= last}
    return min(lost, default=None)


def _bound(code: str) -> set[str]:
    shown = normalize_line_ends(code)
    tree = parsed_or_none(without_margin(shown, margin_of(shown)))
    return set() if tree is None else set(bound_in(tree))
