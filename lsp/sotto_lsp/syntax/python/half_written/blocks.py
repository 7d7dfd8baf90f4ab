"""How the blocks of Python fit together: indentation, what may follow what, which block a statement is in.

A text may begin anywhere: of blocks that are not seen nothing is said.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from sotto_lsp.syntax.python.half_written.logical_lines import HEADERS, LogicalLine

UNSEEN: Final = "?"
_FOLLOWS = {
    ("if", "elif"): "if",
    ("if", "else"): "",
    ("for", "else"): "",
    ("try", "except"): "except",
    ("try", "finally"): "",
    ("except", "except"): "except",
    ("except", "else"): "tried",
    ("except", "finally"): "",
    ("tried", "finally"): "",
    (UNSEEN, "elif"): "if",
    (UNSEEN, "else"): UNSEEN,
    (UNSEEN, "except"): "except",
    (UNSEEN, "finally"): "",
}
"""What a statement makes of the one before it, by what that allows."""
FOLLOWERS: Final = frozenset({"elif", "else", "except", "finally"})
"""Words of statements that go on with the one before."""
_BEGINS = {"if": "if", "for": "for", "while": "for", "async for": "for", "try": "try", "@": "@"}
_DECORATED = ("def", "class", "async def", "@")
_LOOPS = ("for", "while", "async for")
_SCOPES = ("def", "async def", "class", "", UNSEEN)
_NO_COLON = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|\([^()\[\]{}]*\)|\[[^()\[\]{}]*\]|\{[^()\[\]{}]*\}|:=")


class Block(NamedTuple):
    """opener: the word of the statement it belongs to; "" for the module. last: the word of its last statement.

    allows: what may follow that: the key of a table. wants_block: whether that statement's own block must begin.
    """

    indent: str
    opener: str
    last: str = ""
    allows: str = ""
    wants_block: bool = False


Blocks = tuple[Block, ...]
"""Those around a place, outermost first."""


class Errors(NamedTuple):
    """misplaced: statements where they may not stand. unfinished: those that lack a block or what must follow."""

    misplaced: int = 0
    unfinished: int = 0


def enter_line(blocks: Blocks, line: LogicalLine, code: str) -> tuple[Blocks, Errors]:
    """The blocks after a statement, and the errors that it makes of what is before it. code: of the statement."""
    above = list(blocks)
    misplaced = unfinished = 0
    if above and above[-1].wants_block and _is_inside(line.indent, above[-1].indent):
        top = above.pop()
        above += [top._replace(wants_block=False), Block(line.indent, top.last)]
    else:
        while above and not line.indent.startswith(above[-1].indent):
            unfinished += count_unfinished([above.pop()])
        if not above:
            above = [Block(line.indent, UNSEEN if line.indent else "", allows=UNSEEN)]
        elif line.indent != above[-1].indent:
            misplaced += 1
            above.append(Block(line.indent, "if"))
    top = above.pop()
    above.append(_add_statement(top, line.word, code))
    around = tuple(above)
    misplaced += _is_misplaced(top, line.word, around)
    return around, Errors(misplaced, unfinished + _leaves_unfinished(top, line.word))


def count_unfinished(blocks: Iterable[Block]) -> int:
    """How many blocks end in a statement that cannot be the last."""
    return sum(each.wants_block or each.allows in ("try", "@") for each in blocks)


def find_scope(blocks: Blocks) -> tuple[str, bool]:
    """The word of the innermost scope, and whether there is a loop in it."""
    is_in_loop = False
    for each in reversed(blocks):
        is_in_loop = is_in_loop or each.opener in _LOOPS
        if each.opener in _SCOPES:
            return each.opener, is_in_loop
    return UNSEEN, True


def opens_block(word: str, code: str) -> bool:
    """Whether a statement begins a block on the lines below, or should, if it is half written."""
    if word in ("match", "case"):
        return code.endswith(":") and code[len(word)] not in ":.,="
    return word in HEADERS and (code.endswith(":") or not has_colon(code))


def has_colon(code: str) -> bool:
    """Whether there is a `:` outside brackets and strings."""
    shorter = _NO_COLON.sub("", code)
    while shorter != code:
        code, shorter = shorter, _NO_COLON.sub("", shorter)
    return ":" in code


def _is_inside(indent: str, outer: str) -> bool:
    return len(indent) > len(outer) and indent.startswith(outer)


def _add_statement(block: Block, word: str, code: str) -> Block:
    allows = _FOLLOWS.get((block.allows, word), _BEGINS.get(word, ""))
    return Block(block.indent, block.opener, word, allows, opens_block(word, code))


def _is_misplaced(block: Block, word: str, blocks: Blocks) -> bool:
    if word in ("return", "break", "continue"):
        scope, is_in_loop = find_scope(blocks)
        return scope in ("class", "") if word == "return" else scope != UNSEEN and not is_in_loop
    if word in FOLLOWERS:
        return (block.allows, word) not in _FOLLOWS
    return block.opener == "match" and word != "case"


def _leaves_unfinished(block: Block, word: str) -> bool:
    """Whether a statement follows one that needs another to follow."""
    if block.allows == "@":
        return word not in _DECORATED
    return block.wants_block or (block.allows == "try" and word not in FOLLOWERS)
