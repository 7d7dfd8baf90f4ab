"""Balance: whether a text leaves brackets, strings and blocks as whole as they were. Needs a lexer, no grammar."""

import re
from dataclasses import dataclass
from functools import lru_cache

from sotto_lsp.syntax.lexer import Lexer, State

_MAX_AHEAD = 2000
"""Characters after the cursor that are read."""
_NEXT_LINE = re.compile(r"[^\n]*\n(?:[ \t]*\n)*(?P<indent>[ \t]*)(?![.)\]}?:&|+\-*/<=#\s])")


@dataclass(frozen=True)
class _Gap:
    """Where a text is to be written. ahead: what is read after it. num_errors: without any text."""

    state: State
    ahead: str
    is_whole: bool
    num_errors: int


@lru_cache(maxsize=4)
def read_before(lexer: Lexer, prefix: str) -> State:
    """What is open at the cursor."""
    return lexer.read_window(prefix)


def keeps_balance(lexer: Lexer, prefix: str, suffix: str, text: str, num_replaced: int) -> bool:
    """Whether there are no more closers that close nothing, and no more openers that nothing closes."""
    gap = _gap_of(lexer, prefix, suffix)
    after = lexer.read(text, gap.state)
    if after.num_errors:
        return False
    if after.frames == gap.state.frames and not num_replaced:
        return True
    if _leaves_block(gap, after):
        return False
    return after.num_errors + _count_errors(lexer, after, gap.ahead[num_replaced:], gap.is_whole) <= gap.num_errors


@lru_cache(maxsize=2)
def _gap_of(lexer: Lexer, prefix: str, suffix: str) -> _Gap:
    state, ahead, is_whole = read_before(lexer, prefix), suffix[:_MAX_AHEAD], len(suffix) <= _MAX_AHEAD
    return _Gap(state, ahead, is_whole, _count_errors(lexer, state, ahead, is_whole))


def _count_errors(lexer: Lexer, state: State, ahead: str, is_whole: bool) -> int:
    end = lexer.read(ahead, state, checks_indent=True)
    return end.num_errors + (len(end.frames) if is_whole else 0)


def _leaves_block(gap: _Gap, after: State) -> bool:
    """Whether the text closes a block whose lines go on after it."""
    closed = gap.state.frames[len(after.frames) :]
    next_line = _NEXT_LINE.match(gap.ahead)
    return next_line is not None and any(
        each.closer == "}" and each.indent < len(next_line["indent"]) for each in closed
    )
