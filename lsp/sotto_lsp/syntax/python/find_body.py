"""The function around a line, if its body is still to be written: nothing, `pass`, `...`, NotImplementedError."""

import re

from sotto_lsp.documents.line_ends import find_line_end
from sotto_lsp.documents.lines import Lines
from sotto_lsp.syntax.target import Hole, Target

_DEF = re.compile(r"[ \t]*(async[ \t]+)?def[ \t]+\w+")
_STUB = re.compile(r"(pass|\.\.\.|raise NotImplementedError\b.*)[ \t]*(#.*)?")
_DOCSTRING = re.compile(r"[rRuU]?(\"\"\"|''')")
_MAX_LINES = 60
"""Above the cursor, of a signature, of a docstring: more is not looked through at every move of the cursor."""


def find_body(lines: Lines, line: int) -> Target | None:
    """The stub of the function that a line belongs to, one without code besides its docstring and comments."""
    head = head_of(lines, line)
    colon = None if head is None else end_of_signature(lines, head)
    if head is None or colon is None:
        return None
    last_head = end_of_docstring(lines, colon)
    outer, step = lines.indent(head), " " * 4
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
    if line > (stub[-1] if stub else last_head):
        return None
    if stub:
        hole = Hole(lines.code_start(stub[0]), lines.end(stub[-1]))
        last = stub[-1]
    else:
        indent = lines.indent(last_head) if last_head > colon else outer + step
        at, last = lines.end(last_head), last_head
        hole = Hole(at, at, find_line_end(lines.snapshot.text) + indent)
    return Target(lines.start(head), lines.end(last), {"body": hole})


def head_of(lines: Lines, line: int) -> int | None:
    """The nearest `def` at or above a line that the line is inside of."""
    for number in range(line, max(-1, line - _MAX_LINES), -1):
        if _DEF.match(lines[number]):
            inside = number == line or not lines[line].strip() or lines.is_inside(line, lines.indent(number))
            return number if inside or line <= (end_of_signature(lines, number) or -1) else None
    return None


def end_of_signature(lines: Lines, head: int) -> int | None:
    """The line whose colon ends the signature; None where code follows on it, or there is none."""
    depth = 0
    for number in range(head, min(len(lines), head + _MAX_LINES)):
        code = re.sub(r"#.*|\"[^\"\n]*\"|'[^'\n]*'", "", lines[number])
        depth += sum(code.count(each) for each in "([{") - sum(code.count(each) for each in ")]}")
        if depth <= 0:
            return number if code.rstrip().endswith(":") else None
    return None


def end_of_docstring(lines: Lines, colon: int) -> int:
    """The docstring's last line; `colon` where there is none."""
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
