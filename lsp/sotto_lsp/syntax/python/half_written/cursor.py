"""What the text before a cursor says of it, in Python that is half written. Knows no model and no document."""

import ast
import re
from functools import lru_cache

from sotto_lsp.syntax.protocol import CursorContext, Literal
from sotto_lsp.syntax.python.half_written.compiling import parse_statement
from sotto_lsp.syntax.python.half_written.logical_lines import (
    HEADERS,
    LogicalLine,
    find_closers,
    is_string,
    read_logical_lines,
)

_TRIPLE = re.compile(r"\"\"\"|'''")
_NO_CODE = re.compile(r"(?:\s++|#.*+)*+")
_CODE_LINE = re.compile(
    r"""^[ \t]*(?:(?:async +)?def +\w+\(|class +\w+.*:$|(?:return|raise)\b|import +\w+$|from +[\w.]+ +import\b"""
    r"""|(?:if|elif|for|while|with|try|except)\b.*:$|else:|@\w|[\w.]+ = |[\w.]+\(.*\)$)""",
    re.MULTILINE,
)
_LAST_SIGNS = (")", "]", "}", '"', "'", "pass", "break", "continue")
_DISPLAYS = (ast.List, ast.Dict, ast.Set, ast.Tuple, ast.ListComp, ast.DictComp, ast.SetComp, ast.JoinedStr)


def read_cursor(prefix: str, suffix: str) -> CursorContext:
    """Of the cursor between two texts."""
    line = read_prefix(prefix)[-1]
    code = prefix[line.start :]
    return CursorContext(
        literal=_read_literal(line, code),
        closers="".join(find_closers(line.open)),
        is_complete=not line.open and not suffix.split("\n", 1)[0].strip() and _is_complete(line, code),
    )


@lru_cache(maxsize=4)
def read_prefix(prefix: str) -> tuple[LogicalLine, ...]:
    """The logical lines of a text that may begin anywhere; the last is the one at its end."""
    return tuple(read_logical_lines(prefix, find_opened(prefix)))


@lru_cache(maxsize=4)
def find_opened(text: str) -> tuple[str, ...]:
    """The quotes of the string in which a text begins, or nothing."""
    quote = _TRIPLE.search(text)
    return (quote[0],) if quote and _begins_in_string(text, quote[0]) else ()


def _begins_in_string(text: str, quote: str) -> bool:
    """Whether there is more code inside the strings than outside, were the first quote to open one."""
    pieces = text.split(quote)
    if _NO_CODE.fullmatch(pieces[0]):
        return False
    outside, inside = (sum(map(_rate_code, pieces[begin::2])) for begin in (0, 1))
    return inside > outside


def _rate_code(text: str) -> int:
    """The more lines look like Python, the higher; lines of C and its kin count against it."""
    return len(_CODE_LINE.findall(text)) - text.count(";\n")


def _read_literal(line: LogicalLine, code: str) -> Literal:
    last = line.open[-1] if line.open else ""
    if last == "#":
        return Literal.COMMENT
    if not is_string(last):
        return Literal.CODE
    begins = re.match(rf"\s*[rRbBuU]*{last}", code)
    is_statement = not line.word or (begins and last not in code[begins.end() :])
    return Literal.DOCSTRING if is_statement and last[0] != "f" else Literal.STRING


def _is_complete(line: LogicalLine, code: str) -> bool:
    """Whether statements that end like this hardly ever go on. It may only be missed, never claimed of a half one."""
    statement = code.strip()
    if line.word in HEADERS or not statement.endswith(_LAST_SIGNS):
        return False
    match parse_statement(statement):
        case ast.Pass() | ast.Break() | ast.Continue() | ast.Raise() | ast.Expr(value=ast.Call()):
            return True
        case ast.Expr(value=ast.Constant()):
            return statement.endswith(('"""', "'''"))
        case ast.Assign(value=value) | ast.AnnAssign(value=value):
            return isinstance(value, (ast.Call, *_DISPLAYS))
        case ast.Return(value=value):
            return isinstance(value, _DISPLAYS)
        case _:
            return False
