"""Reads the text before a cursor, which may begin anywhere: its logical lines, and the blocks above one of them.

It begins at a definition some way above the cursor. What is further up is looked at for the blocks around that alone.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from sotto_lsp.syntax.python.half_written.blocks import UNSEEN, Block, Blocks, enter_line
from sotto_lsp.syntax.python.half_written.logical_lines import LogicalLine, read_logical_lines

_MIN_CHARS = 1_000
"""Before the cursor, that are read."""
_HEADER = re.compile(
    r"([ \t]*)(?:(async +def|def|class|if|elif|else|for|while|with|try|except|finally|match|case)\b.*|\).*:[ \t]*$)"
)
_TRIPLE = re.compile(r"\"\"\"|'''")
_OPENING = re.compile(r"(?::[ \t]*\n\s*|[=(\[{,%+][ \t]*|\breturn[ \t]+)[rRbBuUfF]{0,2}\Z")
_NO_CODE = re.compile(r"(?:[ \t]*+(?:#.*+)?\n)*+")
_CODE_LINE = re.compile(
    r"""^[ \t]*(?:(?:async +)?def +\w+\(|class +\w+.*:$|(?:return|raise)\b|import +\w+$|from +[\w.]+ +import\b"""
    r"""|(?:if|elif|for|while|with|try|except)\b.*:$|else:|@\w|[\w.]+ = |[\w.]+\(.*\)$)""",
    re.MULTILINE,
)


class Prefix(NamedTuple):
    """lines: the last is the cursor's. opened: the quotes of the string in which the first of them begins.

    blocks: those above the cursor's line.
    """

    text: str
    lines: tuple[LogicalLine, ...]
    opened: tuple[str, ...]
    blocks: Blocks

    @property
    def code(self) -> str:
        """The cursor's logical line up to the cursor."""
        return self.text[self.lines[-1].start :]


@lru_cache(maxsize=4)
def read_prefix(text: str) -> Prefix:
    """Of a text that ends at the cursor."""
    above = text[: text.rfind("\n") + 1]
    opened = find_opened(above if _has_triple(above) else text)
    begin = _find_definition(text, bool(opened))
    opened = () if begin else opened
    lines, blocks, end = _read_above(above, opened, begin)
    rest = (*read_logical_lines(text, () if lines else opened, end),)
    if not lines:
        blocks = _find_blocks_around(text, rest[0], opened, is_alone=len(rest) == 1)
    return Prefix(text, (*lines, *rest), opened, _enter_lines(blocks, rest[:-1], text))


@lru_cache(maxsize=8)
def _read_above(text: str, opened: tuple[str, ...], begin: int) -> tuple[tuple[LogicalLine, ...], Blocks, int]:
    """The lines above the cursor's, the blocks at their end, and where the line begins that may go on below them.

    The same from key to key.
    """
    *lines, last = read_logical_lines(text, opened, begin)
    if not lines:
        return (), (), begin
    blocks = _find_blocks_around(text, lines[0], opened, is_alone=False)
    return tuple(lines), _enter_lines(blocks, lines, text), last.start


def _find_blocks_around(text: str, first: LogicalLine, opened: tuple[str, ...], *, is_alone: bool) -> Blocks:
    """The blocks above the first line that was read."""
    begins_at_margin = is_alone and not (opened or text[:1].isspace())
    blocks: Blocks = (Block("", "", allows=UNSEEN),) if begins_at_margin else ()
    for indent, word in reversed([*_find_headers(text[: first.start], first.indent)]):
        blocks, _ = enter_line(blocks, LogicalLine(0, 0, 0, indent, word), f"{word}:")
        blocks = (*blocks[:-1], blocks[-1]._replace(allows=UNSEEN))
    return blocks


def _enter_lines(blocks: Blocks, lines: Iterable[LogicalLine], text: str) -> Blocks:
    for line in lines:
        if line.word:
            blocks, _ = enter_line(blocks, line, text[line.start : line.code_stop].lstrip())
    return blocks


def _has_triple(text: str) -> bool:
    return '"""' in text or "'''" in text


def _find_headers(text: str, indent: str) -> Iterator[tuple[str, str]]:
    """Indentation and word of the statements with blocks that end a text, innermost first."""
    if not indent:
        return
    for line in reversed(text.split("\n")):
        match = _HEADER.match(line)
        if match is not None and len(match[1]) < len(indent):
            indent = match[1]
            yield indent, match[2] or UNSEEN
            if not indent:
                return


def _find_definition(text: str, is_in_string: bool) -> int:
    """Where the last definition begins that is far enough up, and in no string as far as one sees; else 0."""
    end = max(0, len(text) - _MIN_CHARS)
    while (word := max(text.rfind("def ", 0, end), text.rfind("class ", 0, end))) > 0:
        end = word
        begin = text.rfind("\n", 0, word) + 1
        if text[begin:word].strip() in ("", "async"):
            num_quotes = text.count('"""', 0, begin) + text.count("'''", 0, begin)
            if num_quotes % 2 == is_in_string:
                return begin
    return 0


@lru_cache(maxsize=8)
def find_opened(text: str) -> tuple[str, ...]:
    """The quotes of the string in which a text begins, or nothing."""
    quote = _TRIPLE.search(text) if _has_triple(text) else None
    return (quote[0],) if quote and _begins_in_string(text, quote[0]) else ()


def _begins_in_string(text: str, quote: str) -> bool:
    """Whether there is more code inside the strings than outside, were the first quote to open one."""
    pieces = text.split(quote)
    if _NO_CODE.fullmatch(pieces[0]) or _OPENING.search(pieces[0][-80:]):
        return False
    outside, inside = (sum(map(_rate_code, pieces[begin::2])) for begin in (0, 1))
    return inside > outside


def _rate_code(text: str) -> int:
    """The more lines look like Python, the higher; lines of C and its kin count against it."""
    return len(_CODE_LINE.findall(text)) - text.count(";\n")
