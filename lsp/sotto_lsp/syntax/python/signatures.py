"""PythonFunctions: signatures, docstrings and stubs by their lines, found without parsing the document."""

import ast
import re
import textwrap
from collections import Counter
from pathlib import Path

from pygls.uris import to_fs_path

from sotto_lsp.documents.line_ends import find_line_end
from sotto_lsp.documents.lines import Lines
from sotto_lsp.syntax.protocol import Stub, Syntax
from sotto_lsp.syntax.python.module_tests import is_test_file
from sotto_lsp.syntax.python.parsing import Function, parse_python
from sotto_lsp.syntax.target import Hole

_DEF = re.compile(r"[ \t]*(async[ \t]+)?def[ \t]+(?P<name>\w+)")
_STUB = re.compile(r"(pass|\.\.\.|raise NotImplementedError\b.*)[ \t]*(#.*)?")
_DOCSTRING = re.compile(r"[rRuU]?(\"\"\"|''')")
_NO_CODE = re.compile(r"\"\"\"[\s\S]*?\"\"\"|'''[\s\S]*?'''|#.*|\"(?:\\.|[^\"\n\\])*\"|'(?:\\.|[^'\n\\])*'")
_BRACKETS = ("()", "[]", "{}")
_UNHINTED = ("self", "cls")
_MAX_SIGNATURE_CHARS = 800
_MAX_LINES = 60
"""Above the cursor, of a signature, of a docstring: more is not looked through at every move of the cursor."""
_MAX_FUNCTION_LINES = 200


class PythonFunctions(Syntax):
    """What the protocol asks about functions."""

    def find_function(self, lines: Lines, line: int) -> tuple[int, int] | None:
        bounds = _signature_at(lines, line)
        if bounds is None:
            return None
        head, last = bounds
        outer = lines.indent(head)
        for number in range(last + 1, min(len(lines), head + _MAX_FUNCTION_LINES)):
            text = lines[number].strip()
            if text and lines.is_inside(number, outer):
                last = number
            elif text and not text.startswith("#"):
                break
        return (head, last) if last > bounds[1] else None

    def find_stub(self, lines: Lines, line: int) -> Stub | None:
        """A stub is a function without code besides its docstring and comments."""
        head = _head_of(lines, line)
        colon = None if head is None else _end_of_signature(lines, head)
        if head is None or colon is None:
            return None
        last_head = _end_of_docstring(lines, colon)
        outer = lines.indent(head)
        stub: list[int] = []
        for number in range(last_head + 1, min(len(lines), last_head + _MAX_LINES)):
            text = lines[number].strip()
            if not text:
                continue
            if not lines.is_inside(number, outer):
                break
            if _STUB.fullmatch(text):
                stub.append(number)
            elif not text.startswith("#"):
                return None
        last = stub[-1] if stub else last_head
        if line > last:
            return None
        if stub:
            return Stub(head, last, Hole(lines.code_start(stub[0]), lines.end(last)))
        indent = lines.indent(last_head) if last_head > colon else outer + " " * 4
        end = lines.end(last)
        return Stub(head, last, Hole(end, end, find_line_end(lines.snapshot.text) + indent))

    def find_unhinted(self, lines: Lines, line: int) -> tuple[int, int] | None:
        bounds = _signature_at(lines, line)
        function = None if bounds is None else _read_signature(lines, *bounds)
        if function is None:
            return None
        arguments = [node for node in ast.walk(function.args) if isinstance(node, ast.arg)]
        is_unhinted = any(each.annotation is None and each.arg not in _UNHINTED for each in arguments)
        return bounds if is_unhinted or function.returns is None else None

    def find_undocumented(self, lines: Lines, line: int) -> tuple[int, int] | None:
        bounds = _signature_at(lines, line)
        if bounds is None or bounds[1] + 1 >= len(lines) or _end_of_docstring(lines, bounds[1]) > bounds[1]:
            return None
        return bounds

    def find_testable(self, lines: Lines, line: int) -> str | None:
        """Not a method or an inner function, whose tests need more than an import; not in a file of tests."""
        path = to_fs_path(lines.snapshot.uri)
        if path is None or not path.endswith(".py") or is_test_file(Path(path)):
            return None
        bounds = _signature_at(lines, line)
        match = _DEF.match(lines[bounds[0]]) if bounds and not lines.indent(bounds[0]) else None
        return match and match["name"]


def count_open_brackets(text: str) -> Counter[str]:
    """How many more of each kind are opened than closed; not those in strings and comments."""
    code = _NO_CODE.sub("", text)
    return Counter({kind: code.count(kind[0]) - code.count(kind[1]) for kind in _BRACKETS})


def _signature_at(lines: Lines, line: int) -> tuple[int, int] | None:
    """First and last line of the signature that the line is in."""
    head = _head_of(lines, line)
    last = None if head is None else _end_of_signature(lines, head)
    return (head, last) if head is not None and last is not None and head <= line <= last else None


def _read_signature(lines: Lines, first: int, last: int) -> Function | None:
    """A signature up to its colon as the function it begins."""
    text = lines.snapshot.content[lines.start(first) : lines.end(last)]
    if len(text) > _MAX_SIGNATURE_CHARS:
        return None
    tree = parse_python(textwrap.dedent(text).rstrip() + "\n    pass\n")
    function = tree.body[0] if tree and len(tree.body) == 1 else None
    return function if isinstance(function, Function) else None


def _end_of_docstring(lines: Lines, colon: int) -> int:
    """The docstring's last line; `colon`, where the signature ends, without one."""
    for number in range(colon + 1, min(len(lines), colon + 3)):
        text = lines[number].strip()
        if not text:
            continue
        match = _DOCSTRING.match(text)
        if match is None or not lines.is_inside(number, lines.indent(colon)):
            return colon
        if match[1] in text[match.end() :]:
            return number
        ends = range(number + 1, min(len(lines), number + _MAX_LINES))
        return next((end for end in ends if match[1] in lines[end]), colon)
    return colon


def _head_of(lines: Lines, line: int) -> int | None:
    """The nearest `def` at or above a line that the line is inside of."""
    for number in range(line, max(-1, line - _MAX_LINES), -1):
        if _DEF.match(lines[number]):
            inside = number == line or not lines[line].strip() or lines.is_inside(line, lines.indent(number))
            return number if inside or line <= (_end_of_signature(lines, number) or -1) else None
    return None


def _end_of_signature(lines: Lines, head: int) -> int | None:
    """The line whose colon ends the signature; None where code follows on it, or there is none."""
    depth = 0
    for number in range(head, min(len(lines), head + _MAX_LINES)):
        code = _NO_CODE.sub("", lines[number])
        depth += count_open_brackets(code).total()
        if depth <= 0:
            return number if code.rstrip().endswith(":") else None
    return None
