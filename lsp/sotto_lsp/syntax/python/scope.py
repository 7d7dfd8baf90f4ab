"""Which names a piece of Python binds, and where they can be read, as far as the text shows it."""

import ast
from collections.abc import Iterator

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_NAME_FIELDS = {
    **dict.fromkeys(("FunctionDef", "AsyncFunctionDef", "ClassDef", "ExceptHandler"), "name"),
    **dict.fromkeys(("MatchAs", "MatchStar", "TypeVar", "ParamSpec", "TypeVarTuple"), "name"),
    **{"Name": "id", "arg": "arg", "MatchMapping": "rest"},
}
"""In which field of a node the name is that it binds."""


def names_bound_by(node: ast.AST) -> list[str]:
    """The names that this node itself makes known, whatever is inside it; `*` for an import of everything."""
    if isinstance(node, ast.alias):
        return [node.asname or node.name.split(".")[0]]
    if isinstance(node, ast.Global | ast.Nonlocal):
        return node.names
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        return []
    name: str | None = getattr(node, _NAME_FIELDS.get(type(node).__name__, ""), None)
    return [] if name is None else [name]


def names_bound_in(scope: _Function | ast.Module) -> Iterator[str]:
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


def names_in_scope(tree: ast.Module, line: int) -> tuple[str, ...]:
    """Of the functions around a line (counted from 0), the innermost first, then of the module; no builtins."""
    functions = (node for node in ast.walk(tree) if isinstance(node, _Function))
    around = [node for node in functions if node.lineno <= line + 1 <= (node.end_lineno or node.lineno)]
    around.sort(key=lambda node: -node.lineno)
    return tuple(dict.fromkeys(name for scope in (*around, tree) for name in names_bound_in(scope)))


def keep_needed(names: set[str], tree: ast.Module, first: int, last: int) -> set[str]:
    """Of the names that the lines from `first` to `last` (from 0) bind, those that other code may use.

    Inside a function these are the names that the file reads elsewhere; outside all, since other files may use them.
    """
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    if not any(each.lineno <= first and last < (each.end_lineno or 0) for each in functions):
        return names
    reads = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    return names & {each.id for each in reads if not first < each.lineno <= last + 1}
