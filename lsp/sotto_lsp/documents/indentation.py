"""Indentation: the unit that a file is indented with, and the same text spelled in another unit."""

import re
from collections import Counter
from dataclasses import dataclass

from sotto_lsp.documents.editorconfig import find_unit
from sotto_lsp.documents.gap_text import Text
from sotto_lsp.documents.line_ends import normalize_line_ends
from sotto_lsp.documents.snapshot import DocumentSnapshot

_TAB = "\t"
_MAX_WIDTH = 8
"""What is wider is alignment."""
_MAX_CHARS = 20_000
"""Of a document's beginning that are read: hundreds of lines."""
_OPENERS = (":", "{", "(", "[")
_BLOCK_OPENERS = (":", "{")
_LEADING = re.compile(r"^[ \t]+", re.MULTILINE)
_STEP = re.compile(
    r"^(?P<outer>[ \t]*)(?P<line>[^ \t\n][^\n]*)(?=\n(?:[ \t]*\n)*(?P=outer)(?P<step>[ \t]+)[^ \t\n])", re.MULTILINE
)
"""A line and how much deeper the next one is, blank ones aside."""
_HASH = re.compile(r"(?:^|[ \t])#")
_SLASHES = re.compile(r"(?:^|[ \t])//")
_MAX_LINES_OF_OPENER = 30
_SHORT_CHARS = 2000
_MIN_LINES_CHANGED = 30
"""A document is read again once it has so many lines more or fewer."""


@dataclass(frozen=True)
class Indentation:
    """unit: one step in: a tab, or some spaces."""

    unit: str

    @property
    def width(self) -> int:
        """Columns of a step; a tab counts as one step whatever its width."""
        return len(self.unit)

    def split(self, space: str) -> tuple[int, int]:
        """Whole steps in a line's leading white space, and the spaces that are left over."""
        if self.unit == _TAB:
            steps = space.count(_TAB)
            return steps, len(space) - steps
        columns = len(space.expandtabs(8)) if _TAB in space else len(space)
        return divmod(columns, self.width)

    def indent(self, steps: int, rest: int = 0) -> str:
        """The white space of so many steps and spaces."""
        return self.unit * steps + " " * rest


FOUR_SPACES = Indentation("    ")


class Indentations:
    """Of the open documents. A unit that was found stays until the document has become another one."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, Indentation | None]] = {}
        """by document: how many lines it had when it was read, and what was found"""

    def of(self, snapshot: DocumentSnapshot, usual: str = FOUR_SPACES.unit) -> Indentation:
        """The document's own unit, or that of `.editorconfig`, or the one that is usual in its language."""
        num_lines, known = self._known.get(snapshot.uri, (0, None))
        is_short = known is None and len(snapshot.content) < _SHORT_CHARS  # where it may begin to show at each key
        if is_short or abs(snapshot.num_lines - num_lines) >= (_MIN_LINES_CHANGED if known else 1):
            known = detect_indentation(snapshot.content) or known
            self._known[snapshot.uri] = snapshot.num_lines, known
        return known or Indentation(find_unit(snapshot.uri) or usual)

    def forget(self, uri: str) -> None:
        """The document was closed."""
        self._known.pop(uri, None)


def detect_indentation(text: Text) -> Indentation | None:
    """The commonest step from a line that opens a block to the next one, else from one that opens a bracket.

    Other lines say nothing: texts and aligned lines have steps of their own.
    """
    blocks: Counter[str] = Counter()
    brackets: Counter[str] = Counter()
    for match in _STEP.finditer(normalize_line_ends(text[:_MAX_CHARS])):
        line, step = _without_comment(match["line"]), match["step"]
        if step != _TAB and (_TAB in step or len(step) > _MAX_WIDTH):
            continue
        if line.endswith("::"):
            continue  # which opens an example in a text
        if line.endswith(_BLOCK_OPENERS):
            blocks[step] += 1
        elif line.endswith(_OPENERS):
            brackets[step] += 1
    counted = blocks or brackets
    return Indentation(counted.most_common(1)[0][0]) if counted else None


def respell(text: str, old: Indentation, new: Indentation, *, starts_line: bool) -> str:
    """Every line's leading white space in another unit: steps become steps, the spaces left over stay.

    starts_line: whether the text's beginning is that of a line.
    """
    if old == new:
        return text
    start = 0
    if not starts_line:
        start = text.find("\n") + 1
        if not start:
            return text
    return text[:start] + _LEADING.sub(lambda match: new.indent(*old.split(match.group())), text[start:])


def missing_indentation(prefix: str, indentation: Indentation) -> str:
    """What an empty line at the end of `prefix` lacks to stand one step inside the block that was opened above.

    Nothing where the line stands inside already, by whatever width.
    """
    above, line_end, line = prefix.rpartition("\n")
    if not line_end or line.strip():
        return ""
    outer = _find_outer(above, indentation, _OPENERS)
    if outer is None or not outer.startswith(line):
        return ""
    return outer[len(line) :] + indentation.unit


def fit_block_indentation(text: str, prefix: str, indentation: Indentation) -> str:
    """The new lines after an opener, moved together so that the first of them stands one step in.

    prefix: what is before the text, from the beginning of a line.
    """
    first, line_end, below = text.partition("\n")
    lines = below.split("\n")
    inner = next((line for line in lines if line.strip()), "")
    outer = _find_outer(prefix + first, indentation, _BLOCK_OPENERS) if line_end and inner else None
    if outer is None or leading(inner) == outer + indentation.unit:
        return text
    there, wanted = leading(inner), outer + indentation.unit
    return first + line_end + "\n".join(_move(line, there, wanted) for line in lines)


def _move(line: str, there: str, wanted: str) -> str:
    """A line of a block whose first line goes from the indentation `there` to the one that is wanted."""
    if not line.strip():
        return line
    if line.startswith(there):
        return wanted + line[len(there) :]
    # Further out than the block, which goes as far as that.
    num_more = len(wanted) - len(there)
    return wanted[: max(0, num_more)] + line[min(max(0, -num_more), len(leading(line))) :]


def _find_outer(code: str, indentation: Indentation, openers: tuple[str, ...]) -> str | None:
    """The indentation of the statement at the end of `code`, if that opens a block; comments and blank lines aside.

    None, too, where the statement stands beside the steps, as the labels of some styles do.
    """
    num_closed = 0
    opens = False
    for line in reversed(code.split("\n")[-_MAX_LINES_OF_OPENER:]):
        shown = _without_comment(line)
        if not opens:
            if not shown:
                continue
            if not shown.endswith(openers):
                return None
            opens = True
            shown = shown[:-1]
        # Braces are left out: `} else {` is a line of its own.
        num_closed += sum(map(shown.count, ")]")) - sum(map(shown.count, "(["))
        if num_closed <= 0:
            outer = leading(line)
            return outer if not indentation.split(outer)[1] else None
    return None


def leading(line: str) -> str:
    """The white space that a line begins with."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def _without_comment(line: str) -> str:
    code = _HASH.split(line, maxsplit=1)[0].rstrip()
    # Before a colon it divides: `if a // b:`.
    return code if code.endswith(":") else _SLASHES.split(code, maxsplit=1)[0].rstrip()
