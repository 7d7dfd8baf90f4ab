"""What the text before a cursor says of it, in Python that is half written. Knows no model and no document."""

import ast
import re

from sotto_lsp.syntax.protocol import CursorContext, Literal
from sotto_lsp.syntax.python.half_written.compiling import parse_statement
from sotto_lsp.syntax.python.half_written.logical_lines import (
    HEADERS,
    LogicalLine,
    find_closers,
    is_string,
)
from sotto_lsp.syntax.python.half_written.prefix import read_prefix

_LAST_SIGNS = (")", "]", "}", '"', "'", "pass", "break", "continue")
_DISPLAYS = (ast.List, ast.Dict, ast.Set, ast.Tuple, ast.ListComp, ast.DictComp, ast.SetComp, ast.JoinedStr)


def read_cursor(prefix: str, suffix: str) -> CursorContext:
    """Of the cursor between two texts."""
    before = read_prefix(prefix)
    line, code = before.lines[-1], before.code
    return CursorContext(
        literal=_read_literal(line, code),
        closers="".join(find_closers(line.open)),
        is_complete=not line.open and not suffix.split("\n", 1)[0].strip() and _is_complete(line, code),
    )


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
