"""PythonCode: what the standard library's parser says of a text. Runs nothing of it."""

import ast
import builtins
import warnings
from dataclasses import dataclass
from functools import lru_cache

_BUILTINS = frozenset(dir(builtins))
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


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
        return SyntaxProblem(line, max(0, (error.offset or 1) - 1), error.msg.split("(", 1)[0].strip())
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
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, _Definition):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.alias):
            if node.name == "*":
                return None
            bound.add(node.asname or node.name.split(".")[0])
        elif isinstance(node, ast.Global | ast.Nonlocal):
            bound.update(node.names)
        else:
            bound.update(_name_of(node))
    return frozenset(name for name in read - bound - _BUILTINS if not name.startswith("__"))


def _name_of(node: ast.AST) -> list[str]:
    """Names bound by `except ... as`, patterns and type parameters, which are plain strings in the tree."""
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
        return [node.name] if node.name else []
    if isinstance(node, ast.MatchMapping):
        return [node.rest] if node.rest else []
    if type(node).__name__ in ("TypeVar", "ParamSpec", "TypeVarTuple"):  # Python 3.12
        return [str(getattr(node, "name", ""))]
    return []


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
