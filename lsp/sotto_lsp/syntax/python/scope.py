"""The names that can be read at a line, by Python's rules as far as the text shows them. Runs nothing of it."""

import ast
import builtins
from collections.abc import Iterator

from sotto_lsp.syntax.python.parsing import names_bound_by, parsed_or_none

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

BUILTINS = tuple(name for name in dir(builtins) if not name.startswith("_"))


def names_in_scope(text: str, line: int) -> tuple[str, ...]:
    """Of the functions around a line (counted from 0), the innermost first, then of the module; no builtins.

    Empty where the text does not parse.
    """
    tree = parsed_or_none(text)
    if tree is None:
        return ()
    around = [node for node in ast.walk(tree) if isinstance(node, _Function) and _spans(node, line + 1)]
    around.sort(key=lambda node: -node.lineno)
    names = [name for scope in (*around, tree) for name in bound_in(scope)]
    return tuple(dict.fromkeys(names))


def _spans(node: _Function, line_number: int) -> bool:
    return node.lineno <= line_number <= (node.end_lineno or node.lineno)


def bound_in(scope: _Function | ast.Module) -> Iterator[str]:
    """What a scope binds itself: not what the functions and classes inside it do."""
    if not isinstance(scope, ast.Module):
        for each in ast.walk(scope.args):
            yield from names_bound_by(each)
    body = [scope.body] if isinstance(scope, ast.Lambda) else list(scope.body)
    todo: list[ast.AST] = list(reversed(body))
    while todo:
        node = todo.pop()
        yield from names_bound_by(node)
        if not isinstance(node, _Function | ast.ClassDef):
            todo += reversed(list(ast.iter_child_nodes(node)))
