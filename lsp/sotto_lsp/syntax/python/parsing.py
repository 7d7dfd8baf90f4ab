"""PythonCode: what the standard library's parser says of a text. Runs nothing of it."""

import ast
import builtins
import warnings
from dataclasses import dataclass
from functools import lru_cache

from sotto_lsp.syntax.python.scope import names_bound_by

_BUILTINS = frozenset(dir(builtins))
_UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
Function = ast.FunctionDef | ast.AsyncFunctionDef
_Definition = Function | ast.ClassDef


@dataclass(frozen=True)
class PythonError:
    """The first error: its line from 0, the character in it, what the parser says."""

    line: int
    character: int
    message: str


@dataclass(frozen=True)
class PythonCode:
    """A text that compiles.

    unknown_names: names that it reads and binds nowhere, in no scope; None where `import *` hides what is bound.
    outline: the functions and classes with their parameters, those inside functions left out.
    """

    unknown_names: frozenset[str] | None
    outline: tuple[str, ...]


@lru_cache(maxsize=8)
def find_error(text: str) -> PythonError | None:
    """The first syntax error of a text, None if it parses. Cached: each move of the cursor asks for it."""
    try:
        _parse(text)
    except SyntaxError as error:
        line = max(0, (error.lineno or 1) - 1)
        return PythonError(line, max(0, (error.offset or 1) - 1), error.msg)
    except _UNPARSABLE as error:
        return PythonError(0, 0, str(error))
    return None


@lru_cache(maxsize=8)
def read_python(text: str) -> PythonCode | None:
    """None if the text does not compile. Compiling finds more than parsing: a `return` outside a function."""
    try:
        tree = _parse(text)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(tree, "<document>", "exec", dont_inherit=True)
    except _UNPARSABLE:
        return None
    return PythonCode(_unknown_names(tree), tuple(_outline(tree, "")))


def parse_python(text: str) -> ast.Module | None:
    """None where it does not parse. Not cached: for the many texts of a search."""
    try:
        return _parse(text)
    except _UNPARSABLE:
        return None


def _parse(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the user's code, on our stderr
        return ast.parse(text)


def _unknown_names(tree: ast.Module) -> frozenset[str] | None:
    read: set[str] = set()
    bound: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            read.add(node.id)
        else:
            bound.update(names_bound_by(node))
    if "*" in bound:
        return None
    return frozenset(name for name in read - bound - _BUILTINS if not name.startswith("__"))


def _outline(node: ast.Module | ast.ClassDef, scope: str) -> list[str]:
    lines: list[str] = []
    for child in node.body:
        for definition in _definitions(child):
            lines.append(scope + _head(definition))
            if isinstance(definition, ast.ClassDef):
                lines += _outline(definition, f"{scope}{definition.name}.")
    return lines


def _definitions(statement: ast.stmt) -> list[_Definition]:
    """The statement, or those inside an `if`, `try` or `with` around them; not those inside a function."""
    if isinstance(statement, _Definition):
        return [statement]
    inner = [child for child in ast.iter_child_nodes(statement) if isinstance(child, ast.stmt)]
    return [definition for child in inner for definition in _definitions(child)]


def _head(node: _Definition) -> str:
    if isinstance(node, ast.ClassDef):
        return f"class {node.name}({', '.join(map(ast.unparse, node.bases))})"
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"def {node.name}({ast.unparse(node.args)}){returns}"
