"""Targets that are one line: a TODO, a line to write anew, a line or a name that a diagnostic is about."""

import re

from sotto_lsp.documents.line_ends import find_line_end
from sotto_lsp.documents.lines import Lines
from sotto_lsp.syntax.python.parsing import SyntaxProblem
from sotto_lsp.syntax.python.repairs import repaired_lines
from sotto_lsp.syntax.target import Hole, Target

_TODO = re.compile(r"[ \t]*#.*\b(TODO|FIXME)\b.*\w")
_NO_REWRITE = re.compile(r"[ \t]*($|#|@|(async[ \t]+)?def\b|class\b|import\b|from\b|\"\"\"|''')")
_UNDEFINED = re.compile(r"undefined|not defined|unresolved", re.IGNORECASE)
_NAME = re.compile(r"[^\W\d]\w*")
_MAX_LINE_CHARS = 400


def find_todo(lines: Lines, line: int) -> Target | None:
    """The place below a comment that says TODO."""
    if not _TODO.match(lines[line]):
        return None
    end = lines.end(line)
    below = Hole(end, end, find_line_end(lines.snapshot.text) + lines.indent(line))
    return Target(lines.start(line), end, {"below": below})


def find_rewrite(lines: Lines, line: int) -> Target | None:
    """A line of code that can be said in another way: no definition, import, comment or decorator."""
    if _NO_REWRITE.match(lines[line]) or len(lines[line]) > _MAX_LINE_CHARS:
        return None
    whole = Hole(lines.code_start(line), lines.end(line))
    return Target(lines.start(line), lines.end(line), {"line": whole})


def find_syntax_error(lines: Lines, problem: SyntaxProblem) -> Target | None:
    """The line that the parser stopped in, and those around it that a sign may be missing from."""
    holes = error_holes(lines, min(problem.line, len(lines) - 1), problem.character)
    if holes is None:
        return None
    first, last = repaired_lines(lines, problem)
    return Target(lines.start(first), lines.end(last), holes, is_syntax_error=True)


def error_holes(lines: Lines, line: int, character: int) -> dict[str, Hole] | None:
    """What a model may be asked to fill in around the character of a line at which a parser stopped."""
    text = lines[line]
    if not text.strip() or len(text) > _MAX_LINE_CHARS:
        return None
    start, code, end = lines.start(line), lines.code_start(line), lines.start(line) + len(text.rstrip())
    stopped = min(max(code, start + character), end)
    return {
        "behind": Hole(end, lines.end(line)),
        "last": Hole(end - 1, lines.end(line)),
        "rest": Hole(stopped, lines.end(line)),
        "between": Hole(stopped, stopped),
        "sign": Hole(stopped, min(stopped + 1, end)),
        "before": Hole(max(code, stopped - 1), stopped),
        "line": Hole(code, lines.end(line)),
    }


def find_undefined(lines: Lines, start: int, end: int, message: str) -> Target | None:
    """The name under a diagnostic that says it is not defined."""
    name = lines.snapshot.text[start:end]
    if not _NAME.fullmatch(name) or not _UNDEFINED.search(message):
        return None
    line = lines.snapshot.line_starts.line_of(start)
    holes = {"name": Hole(start, end)}
    return Target(lines.start(line), lines.end(line), holes, unwanted=name, is_name=True)


def find_diagnosed(lines: Lines, start: int, end: int) -> Target | None:
    """The line of any other diagnostic that lies in one line."""
    line = lines.snapshot.line_starts.line_of(start)
    target = find_rewrite(lines, line)
    if target is None or end > lines.end(line):
        return None
    rest = Hole(max(start, lines.code_start(line)), lines.end(line))
    return Target(target.first, target.last, {**target.holes, "rest": rest})
