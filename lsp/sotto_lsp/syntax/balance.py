"""Balance: whether a text leaves brackets, strings and blocks as whole as they were. Needs a lexer, no grammar."""

from dataclasses import dataclass, replace
from functools import lru_cache

from sotto_lsp.syntax.lexer import COMMENT_CLOSER, Frame, Lexer, State
from sotto_lsp.syntax.protocol import Literal

_MAX_BEFORE = 5000
_MAX_AHEAD = 1500
"""Characters around the cursor that are read."""


@dataclass(frozen=True)
class _Gap:
    """Where a text is to be written. ahead: what is read after it. num_errors: without any text."""

    state: State
    ahead: str
    is_whole: bool
    num_errors: int


def read_before(lexer: Lexer, prefix: str) -> tuple[str, State]:
    """The last lines of a text, and what is open after them.

    They begin at the same line for many keys, and are read again only where the cursor's line changes.
    """
    start = max(0, len(prefix) - _MAX_BEFORE)
    if start:
        start = max(start, prefix.find("\n", start) + 1, prefix.find("\n\n", start))
    text = prefix[start:]
    line_end = max(text.rfind("\n"), 0)
    return text, lexer.read(text, _read_above(lexer, text[:line_end]), start=line_end)


@lru_cache(maxsize=8)
def _read_above(lexer: Lexer, text: str) -> State:
    return lexer.read_window(text)


def keeps_balance(lexer: Lexer, prefix: str, suffix: str, text: str, num_replaced: int) -> bool:
    """Whether there are no more closers that close nothing, and no more openers that nothing closes."""
    gap = _gap_of(lexer, prefix, suffix)
    after = lexer.read(text, gap.state)
    if after.num_errors:
        return False
    if after.frames == gap.state.frames and not num_replaced:
        return True
    ahead = gap.ahead[num_replaced:]
    if _opens_literal(gap, after, ahead):
        return False
    allowed = gap.num_errors
    if after.lowest < len(gap.state.frames) and _is_unclosed(gap.state.frames[-1], gap.ahead):
        closed = replace(gap.state, frames=gap.state.frames[:-1])
        allowed = max(allowed, _count_errors(lexer, closed, gap.ahead, gap.is_whole))
    num_errors = _count_errors(lexer, after, ahead, gap.is_whole)
    return num_errors < allowed or (
        num_errors == allowed and (num_replaced > 0 or not _has_to_help(gap.state, after))
    )


@lru_cache(maxsize=2)
def _gap_of(lexer: Lexer, prefix: str, suffix: str) -> _Gap:
    (_, state), ahead, is_whole = read_before(lexer, prefix), suffix[:_MAX_AHEAD], len(suffix) <= _MAX_AHEAD
    return _Gap(state, ahead, is_whole, _count_errors(lexer, state, ahead, is_whole))


def _count_errors(lexer: Lexer, state: State, ahead: str, is_whole: bool) -> int:
    frames = tuple(each._replace(start=0, line_start=0) for each in state.frames)
    return _count_errors_after(lexer, State(frames, state.indent), ahead, is_whole)


@lru_cache(maxsize=32)
def _count_errors_after(lexer: Lexer, state: State, ahead: str, is_whole: bool) -> int:
    end = lexer.read(ahead, state, checks_indent=True)
    return end.num_errors + (len(end.frames) if is_whole else 0)


def _has_to_help(before: State, after: State) -> bool:
    """Whether the text only closes what was open before, or leaves `(` or `[` open: something was wrong, then."""
    num_kept = min(len(before.frames), len(after.frames))
    if before.frames[:num_kept] != after.frames[:num_kept]:
        return False
    closed, opened = before.frames[num_kept:], after.frames[num_kept:]
    return any(each.literal is Literal.CODE for each in closed) or any(each.closer in ")]" for each in opened)


def _opens_literal(gap: _Gap, after: State, ahead: str) -> bool:
    """Whether the text leaves a string or comment open that may take in the lines after it."""
    if not after.frames or after.frames[-1] in gap.state.frames:
        return False
    return _is_unclosed(after.frames[-1], ahead)


def _is_unclosed(frame: Frame, ahead: str) -> bool:
    """Whether a literal of several lines still lacks its end: on the line, or before the next comment."""
    if frame.rule is not None and frame.rule.is_long:
        return frame.closer not in ahead.split("\n", 1)[0]
    return frame.closer == COMMENT_CLOSER and COMMENT_CLOSER not in ahead.split("/*", 1)[0]
