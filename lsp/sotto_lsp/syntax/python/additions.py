"""Checks of answers that may only add: type hints that name types there are, or one docstring. By comparing trees."""

import ast
import builtins
from collections.abc import Iterator

from sotto_lsp.syntax.python.parsing import Function, parse_python
from sotto_lsp.syntax.target import Addition


def check_addition(addition: Addition, before: str, after: str) -> str | None:
    """Why `after` is more than `before` with that addition in one place; None if it is just that."""
    old, new = parse_python(before), parse_python(after)
    if old is None or new is None:
        return "the file would not compile"
    return _only_hints(old, new) if addition is Addition.HINTS else _only_a_docstring(old, new)


def _only_hints(before: ast.Module, after: ast.Module) -> str | None:
    known = set(_names_of_types(after))
    pairs = list(zip(_take_hints(before), _take_hints(after), strict=False))
    if ast.dump(before) != ast.dump(after):
        return "more than type hints would change"
    if any(old is not None and (new is None or ast.dump(old) != ast.dump(new)) for old, new in pairs):
        return "a type hint that is there would change"
    added = [new for old, new in pairs if old is None and new is not None]
    if not added:
        return "it adds no type hint"
    for node in (node for hint in added for node in ast.walk(hint)):
        if isinstance(node, ast.Name) and node.id not in known:
            return f"{node.id} is no type that is known here"
        if isinstance(node, ast.Constant) and node.value not in (None, ...):
            return "a type hint is no type"
    return None


def _only_a_docstring(before: ast.Module, after: ast.Module) -> str | None:
    functions = [[node for node in ast.walk(tree) if isinstance(node, Function)] for tree in (before, after)]
    if len(functions[0]) != len(functions[1]):
        return "more than a docstring would change"
    for old, new in zip(*functions, strict=True):
        if ast.get_docstring(old) is None and ast.get_docstring(new) is not None:
            del new.body[0]
    return None if ast.dump(before) == ast.dump(after) else "more than a docstring would change"


def _take_hints(tree: ast.Module) -> list[ast.expr | None]:
    """The hints of all signatures, in order, taken out of the tree."""
    hints: list[ast.expr | None] = []
    for node in ast.walk(tree):
        if isinstance(node, Function):
            for argument in (each for each in ast.walk(node.args) if isinstance(each, ast.arg)):
                hints.append(argument.annotation)
                argument.annotation = None
            hints.append(node.returns)
            node.returns = None
    return hints


def _names_of_types(tree: ast.Module) -> Iterator[str]:
    """Built-in types, what is imported, classes, and module variables spelled like classes."""
    yield from (name for name in dir(builtins) if isinstance(getattr(builtins, name), type))
    for node in ast.walk(tree):
        if isinstance(node, ast.alias):
            yield node.asname or node.name.split(".")[0]
        elif isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id[0].isupper():
            yield node.id
