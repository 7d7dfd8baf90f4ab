"""Lexer: which brackets, strings and comments are open in a text that is half written. Knows no grammar, no tree."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from sotto_lsp.syntax.protocol import Literal

_CLOSERS = {"(": ")", "[": "]", "{": "}"}
_CLOSING = (")", "]", "}")
_NO_CODE = ("\n", "#")
"""Begin lines that say nothing of indentation."""
COMMENT_CLOSER = "*/"


@dataclass(frozen=True)
class StringRule:
    """opens: a pattern; what its group `mark` matches stands for MARK in `closes`.

    is_long: goes on after a line end. is_raw: a backslash is a backslash. hole: opens code inside, up to `}`.
    """

    opens: str
    closes: str
    is_long: bool = False
    is_raw: bool = False
    hole: str = ""


@dataclass(frozen=True)
class Rules:
    """skipped: a pattern of what looks like a string and is none."""

    line_comments: tuple[str, ...] = ()
    block_comments: bool = False
    nested_comments: bool = False
    strings: tuple[StringRule, ...] = ()
    skipped: str = ""


class Frame(NamedTuple):
    """What is open. closer: what closes it. start, line_start: the offsets of what opened it, and of its statement.

    indent: of the line where that statement begins. is_passed: a line that is no further in has been read since.
    """

    closer: str
    literal: Literal
    start: int
    line_start: int
    indent: int
    rule: StringRule | None = None
    is_passed: bool = False


@dataclass(frozen=True)
class State:
    """What is open after a text, outermost first.

    lowest: how many frames were open all the time. unmatched: the offsets of closers that close nothing.
    num_errors: closers, strings and indentation that do not fit.
    """

    frames: tuple[Frame, ...] = ()
    indent: int = 0
    line_start: int = 0
    lowest: int = 0
    unmatched: tuple[int, ...] = ()
    num_errors: int = 0

    @property
    def literal(self) -> Literal:
        return self.frames[-1].literal if self.frames else Literal.CODE

    @property
    def closers(self) -> str:
        """Innermost first; nothing of a comment."""
        return "".join(each.closer for each in reversed(self.frames) if each.literal is not Literal.COMMENT)


class Lexer:
    """Reads text after text: what is open after one is where the next goes on."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        strings = [
            (f"s{number}", each.opens.replace("?P<mark>", f"?P<m{number}>"))
            for number, each in enumerate(rules.strings)
        ]
        line_comment = "|".join(map(re.escape, rules.line_comments))
        kinds = [
            ("end", r"\n[ \t]*"),
            ("open", r"[(\[{]"),
            ("close", r"[)\]}]"),
            *(each for each, rule in zip(strings, rules.strings, strict=True) if rule.is_long),
            ("skipped", "|".join(_skipped(rules, line_comment))),
            ("line", line_comment),
            ("block", r"/\*" if rules.block_comments else ""),
            *(each for each, rule in zip(strings, rules.strings, strict=True) if not rule.is_long),
        ]
        self._code = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in kinds if pattern))

    def read_window(self, text: str) -> State:
        """What is open after a text that may begin anywhere, be it in a comment or a long string."""
        state = self.read(text, start=_find_comment_end(text) if self._rules.block_comments else 0)
        long = next(
            (each for each in state.frames if each.rule and each.rule.is_long and "\n" in text[each.start :]), None
        )
        if long is None:
            return state
        inside = self.read(text, State((long._replace(start=0, line_start=0),)))
        return inside if inside.num_errors < state.num_errors else state

    def read(self, text: str, state: State | None = None, *, start: int = 0, checks_indent: bool = False) -> State:
        """What is open after `text[start:]`, read where `state` ended; offsets are those of this text.

        checks_indent: a line that is not further in than what is open, and a `}` that stands elsewhere, are errors.
        """
        reading = _Reading(self._rules, text, state or State(), checks_indent)
        at = start
        while at < len(text):
            if not reading.is_in_literal:
                for match in self._code.finditer(text, at):
                    if reading.add_token(match):
                        at = match.end()
                        break
                else:
                    break
            else:
                at = reading.leave_literal(at)
        return reading.state()


