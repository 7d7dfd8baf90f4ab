"""PythonCode: what the standard library's parser says of a text. Runs nothing of it."""

import ast
import builtins
import warnings
from dataclasses import dataclass
from functools import lru_cache

_BUILTINS = frozenset(dir(builtins))
_TYPE_PARAMETERS = ("TypeVar", "ParamSpec", "TypeVarTuple")
"""Python 3.12"""
Function = ast.FunctionDef | ast.AsyncFunctionDef
_Definition = Function | ast.ClassDef


@dataclass(frozen=True)
class SyntaxProblem:
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
def syntax_problem(text: str) -> SyntaxProblem | None:
    """The first syntax error of a text, None if it parses. Cached: it is asked at every move of the cursor."""
    try:
        _parsed(text)
    except SyntaxError as error:
        line = max(0, (error.lineno or 1) - 1)
        return SyntaxProblem(line, max(0, (error.offset or 1) - 1), error.msg)
    except (ValueError, RecursionError, MemoryError) as error:
        return SyntaxProblem(0, 0, str(error))
    return None


@lru_cache(maxsize=8)
def read_python(text: str) -> PythonCode | None:
    """None if the text does not compile. Compiling finds more than parsing: a `return` outside a function."""
    try:
        tree = _parsed(text)
        _compile(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return PythonCode(_unknown_names(tree), tuple(_outline(tree, "")))


def parsed_or_none(text: str) -> ast.Module | None:
    """Not cached: for the many texts of a search."""
    try:
        return _parsed(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the user's code, on our stderr
        return ast.parse(text)


def _compile(tree: ast.Module) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compile(tree, "<document>", "exec", dont_inherit=True)


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


def names_bound_by(node: ast.AST) -> list[str]:
    """The names that this node itself makes known, whatever is inside it; `*` for an import of everything."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
            names = [name]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            names = [name]
        case ast.alias(name=name, asname=other):
            names = [other or name.split(".")[0]]
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            pass
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            names = [name]
        case ast.MatchMapping(rest=str(name)):
            names = [name]
        case _ if type(node).__name__ in _TYPE_PARAMETERS:
            names = [str(getattr(node, "name", ""))]
        case _:
            names = []
    return names


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
