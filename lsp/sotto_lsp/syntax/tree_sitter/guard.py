"""Whether a text that is written at the cursor parses as well as what was there, judged by the code nearby.

What is parsed is small: the lines around the cursor, and of the blocks around them only their heads.
"""

import time
from dataclasses import dataclass
from functools import lru_cache

from sotto_lsp.syntax.balance import read_before
from sotto_lsp.syntax.lexer import Frame, Lexer, State
from sotto_lsp.syntax.protocol import Literal
from sotto_lsp.syntax.tree_sitter.grammar import grammar_of
from sotto_lsp.syntax.tree_sitter.language import language_of
from sotto_lsp.syntax.tree_sitter.syntax_tree import SyntaxTree

TIME_LIMIT_S = 0.0012
"""Of the processor's time, for all texts at one cursor."""
_NUM_CHARS = 400
"""Before and after the cursor."""
_MAX_HEADS = 3
_NO_HEAD = " \t)]};,"


@dataclass
class _Nearby:
    """The code around a cursor at `offset`, parsed, and the time that is left for it."""

    lexer: Lexer
    tree: SyntaxTree
    state: State
    offset: int
    left_s: float


def keeps_parsing(language_id: str, prefix: str, suffix: str, text: str, num_replaced: int) -> bool:
    """Whether there are no more errors than without `text`; yes where there is no time to tell."""
    nearby = _parse_nearby(language_id, prefix, suffix)
    if nearby is None or nearby.left_s <= 0:
        return True
    began_s = time.thread_time()
    old, start = nearby.tree.text, nearby.offset
    state = nearby.lexer.read(text, nearby.state)
    if state.frames == nearby.state.frames:
        after = nearby.tree.edit(start, start + num_replaced, text, nearby.left_s)
    else:  # other blocks end there
        ahead = _cut_after(nearby.lexer, state, suffix[num_replaced:])
        after = nearby.tree.edit(start, len(old), text + ahead, nearby.left_s)
    is_worse = after is not None and len(after.problems) > len(nearby.tree.problems)
    nearby.left_s -= time.thread_time() - began_s
    return not is_worse


@lru_cache(maxsize=2)
def _parse_nearby(language_id: str, prefix: str, suffix: str) -> _Nearby | None:
    """None where the code there says nothing: a literal, whose end is not known, or macros that do not parse."""
    began_s = time.thread_time()
    language, grammar = language_of(language_id), grammar_of(language_id)
    if language is None or grammar is None:
        return None
    before = _cut_before(language.lexer, prefix)
    state = language.lexer.read(before)
    if state.literal is not Literal.CODE:
        return None
    tree = SyntaxTree.parse(grammar, before + _cut_after(language.lexer, state, suffix), TIME_LIMIT_S)
    if tree is None or (language.has_macros and tree.problems):
        return None
    left_s = TIME_LIMIT_S - (time.thread_time() - began_s)
    return _Nearby(language.lexer, tree, state, len(before), left_s)


def _cut_before(lexer: Lexer, prefix: str) -> str:
    """The heads of the blocks around the cursor, and the lines before it."""
    text, state = read_before(lexer, prefix)
    start = _find_start(lexer, text, state.frames)
    outer = [each for each in state.frames if each.line_start < start]
    return _heads(text, outer[-_MAX_HEADS:]) + text[start:]


def _cut_after(lexer: Lexer, state: State, suffix: str) -> str:
    """The lines after the cursor up to where the blocks end that are known, and what closes those that go on."""
    after = suffix[:_NUM_CHARS]
    if len(suffix) > _NUM_CHARS:
        after = after[: after.rfind("\n") + 1 or len(after)]
    end = lexer.read(after, state)
    if end.unmatched:
        after = after[: end.unmatched[0]]
        end = lexer.read(after, state)
    cut = next((each.line_start for each in end.frames[end.lowest :] if each.closer != "}"), None)
    if cut:  # not in the middle of a statement
        after = after[:cut]
        end = lexer.read(after, state)
    return after + "\n" + end.closers


def _find_start(lexer: Lexer, prefix: str, frames: tuple[Frame, ...]) -> int:
    """Where the nearest lines begin: at the head of a block, or after the last block that is closed there."""
    least = len(prefix) - _NUM_CHARS
    near = next((each.line_start for each in frames if each.line_start >= least), None)
    if near is not None:
        return near
    if least <= 0:
        return 0
    start = prefix.rfind("\n", 0, least) + 1
    if start < least - _NUM_CHARS:
        start = least
    unmatched = lexer.read(prefix[start:]).unmatched
    return prefix.find("\n", start + unmatched[-1]) + 1 or len(prefix) if unmatched else start


def _heads(prefix: str, frames: list[Frame]) -> str:
    """The lines of some blocks up to what they open."""
    ends = {each.line_start: each.start + 1 for each in frames}
    heads = [prefix[start:end] for start, end in ends.items()]
    return "".join(each.lstrip(_NO_HEAD) + "\n" for each in heads)
