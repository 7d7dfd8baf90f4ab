"""Closers: brackets and quotes that the editor has written after the cursor already are not written twice."""

import re
from dataclasses import dataclass, field

from sotto_lsp.syntax.protocol import CursorContext, Literal

_PAIRS = {"(": ")", "[": "]", "{": "}"}
_QUOTES = ('"""', "'''", '"', "'", "`")
_CLOSERS = ")]}\"'`:;,"
_AHEAD = re.compile(r"[\s)\]}\"'`]*")
_COMMENT = re.compile(r"(?<!\S)#[^\n]*")
_SIGN = re.compile(r"[\"'`#()\[\]{}\\]")


@dataclass(frozen=True)
class Closed:
    """The text, how many characters after the cursor it takes the place of, and why it is another one."""

    text: str
    num_replaced: int = 0
    reasons: tuple[str, ...] = ()


@dataclass
class Balance:
    """What a text leaves open.

    needed: what closes what is open after the text, innermost first, each a bracket or a quote.
    first: where the text closes for the first time what was open before it; None where it closes only its own.
    """

    needed: list[str] = field(default_factory=list[str])
    first: int | None = None


def fit_closers(text: str, cursor: CursorContext, line_suffix: str, *, may_replace: bool) -> Closed:
    """End the text where it begins to close what is closed after the cursor already.

    may_replace: where such a text says more, it takes the place of those closers instead.
    """
    ahead = _AHEAD.match(line_suffix)
    there = ahead.group().rstrip() if ahead else ""
    balance = read_balance(text, cursor)
    needed = "".join(balance.needed)
    num = next(size for size in range(len(there) + 1) if needed.startswith("".join(there[size:].split())))
    if not num or balance.first is None:
        return Closed(text)
    if text.rstrip().endswith(there[:num]) and len(text.rstrip()) - num >= balance.first:
        return Closed(text.rstrip()[:-num], 0, ("closed-already",))
    rest = line_suffix[num:].rstrip()
    if may_replace and not rest.strip(_CLOSERS) and not (rest and "\n" in text):
        # Up to the line's end: Neovim's ghost hides what follows.
        return Closed(text if text.endswith(rest) else text + rest, len(line_suffix), ("replaces-closer",))
    return Closed(text[: balance.first].rstrip(), 0, ("closed-already",))


def read_balance(text: str, cursor: CursorContext) -> Balance:
    """What is open after a text that is written at the cursor; comments and strings aside."""
    open_ = _split(cursor.closers)
    num_outer = len(open_)
    balance = Balance()
    in_string = cursor.literal in (Literal.STRING, Literal.DOCSTRING)
    if cursor.literal is Literal.COMMENT:
        return Balance(open_)
    at = 0
    while (sign := _SIGN.search(text, at)) is not None:
        at, size = sign.start(), 1
        if in_string:
            if text[at] == "\\":
                size = 2
            elif open_ and text.startswith(open_[0], at):
                size = len(open_.pop(0))
                in_string = False
                if len(open_) < num_outer:
                    num_outer = len(open_)
                    balance.first = at if balance.first is None else balance.first
        elif (quote := next((each for each in _QUOTES if text.startswith(each, at)), None)) is not None:
            open_.insert(0, quote)
            in_string, size = True, len(quote)
        elif comment := _COMMENT.match(text, at):
            size = comment.end() - at
        elif text[at] in _PAIRS:
            open_.insert(0, _PAIRS[text[at]])
        elif text[at] in _PAIRS.values():
            is_outer = len(open_) <= num_outer
            if is_outer:
                balance.first = at if balance.first is None else balance.first
            if open_ and open_[0] == text[at]:
                open_.pop(0)
                num_outer = min(num_outer, len(open_))
        at += size
    balance.needed = open_
    return balance


def _split(closers: str) -> list[str]:
    return re.findall(r"\"\"\"|'''|.", closers)
