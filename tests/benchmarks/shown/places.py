"""Places in real files where an editor asks for a suggestion: what stands there, and what its author wrote."""

import ast
import io
import random
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

_CLOSERS = {"(": ")", "[": "]", "{": "}"}
_COMPOUND = (
    ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.For | ast.AsyncFor | ast.While | ast.If
    | ast.With | ast.AsyncWith | ast.Try
)  # fmt: skip
_MAX_CHARS = 60_000
_MIN_LINES = 40
_MAX_BODY_LINES = 12
_STEP = "    "
STYLES = {"4": _STEP, "2": "  ", "tabs": "\t", "crlf": _STEP}
"""What one step of indentation is."""


@dataclass(frozen=True)
class Place:
    """A document with a cursor. truth: what its author wrote at the cursor, "" where nothing was taken away.

    start: where the statement at the cursor begins. indent: of the first line of a block whose opener is before
    the cursor; None elsewhere. is_asked: the user asks; no key was pressed.
    """

    site: str
    name: str
    prefix: str
    suffix: str
    truth: str
    start: int
    indent: str | None = None
    is_asked: bool = False

    @property
    def text(self) -> str:
        return self.prefix + self.suffix

    def with_line_ends(self, line_end: str) -> "Place":
        """The same in another kind of file."""

        def spell(text: str) -> str:
            return text.replace("\r\n", "\n").replace("\n", line_end)

        start = len(spell(self.prefix[: self.start]))
        return replace(
            self, prefix=spell(self.prefix), suffix=spell(self.suffix), truth=spell(self.truth), start=start
        )


class PythonFile:
    """A file that parses, and its statements."""

    def __init__(self, name: str, text: str, step: str = _STEP) -> None:
        """step: what one step of indentation is."""
        self.name = name
        self.text = text
        self.step = step
        self.lines = text.split("\n")
        self._starts = [0]
        for line in self.lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

    @cached_property
    def nodes(self) -> list[ast.stmt]:
        """Statements whose first logical line is one line of the file."""
        ends = {each.start[0] for each in self._tokens if each.type == tokenize.NEWLINE}
        found = [each for each in ast.walk(ast.parse(self.text)) if isinstance(each, ast.stmt)]
        return [each for each in found if each.lineno in ends and self._begins_line(each)]

    @cached_property
    def simple(self) -> list[ast.stmt]:
        return [each for each in self.nodes if not isinstance(each, _COMPOUND) and each.lineno == each.end_lineno]

    @cached_property
    def compound(self) -> list[ast.stmt]:
        """With a body below the opener's line."""
        found = [each for each in self.nodes if isinstance(each, _COMPOUND)]
        return [
            each for each in found if self.lines[each.lineno - 1].endswith(":") and each.body[0].lineno > each.lineno
        ]

    def start(self, line: int) -> int:
        """Of a line counted from 1."""
        return self._starts[line - 1]

    def end(self, line: int) -> int:
        """Of a line, without its line end."""
        return self._starts[line] - 1

    def tokens_before(self, line: int, offset: int) -> Iterator[tuple[int, int, tokenize.TokenInfo]]:
        """Of a line, those that begin before an offset, with their own."""
        for token in self._tokens_of_lines.get(line, []):
            start = self._starts[line - 1] + token.start[1]
            if start < offset:
                yield start, start + len(token.string), token

    def closers(self, line: int, offset: int) -> str | None:
        """What an editor has closed after a cursor in a line of one statement; None where it is hard to say."""
        opened: list[str] = []
        for start, end, token in self.tokens_before(line, offset):
            if token.type == tokenize.STRING and start < offset < end:
                quote = token.string[-1]
                body = token.string.lstrip("rRbBuUfF")
                is_plain = "{" not in body and not body.startswith(quote * 3)
                if not is_plain or offset < end - len(body) + 1:
                    return None
                opened.append(quote)
            elif token.type == tokenize.COMMENT:
                return None
            elif token.string in _CLOSERS:
                opened.append(_CLOSERS[token.string])
            elif token.type == tokenize.OP and token.string in ")]}":
                opened.pop()
        return "".join(reversed(opened))

    @cached_property
    def _tokens(self) -> list[tokenize.TokenInfo]:
        return list(tokenize.generate_tokens(io.StringIO(self.text).readline))

    @cached_property
    def _tokens_of_lines(self) -> dict[int, list[tokenize.TokenInfo]]:
        found: dict[int, list[tokenize.TokenInfo]] = {}
        for token in self._tokens:
            if token.start[0] == token.end[0] and token.string.strip():
                found.setdefault(token.start[0], []).append(token)
        return found

    def _begins_line(self, node: ast.stmt) -> bool:
        return not self.lines[node.lineno - 1][: node.col_offset].strip()


def read_files(folder: Path, style: str) -> list[PythonFile]:
    """A package's files in the style, which have 4 spaces at first."""
    found: list[PythonFile] = []
    for path in sorted(folder.rglob("*.py")):
        text = path.read_text(encoding="utf-8", errors="replace")
        if "\ufffd" in text or "\t" in text or "\f" in text or len(text) > _MAX_CHARS:
            continue
        if max(text, default="") > "\uffff":  # so that a character is what the protocol counts
            continue
        if text.count("\n") < _MIN_LINES or "\n    " not in text:
            continue
        text = _respell(text, STYLES[style])
        try:
            ast.parse(text)
        except (SyntaxError, ValueError):
            continue
        found.append(PythonFile(f"{folder.name}/{path.relative_to(folder)}", text, STYLES[style]))
    return found


