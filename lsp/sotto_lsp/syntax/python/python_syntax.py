"""PythonSyntax: Python, as the protocol asks for it."""

import builtins
import re
from collections import Counter
from collections.abc import Iterator

from sotto_lsp.documents.line_ends import normalize_line_ends
from sotto_lsp.documents.lines import Lines
from sotto_lsp.documents.paths import WorkspaceFile
from sotto_lsp.syntax.margin import margin_of, without_margin
from sotto_lsp.syntax.protocol import MAX_PARSED_CHARS, CursorContext, Mending, Problem
from sotto_lsp.syntax.python.checks import PythonChecks
from sotto_lsp.syntax.python.half_written.cursor import read_cursor
from sotto_lsp.syntax.python.half_written.guard import is_no_worse
from sotto_lsp.syntax.python.module_tests import PythonModuleTests
from sotto_lsp.syntax.python.parsing import find_error, parse_python
from sotto_lsp.syntax.python.repairs import find_error_lines, mend
from sotto_lsp.syntax.python.scope import names_in_scope
from sotto_lsp.syntax.python.signatures import PythonFunctions, count_open_brackets
from sotto_lsp.syntax.target import Target

_COMMENT = re.compile(r"[ \t]*#(?![!:])[ \t]*(?P<text>\S.*?)[ \t]*")
_NO_STATEMENT = re.compile(r"[ \t]*($|#|@|(async[ \t]+)?def\b|class\b|import\b|from\b|\"\"\"|''')")
_BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_"))


class PythonSyntax(PythonFunctions, PythonChecks):
    name = "Python"
    knows_names = True

    def find_problems(self, lines: Lines) -> Iterator[Problem]:
        """The first: the parser goes no further."""
        is_small = len(lines.snapshot.content) <= MAX_PARSED_CHARS
        error = find_error(lines.snapshot.text) if is_small else None
        if error is not None and error.line < len(lines):
            first, last = find_error_lines(lines, error)
            yield Problem(lines.start(error.line) + error.character, first, last, (error.line, error.line))

    def read_cursor(self, prefix: str, suffix: str) -> CursorContext:
        return read_cursor(prefix, suffix)

    def is_no_worse(self, prefix: str, suffix: str, text: str, num_replaced: int) -> bool:
        return is_no_worse(prefix, suffix, text, num_replaced)

    def count_open_brackets(self, lines: Lines, start: int, end: int) -> Counter[str]:
        return count_open_brackets(lines.snapshot.content[start:end])

    def is_comment(self, lines: Lines, line: int) -> bool:
        return lines[line].lstrip(" \t").startswith("#")

    def read_comment(self, line: str) -> str | None:
        comment = _COMMENT.fullmatch(line)
        return comment and comment["text"]

    def is_statement(self, lines: Lines, line: int) -> bool:
        return _NO_STATEMENT.match(lines[line]) is None

    def is_whole(self, lines: Lines, first: int, last: int) -> bool:
        code = normalize_line_ends(lines.snapshot.text[lines.start(first) : lines.end(last)])
        return find_error(without_margin(code, margin_of(code))) is None

    def find_tests(self, source: WorkspaceFile) -> PythonModuleTests:
        return PythonModuleTests.of(source)

    def find_names(self, text: str, line: int) -> tuple[tuple[str, ...], frozenset[str]]:
        tree = parse_python(text)
        return () if tree is None else names_in_scope(tree, line), _BUILTINS

    def find_mending(self, lines: Lines, target: Target) -> Mending | None:
        error = find_error(lines.snapshot.text)
        return error and mend(lines, error)