class _Reading:
    """One text being read."""

    def __init__(self, rules: Rules, text: str, state: State, checks_indent: bool) -> None:
        self.frames = list(state.frames)
        self._rules = rules
        self._text = text
        self._checks_indent = checks_indent
        self._indent, self._line_start = state.indent, state.line_start
        self._first = 0 if not state.frames and not state.line_start else -1
        self._lowest = len(self.frames)
        self._unmatched: list[int] = []
        self._num_errors = 0

    @property
    def is_in_literal(self) -> bool:
        return bool(self.frames) and self.frames[-1].literal is not Literal.CODE

    def state(self) -> State:
        return State(
            tuple(self.frames),
            self._indent,
            self._line_start,
            self._lowest,
            tuple(self._unmatched),
            self._num_errors,
        )

    def add_token(self, match: re.Match[str]) -> bool:
        """Whether what follows is in a string or comment."""
        kind = match.lastgroup or ""
        if kind == "end":
            self._begin_line(match)
            return False
        if kind == "open":
            self._push(_CLOSERS[match.group()], Literal.CODE, match.start())
            return False
        if kind == "close":
            self._close(match.group(), match.start())
            return self.is_in_literal
        if kind == "skipped":
            return False
        if kind in ("line", "block"):
            self._push("\n" if kind == "line" else COMMENT_CLOSER, Literal.COMMENT, match.start())
            return True
        number = kind[1:]
        rule = self._rules.strings[int(number)]
        mark = match[f"m{number}"] if "?P<mark>" in rule.opens else ""
        self._push(rule.closes.replace("MARK", mark), Literal.STRING, match.start(), rule)
        return True

    def leave_literal(self, at: int) -> int:
        """Reads what a string or comment says; returns where code goes on, or the next string or comment."""
        top = self.frames[-1]
        match = _ends_of(top.closer, top.rule, self._rules.nested_comments).search(self._text, at)
        if match is None:
            return len(self._text)
        found = match.group()
        if found == top.closer and top.closer != "\n":
            self._pop()
        elif found == "\n":
            self._num_errors += top.literal is Literal.STRING
            self._pop()
            return match.start()
        elif top.rule is None:
            self._push(COMMENT_CLOSER, Literal.COMMENT, match.start())
        elif found == top.rule.hole:
            self._push("}", Literal.CODE, match.start())
        return match.end()

    def _begin_line(self, match: re.Match[str]) -> None:
        end = match.end()
        next_sign = self._text[end : end + 1]
        if next_sign in _NO_CODE:
            return
        self._indent, self._line_start = end - match.start() - 1, match.start() + 1
        self._first = end
        if not self._checks_indent or next_sign in _CLOSING:
            return
        for index in range(len(self.frames) - 1, -1, -1):
            frame = self.frames[index]
            if frame.literal is not Literal.CODE or self._indent > frame.indent:
                break
            self._num_errors += not frame.is_passed
            self.frames[index] = frame._replace(is_passed=True)

    def _push(self, closer: str, literal: Literal, start: int, rule: StringRule | None = None) -> None:
        self.frames.append(Frame(closer, literal, start, self._line_start, self._indent, rule))

    def _pop(self) -> Frame:
        frame = self.frames.pop()
        self._lowest = min(self._lowest, len(self.frames))
        return frame

    def _close(self, closer: str, at: int) -> None:
        """With its opener; with one further out where none fits in between, those in between are errors."""
        is_placed = closer == "}" and at == self._first
        top = self.frames[-1] if self.frames else None
        if top is not None and top.closer == closer and (not is_placed or top.indent == self._indent):
            self._indent, self._line_start = top.indent, top.line_start
            self._pop()
            return
        inner = list(self._innermost_code())
        fitting = [each for each in inner if self.frames[each].closer == closer]
        placed = [each for each in fitting if not is_placed or self.frames[each].indent == self._indent]
        self._num_errors += bool(fitting and not placed)
        index = next(iter(placed or fitting), None)
        if index is None:
            self._num_errors += 1
            self._unmatched.append(at)
            return
        self._num_errors += len(self.frames) - 1 - index
        while len(self.frames) > index + 1:
            self._pop()
        frame = self._pop()
        self._indent, self._line_start = frame.indent, frame.line_start

    def _innermost_code(self) -> Iterator[int]:
        """The open brackets, innermost first, up to the string that they are in."""
        for index in range(len(self.frames) - 1, -1, -1):
            if self.frames[index].literal is not Literal.CODE:
                return
            yield index


def _find_comment_end(text: str) -> int:
    """Where code begins in a text that begins in a comment; 0 where it seems not to."""
    end, start = text.find(COMMENT_CLOSER), text.find("/*")
    if end < 0 or 0 <= start <= end:
        return 0
    line = text[text.rfind("\n", 0, end) + 1 : end]
    return 0 if any(quote in line for quote in "\"'`") else end + len(COMMENT_CLOSER)


def _skipped(rules: Rules, line_comment: str) -> Iterator[str]:
    """Patterns of what needs no frame: whole comments and strings of one line."""
    if rules.skipped:
        yield rules.skipped
    if line_comment:
        yield rf"(?:{line_comment})[^\n]*(?=\n)"
    if rules.block_comments and not rules.nested_comments:
        yield r"/\*[^*]*\*+(?:[^/*][^*]*\*+)*/"
    for each in rules.strings:
        if not each.is_long:
            yield rf"{each.opens}[^{each.closes}\\\n]*(?:\\.[^{each.closes}\\\n]*)*{each.closes}"


@lru_cache(maxsize=128)
def _ends_of(closer: str, rule: StringRule | None, nested: bool) -> re.Pattern[str]:
    """What may end a literal, or begin another one in it."""
    parts = [re.escape(closer)]
    if rule is None:
        parts += [r"/\*"] if nested and closer == COMMENT_CLOSER else []
    else:
        parts += [] if rule.is_raw else [r"\\."]
        parts += [re.escape(rule.hole)] if rule.hole else []
        parts += [] if rule.is_long else [r"\n"]
    return re.compile("|".join(parts), re.DOTALL)
