"""The syntax guard: whether a text leaves the statements around the cursor as whole as they were.

Only statements that the text touches are compiled. How blocks fit together is followed below them, until all blocks
are those that they would be without the text.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from sotto_lsp.syntax.python.half_written.blocks import FOLLOWERS, Blocks, count_unfinished, enter_line, find_scope
from sotto_lsp.syntax.python.half_written.compiling import can_be_finished, compiles
from sotto_lsp.syntax.python.half_written.cursor import find_opened, read_prefix
from sotto_lsp.syntax.python.half_written.logical_lines import LogicalLine, is_string, read_logical_lines

_MAX_COMPILED = 20
"""Statements. More are touched only where a text changes how all of what is below is read."""
_CLOSERS = " \t)]}\"':,"


class _Statement(NamedTuple):
    """num_left: of characters from its start to the end of the text. may_go_on: it may be half written."""

    num_left: int
    line: LogicalLine
    code: str
    may_go_on: bool = False


class _State(NamedTuple):
    """What is known before a statement; the blocks with it, and how many errors it makes. None follows at the end."""

    num_left: int
    blocks: Blocks
    num_errors: int
    statement: _Statement | None = None
    blocks_with_it: Blocks = ()
    num_new: int = 0


class _Before:
    """The text without a suggestion: the same for all that are asked about.

    head: the cursor's statement before the cursor, from the start of its line. blocks: those above it.
    is_whole: the statement compiles, or there is none.
    """

    def __init__(self, prefix: str, suffix: str) -> None:
        lines = read_prefix(prefix)
        cursor = lines[-1]
        self.head = "".join(find_opened(prefix) if len(lines) == 1 else ()) + prefix[cursor.start :]
        self.blocks = _read_blocks(prefix, lines[:-1])
        whole = self.head + suffix
        first = next(_walk(_read(whole), self.blocks))
        self.is_whole = len(whole) - first.num_left >= len(self.head) or _is_sound(first)
        rest, _, below = suffix.partition("\n")
        is_open = bool(first.statement and first.statement.line.open) or (
            bool(cursor.open) and is_string(cursor.open[-1])
        )
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
    if _has_no_more_errors(before, _read(before.head + text + below), len(below)):
        return True
    line, _, below = below.partition("\n")
    if before.is_whole or line.strip(_CLOSERS):
        return False
    return _has_no_more_errors(before, _read_apart(before.head + text + line, below), len(below))


@lru_cache(maxsize=4)
def _read_before(prefix: str, suffix: str) -> _Before:
    return _Before(prefix, suffix)


def _has_no_more_errors(before: _Before, statements: Iterator[_Statement], num_shared: int) -> bool:
    """num_shared: characters at the end of the text that were there before."""
    index = num_compiled = 0
    for state in _walk(statements, before.blocks):
        while before.state(index).num_left > state.num_left:
            index += 1
        other = before.state(index)
        if state.num_left == other.num_left <= num_shared:
            if state.blocks == other.blocks:
                return state.num_errors <= other.num_errors
            num_compiled = _MAX_COMPILED
        if num_compiled < _MAX_COMPILED and not (_is_sound(state) and (num_compiled == 0 or state.num_new == 0)):
            return False
        num_compiled += 1
    return True


def _is_sound(state: _State) -> bool:
    """Whether a statement compiles, or can still be finished where it need not be whole."""
    if state.statement is None:
        return True
    _, line, code, may_go_on = state.statement
    scope = find_scope(state.blocks_with_it)
    return compiles(code, line.word, scope) or (may_go_on and can_be_finished(code, line.word, scope, line.open))


def _walk(statements: Iterable[_Statement], blocks: Blocks) -> Iterator[_State]:
    """Ends with a state without a statement."""
    num_errors = 0
    for each in statements:
        blocks_with_it, num_new = enter_line(blocks, each.line, each.code)
        yield _State(each.num_left, blocks, num_errors, each, blocks_with_it, num_new)
        blocks, num_errors = blocks_with_it, num_errors + num_new
    yield _State(0, (), num_errors + count_unfinished(blocks))


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


def _read_blocks(prefix: str, lines: tuple[LogicalLine, ...]) -> Blocks:
    """The blocks after some lines. What is above the last statement of the module does not matter."""
    begin = len(lines) - 1
    while begin > 0 and (lines[begin].indent or lines[begin].word in FOLLOWERS):
        begin -= 1
    blocks: Blocks = ()
    for line in lines[max(0, begin) :]:
        if line.word:
            blocks, _ = enter_line(blocks, line, prefix[line.start : line.code_stop].lstrip())
    return blocks