def _respell(text: str, step: str) -> str:
    lines: list[str] = []
    for line in text.split("\n"):
        num = len(line) - len(line.lstrip(" "))
        lines.append(step * (num // 4) + " " * (num % 4) + line[num:])
    return "\n".join(lines)


def bracket_in_header(file: PythonFile, dice: random.Random) -> Place | None:
    """`(` typed in a compound statement's first line; the editor has added `)`."""
    node = dice.choice(file.compound)
    end = file.end(node.lineno)
    cursors = [stop for _, stop, token in file.tokens_before(node.lineno, end) if token.string == "("]
    if not cursors:
        return None
    return _half_typed("header", file, node, dice.choice(cursors))


def half_statement(file: PythonFile, dice: random.Random) -> Place | None:
    """A simple statement, its brackets and quotes closed by the editor."""
    node = dice.choice(file.simple)
    start, end = file.start(node.lineno) + node.col_offset, file.end(node.lineno)
    cursors = [each for each in range(start + 1, end) if file.closers(node.lineno, each)]
    return _half_typed("statement", file, node, dice.choice(cursors)) if cursors else None


def _half_typed(site: str, file: PythonFile, node: ast.stmt, cursor: int) -> Place | None:
    closers = file.closers(node.lineno, cursor)
    if closers is None:
        return None
    end = file.end(node.lineno)
    suffix, truth = closers + file.text[end:], file.text[cursor:end]
    return Place(site, file.name, file.text[:cursor], suffix, truth, file.start(node.lineno))


def inside_line(file: PythonFile, dice: random.Random) -> Place | None:
    """Inside a finished line."""
    number = dice.randrange(len(file.lines)) + 1
    line = file.lines[number - 1]
    first = len(line) - len(line.lstrip())
    if len(line) - first < 3:
        return None
    cursor = file.start(number) + dice.randrange(first + 1, len(line))
    return Place("inside", file.name, file.text[:cursor], file.text[cursor:], "", file.start(number))


def line_end(file: PythonFile, dice: random.Random) -> Place | None:
    """The rest of a line is missing, or the statements after it."""
    if dice.random() < 0.5:
        node = dice.choice(file.nodes)
        start, end = file.start(node.lineno) + node.col_offset, file.end(node.lineno)
        cursors = [each for each in range(start + 1, end - 1) if file.closers(node.lineno, each) == ""]
        return _half_typed("line end", file, node, dice.choice(cursors)) if cursors else None
    node = dice.choice(file.simple)
    below = [each for each in file.simple if node.lineno < each.lineno <= node.lineno + 2]
    if not below or {each.col_offset for each in below} != {node.col_offset}:
        return None
    if len(below) != below[-1].lineno - node.lineno:
        return None
    cut = slice(file.end(node.lineno), file.end(dice.choice(below).lineno))
    return _missing("line end", file, cut, file.lines[node.lineno - 1][: node.col_offset], None, dice)


def block_opener(file: PythonFile, dice: random.Random) -> Place | None:
    """A block's body is missing: the cursor at the end of the opener's line, or on a fresh line below."""
    node = dice.choice(file.compound)
    assert isinstance(node, _COMPOUND)
    last = node.body[-1].end_lineno or 0
    if last - node.lineno > _MAX_BODY_LINES:
        return None
    indent = file.lines[node.lineno - 1][: node.col_offset] + file.step
    cut = slice(file.end(node.lineno), file.end(last))
    return _missing("opener", file, cut, indent, indent, dice)


def _missing(site: str, file: PythonFile, cut: slice, fresh: str, indent: str | None, dice: random.Random) -> Place:
    """At the line's end, or after the line end and the indentation that the editor has added."""
    prefix, truth, suffix = file.text[: cut.start], file.text[cut], file.text[cut.stop :]
    if dice.random() < 0.5:
        prefix, truth = f"{prefix}\n{fresh}", truth.lstrip()
    start = prefix.rfind("\n") + 1
    return Place(site, file.name, prefix, suffix, truth, start, indent)


def anywhere(file: PythonFile, dice: random.Random) -> Place | None:
    """Any place of a file as it is."""
    cursor = dice.randrange(len(file.text))
    prefix = file.text[:cursor]
    return Place("random", file.name, prefix, file.text[cursor:], "", prefix.rfind("\n") + 1)


SITES: dict[str, Callable[[PythonFile, random.Random], Place | None]] = {
    "header": bracket_in_header,
    "statement": half_statement,
    "inside": inside_line,
    "line end": line_end,
    "opener": block_opener,
    "random": anywhere,
}
_ONLY_UNASKED = ("inside", "random")
_ASKED_SHARE = 0.25


def choose_places(files: list[PythonFile], sites: list[str], num: int, seed: int, style: str) -> Iterator[Place]:
    """So many places, about as many of each site, the sites in turn."""
    dice = random.Random(seed)
    files = [each for each in files if each.compound and each.simple]
    for number in range(num):
        site = sites[number % len(sites)]
        place = None
        while place is None:
            place = SITES[site](dice.choice(files), dice)
        is_asked = dice.random() < _ASKED_SHARE and site not in _ONLY_UNASKED
        place = replace(place, is_asked=is_asked)
        yield place.with_line_ends("\r\n") if style == "crlf" else place
