"""Compiles single statements of Python in a scope like theirs. Runs nothing."""

import ast
import re
import warnings
from functools import lru_cache

from sotto_lsp.syntax.python.half_written.blocks import UNSEEN, has_colon
from sotto_lsp.syntax.python.half_written.logical_lines import HEADERS, find_closers, is_string

_UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
_LEADS = {
    **dict.fromkeys(("elif", "else"), "if _: pass\n"),
    **dict.fromkeys(("except", "finally"), "try: pass\n"),
    "case": "match _:\n ",
}
_FRAMES = {"": "", "class": "class _:\n", "def": "def _():\n", "async def": "async def _():\n"}
_TAILS = {"@": "\ndef _(): pass"}
_BODIES = {"match": "\n case _: pass", "try": " pass\nfinally: pass"}
_NEEDS_MORE = re.compile(r"nonlocal\b|from[ \t]+__future__\b")
"""What compiles in its place only."""
_ENDINGS = (
    "",
    " _",
    ": _",
    " in _",
    "()",
    " else _",
    " import _",
    " _ in _",
    " _: _",
    " _()",
    " _ else _",
    " _ import _",
)
"""One of them ends a statement that is half written, if anything can."""


def parse_statement(code: str) -> ast.stmt | None:
    """None for what is no single statement."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the user's code, on our stderr
            body = ast.parse(code).body
    except _UNPARSABLE:
        return None
    return body[0] if len(body) == 1 else None


def can_be_finished(code: str, word: str, scope: tuple[str, bool], opened: tuple[str, ...]) -> bool:
    """Whether something can end a half statement. opened: what is open at its end."""
    closers = find_closers(opened)
    while opened and (opened[-1] == "#" or is_string(opened[-1])):
        code += closers.pop(0)
        opened = opened[:-1]
    colon = ":" if word in HEADERS and not has_colon(code) else ""
    return any(compiles(code + ending + "".join(closers) + colon, word, scope) for ending in _ENDINGS)


@lru_cache(maxsize=256)
def compiles(code: str, word: str, scope: tuple[str, bool]) -> bool:
    """Whether a statement does, without its block. word: its first. scope: as `find_scope` says."""
    kind, is_in_loop = scope
    if kind == UNSEEN:
        return any(_compiles(code, word, each, True) for each in ("def", "async def"))
    return _compiles(code, word, kind, is_in_loop)


def _compiles(code: str, word: str, kind: str, is_in_loop: bool) -> bool:
    frame = _FRAMES[kind]
    margin = " " if frame else ""
    if is_in_loop:
        frame, margin = f"{frame}{margin}while _:\n", f"{margin} "
    lead, tail = _LEADS.get(word, ""), _TAILS.get(word, "")
    if not tail and word in HEADERS and code.endswith(":"):
        tail = _BODIES.get(word, " pass")
    source = frame + f"{margin}{lead}".replace("\n", f"\n{margin}") + code + tail.replace("\n", f"\n{margin}")
    flags = ast.PyCF_ONLY_AST if _NEEDS_MORE.match(code) else 0 if kind else ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "<statement>", "exec", flags, dont_inherit=True)
    except _UNPARSABLE:
        return False
    return True
