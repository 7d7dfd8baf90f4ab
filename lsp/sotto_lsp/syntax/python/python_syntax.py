"""PythonSyntax: Python behind the protocol."""

import builtins
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pygls.uris import to_fs_path

from sotto_lsp.documents.line_ends import normalize_line_ends
from sotto_lsp.documents.lines import Lines
from sotto_lsp.documents.paths import WorkspaceFile
from sotto_lsp.documents.text_change import TextChange
from sotto_lsp.syntax.margin import margin_of, without_margin
from sotto_lsp.syntax.protocol import MAX_PARSED_CHARS, Mending, Problem, Stub, Syntax
from sotto_lsp.syntax.python import checks, signatures
from sotto_lsp.syntax.python.module_tests import PythonModuleTests, is_test_file
from sotto_lsp.syntax.python.parsing import PythonError, find_error, parse_python
from sotto_lsp.syntax.python.repairs import error_lines, mend
from sotto_lsp.syntax.python.scope import names_in_scope
from sotto_lsp.syntax.target import BODY, Target

_COMMENT = re.compile(r"[ \t]*#(?![!:])[ \t]*(?P<text>\S.*?)[ \t]*")
_NO_STATEMENT = re.compile(r"[ \t]*($|#|@|(async[ \t]+)?def\b|class\b|import\b|from\b|\"\"\"|''')")
_BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_"))


class PythonSyntax(Syntax):
    name = "Python"
    knows_names = True

    def problems(self, lines: Lines) -> Iterator[Problem]:
        """The first: the parser goes no further."""
        error = _error_in(lines.snapshot.text)
        if error is not None and error.line < len(lines):
            first, last = error_lines(lines, error)
            yield Problem(lines.start(error.line) + error.character, first, last, (error.line, error.line))

    def open_brackets(self, lines: Lines, start: int, end: int) -> Counter[str]:
        return signatures.open_brackets(lines.snapshot.content[start:end])

    def is_comment(self, lines: Lines, line: int) -> bool:
        return lines[line].lstrip(" \t").startswith("#")

    def comment_text(self, line: str) -> str | None:
        comment = _COMMENT.fullmatch(line)
        return comment and comment["text"]

    def is_statement(self, lines: Lines, line: int) -> bool:
        return _NO_STATEMENT.match(lines[line]) is None

    def is_whole(self, lines: Lines, first: int, last: int) -> bool:
        code = normalize_line_ends(lines.snapshot.text[lines.start(first) : lines.end(last)])
        return find_error(without_margin(code, margin_of(code))) is None

    def function_at(self, lines: Lines, line: int) -> tuple[int, int] | None:
        return signatures.function_at(lines, line)

    def stub_at(self, lines: Lines, line: int) -> Stub | None:
        return signatures.stub_at(lines, line)

    def unhinted_at(self, lines: Lines, line: int) -> tuple[int, int] | None:
        return signatures.unhinted_at(lines, line)

    def undocumented_at(self, lines: Lines, line: int) -> tuple[int, int] | None:
        return signatures.undocumented_at(lines, line)

    def testable_at(self, lines: Lines, line: int) -> str | None:
        """Not a method or an inner function, whose tests need more than an import; not in a file of tests."""
        path = to_fs_path(lines.snapshot.uri)
        if path is None or not path.endswith(".py") or is_test_file(Path(path)):
            return None
        bounds = signatures.signature_at(lines, line)
        return None if bounds is None or lines.indent(bounds[0]) else signatures.name_of(lines, bounds[0])

    def tests_of(self, source: WorkspaceFile) -> PythonModuleTests:
        return PythonModuleTests.of(source)

    def names_at(self, text: str, line: int) -> tuple[tuple[str, ...], frozenset[str]]:
        tree = parse_python(text)
        return () if tree is None else names_in_scope(tree, line), _BUILTINS

    def mending(self, lines: Lines, target: Target) -> Mending | None:
        error = find_error(lines.snapshot.text)
        return error and mend(lines, error)

    def is_hopeless(self, text: str, target: Target) -> bool:
        """A document that does not parse stays so, unless the answer is about that."""
        if target.is_syntax_error or _error_in(text) is None:
            return False
        return BODY not in target.holes or checks.read_before(text, target) is None

    def with_stub(self, text: str, target: Target) -> str:
        return checks.with_stub(text, target)

    def check(self, text: str, change: TextChange, target: Target) -> str | None:
        return checks.check_python(text, change, target)

    def checks_passed(self, target: Target) -> tuple[str, ...]:
        return checks.checks_passed(target)


def _error_in(text: str) -> PythonError | None:
    return find_error(text) if len(text) <= MAX_PARSED_CHARS else None
