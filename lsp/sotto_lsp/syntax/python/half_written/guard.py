"""The syntax guard: whether a text leaves the statements around the cursor as whole as they were.

Only statements that the text touches are compiled. How blocks fit together is followed below them, until all blocks
are those that they would be without the text.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from sotto_lsp.syntax.python.half_written.blocks import (
    Blocks,
    Errors,
    count_unfinished,
    enter_line,
    find_scope,
)
from sotto_lsp.syntax.python.half_written.compiling import can_be_finished, compiles
from sotto_lsp.syntax.python.half_written.logical_lines import LogicalLine, is_string, read_logical_lines
from sotto_lsp.syntax.python.half_written.prefix import read_prefix

_NO_ERRORS = Errors()
_MAX_COMPILED = 20
"""Statements. More are touched only where a text changes how all of what is below is read."""
_MAX_FOLLOWED = 1_000
"""Characters below a text, in which its blocks are followed."""
_CLOSING = (")", "]", "}")
_CLOSERS = " \t)]}\"':,"


class _Statement(NamedTuple):
    """num_left: of characters from its start to the end of the text. may_go_on: it may be half written."""

    num_left: int
    line: LogicalLine
    code: str
    may_go_on: bool = False


class _State(NamedTuple):
    """What is known before a statement; the blocks and the new errors with it. None follows at the end."""

    num_left: int
    blocks: Blocks
    errors: Errors
    statement: _Statement | None = None
    blocks_with_it: Blocks = ()
    new: Errors = _NO_ERRORS


class _Before:
    """The text without a suggestion: the same for all that are asked about.

    head: the cursor's statement before the cursor, from the start of its line. blocks: those above it.
    is_whole: the statement compiles, or there is none. num_open: what its line leaves open.
    """

    def __init__(self, prefix: str, suffix: str) -> None:
        above = read_prefix(prefix)
        cursor = above.lines[-1]
        self.head = "".join(above.opened if len(above.lines) == 1 else ()) + above.code
        self.blocks = above.blocks
        whole = self.head + suffix
        first = next(_walk(_read(whole), self.blocks))
        self.is_whole = len(whole) - first.num_left >= len(self.head) or _is_sound(first)
        rest, _, below = suffix.partition("\n")
        self.num_open = _count_open(self.head + rest)
        is_in_text = bool(cursor.open) and is_string(cursor.open[-1]) and len(cursor.open[-1]) > 2
        is_open = is_in_text or (first.statement is not None and bool(first.statement.line.open))
        is_apart = is_open and not self.is_whole
        statements = _read_apart(self.head + rest, below) if is_apart else _read(whole)
        self._states: list[_State] = []
        self._walk = _walk(statements, self.blocks)

    def state(self, index: int) -> _State:
        """The state before a statement, by its number."""
        while index >= len(self._states):
            self._states.append(next(self._walk))
        return self._states[index]


def is_no_worse(prefix: str, suffix: str, text: str, num_replaced: int) -> bool:
    """Whether there are no more errors with `text` in the place of the suffix's first characters than without it."""
    before = _read_before(prefix, suffix)
    below = suffix[num_replaced:]
    if _has_no_more_errors(before, _read(before.head + text + below), len(below), is_whole=True):
        return True
    line, _, below = below.partition("\n")
    if before.is_whole or line.strip(_CLOSERS):
        return False
    written = before.head + text + line
    if _count_open(written) > before.num_open:
        return False
    return _has_no_more_errors(before, _read_apart(written, below), len(below), is_whole=False)


@lru_cache(maxsize=4)
def _read_before(prefix: str, suffix: str) -> _Before:
    return _Before(prefix, suffix)


def _has_no_more_errors(
    before: _Before, statements: Iterator[_Statement], num_shared: int, *, is_whole: bool
) -> bool:
    """num_shared: characters at the end of the text that were there before."""
    index = num_own = 0
    is_shared = False
    for state in _walk(statements, before.blocks):
        while before.state(index).num_left > state.num_left:
            index += 1
        other = before.state(index)
        if state.num_left == other.num_left <= num_shared:
            is_shared = True
            if is_whole and state.statement and state.statement.line.word in _CLOSING:
                return False
            if state.blocks == other.blocks or state.num_left < num_shared - _MAX_FOLLOWED:
                may_misplace = other.errors.misplaced if num_own < 2 else 0
                return state.errors.misplaced <= may_misplace and state.errors.unfinished <= other.errors.unfinished
        if not is_shared:
            if not _is_sound(state) or (num_own and state.new != _NO_ERRORS):
                return False
            num_own += 1
            if num_own == _MAX_COMPILED:
                break
    return True


def _count_open(text: str) -> int:
    *_, last = read_logical_lines(text)
    return len(last.open)


def _is_sound(state: _State) -> bool:
    """Whether a statement compiles, or can still be finished where it need not be whole."""
    if state.statement is None:
        return True
    _, line, code, may_go_on = state.statement
    scope = find_scope(state.blocks_with_it)
    is_closed = line.open in ((), ("#",))
    return (is_closed and compiles(code, line.word, scope)) or (
        may_go_on and can_be_finished(code, line.word, scope, line.open)
    )


def _walk(statements: Iterable[_Statement], blocks: Blocks) -> Iterator[_State]:
    """Ends with a state without a statement."""
    misplaced = unfinished = 0
    for each in statements:
        blocks_with_it, new = enter_line(blocks, each.line, each.code)
        yield _State(each.num_left, blocks, Errors(misplaced, unfinished), each, blocks_with_it, new)
        blocks, misplaced, unfinished = blocks_with_it, misplaced + new.misplaced, unfinished + new.unfinished
    yield _State(0, (), Errors(misplaced, unfinished + count_unfinished(blocks)))


def _read(text: str) -> Iterator[_Statement]:
    for line in read_logical_lines(text):
        if line.word:
            yield _Statement(len(text) - line.start, line, text[line.start : line.code_stop].lstrip())


def _read_apart(text: str, below: str) -> Iterator[_Statement]:
    """The statements of a text, which end where it ends, then those below. A single one may be half written."""
    statements = list(_read(text))
    for each in statements:
        yield each._replace(num_left=each.num_left + 1 + len(below), may_go_on=len(statements) == 1)
    yield from _read(below)
