"""Logical lines of Python that may be half written: strings, f-strings, comments, brackets, joined lines. No parser.

An unclosed bracket does not swallow the rest of a file: a line that can only begin a statement, and is not further
in than the line that opened it, ends what is open.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

HEADERS: Final = frozenset(
    {"if", "elif", "else", "for", "while", "with", "try", "except", "finally", "def", "class", "match", "case"}
    | {"async def", "async for", "async with"}
)


class LogicalLine(NamedTuple):
    """A statement: the text in `[start, stop)`, from the start of its first line to the end of its last.

    word: its first word or sign; "" for a blank line. code_stop: where its last sign ends. open: what its end leaves
    open, outermost first: brackets, quotes ("f" before those of f-strings), "f{" and "f:" inside those, "#".
    """

    start: int
    stop: int
    code_stop: int
    indent: str
    word: str
    open: tuple[str, ...] = ()


_PLAIN = r"[^\"'#()\[\]{}\\\n]"
_STRING = r"(?<![fFtTrR])(?:\"(?!\"\")[^\"\\\n]*\"|'(?!'')[^'\\\n]*')"
_SIGN = r"(\"\"\"|'''|\#[^\n]*|\\\n|[\s\S]|\Z)"


def _token(newline: str = "") -> re.Pattern[str]:
    """The next sign that matters. What is closed before it is skipped, and the ends of lines that `newline` takes."""
    inner = once = rf"{_PLAIN}++|{_STRING}{newline}"
    for _ in range(3):
        inner = rf"{once}|[(\[{{](?:{inner})*+[)\]}}]"
    return re.compile(rf"(?:{inner})*+{_SIGN}")


@lru_cache(maxsize=32)
def _token_in_brackets(num_spaces: int) -> re.Pattern[str]:
    """Skips the ends of lines that go on further in than that many spaces."""
    return _token(rf"|(?:\#[^\n]*)?\n(?=[ \t]{{{num_spaces + 1}}})")


_TOKEN = _token()
_TOKEN_IN_BRACES = re.compile(rf"[^\"'#()\[\]{{}}\\\n:]*{_SIGN}")
_LINE = re.compile(r"(?:[ \t\f]*(?:#[^\n]*)?\n)*([ \t\f]*)(async[ \t]+(?:def|for|with)\b|\w+|[^\w\s#]|)")
_PREFIX = re.compile(r"(?<!\w)[rRbBuUfFtT]{1,2}\Z")
_CLOSES = {")": ("(",), "]": ("[",), "}": ("{", "f{")}
_CLOSERS = {"(": ")", "[": "]", "{": "}", "f{": "}", "f:": "", "#": ""}
_STATEMENT = re.compile(
    r"""([\ \t]*)(?:(?:def|class|return|import|from|raise|while|try|except|finally|elif)\b
    |(?:pass|break|continue|global|nonlocal|del|assert|async[\ ]+def)\b
    |@\w[\w.]*(?:\(.*)?$|(?:if|for|else|with)\b.*:[\ \t]*$
    |\w+(?:\.\w+|\[.*?\])*[\ ]=[\ ]|\w+(?:\.\w+|\[.*?\])+=(?!=))""",
    re.VERBOSE | re.MULTILINE,
)
_OPERAND = re.compile(r"([ \t]*)(?!(?:and|or|in|is|not|if|else|for|as|async)\b|[rRbBuUfFtT]{1,2}[\"'])[^\W\d]")


def _string_body(quote: str, escape: str, stop: str = "") -> re.Pattern[str]:
    """What a string has up to its end, a brace, or the end of a line that it cannot go beyond."""
    inner = rf"|{quote[0]}(?!{quote[1:]})" if len(quote) == 3 else ""
    plain = rf"[^{quote[0]}\\{stop}]*" if inner else rf"[^{quote}\\\n{stop}]*"
    return re.compile(rf"{plain}(?:(?:{escape}{inner}){plain})*")


_QUOTES = ('"', "'", '"""', "'''")
_BODIES = {
    **{quote: _string_body(quote, r"\\[\s\S]") for quote in _QUOTES},
    **{f"f{quote}": _string_body(quote, r"\\N\{[^}\n]*\}|\\[^{]|\{\{", "{") for quote in _QUOTES},
    "f:": re.compile(r"[^{}\"'\n]*"),
}


def read_logical_lines(text: str, opened: tuple[str, ...] = (), begin: int = 0) -> Iterator[LogicalLine]:
    """Those that are not blank, and always the last, from an offset on. opened: what is open there."""
    stack = list(opened)
    start, indent, word, position = (begin, "", "", begin) if opened else _begin_line(text, begin)
    code_stop = position
    while True:
        if stack and stack[-1] in _BODIES and position < len(text):
            position = code_stop = _read_string(text, position, stack)
            continue
        match = _choose_token(stack, indent).match(text, position)
        assert match is not None
        sign, at, end = match[1], match.start(1), match.end()
        if code := text[position:at].rstrip():
            code_stop = position + len(code)
        position = end
        if not sign or (sign[0] == "#" and end == len(text)):
            yield LogicalLine(start, end, code_stop, indent, word, (*stack, "#") if sign else tuple(stack))
            return
        if sign == "\n":
            _end_strings(stack)
            if stack and not _begins_statement(text, end, indent, text[code_stop - 1 : code_stop], stack):
                continue
            yield LogicalLine(start, at, code_stop, indent, word, tuple(stack))
            stack.clear()
            start, indent, word, position = _begin_line(text, end)
            code_stop = position
        elif sign[0] not in "#\\":
            code_stop = end
            _read_sign(text, at, sign, stack)


def is_string(opener: str) -> bool:
    """Whether an open sign is a quote or the format in an f-string: no code stands in it."""
    return opener in _BODIES


def find_closers(opened: tuple[str, ...]) -> list[str]:
    """What closes what is open, innermost first; "" where nothing has to."""
    return [_CLOSERS.get(each, each.removeprefix("f")) for each in reversed(opened)]


def _choose_token(stack: list[str], indent: str) -> re.Pattern[str]:
    if not stack:
        return _TOKEN
    if "f{" in stack:
        return _TOKEN_IN_BRACES if stack[-1] == "f{" else _TOKEN
    return _token_in_brackets(len(indent))


def _begin_line(text: str, position: int) -> tuple[int, str, str, int]:
    match = _LINE.match(text, position)
    assert match is not None
    return match.start(1), match[1], match[2], match.start(2)


def _begins_statement(text: str, position: int, indent: str, last: str, stack: list[str]) -> bool:
    """Whether the line at a position cannot go on with what a bracket holds. last: the last sign before it."""
    if any(len(each) > 2 for each in stack):  # in the braces of a triple-quoted string
        return False
    match = _OPERAND.match(text, position) if _ends_operand(last) else None
    match = match or _STATEMENT.match(text, position)
    return match is not None and len(match[1]) <= len(indent)


def _ends_operand(last: str) -> bool:
    return last.isalnum() or (last != "" and last in "_)]}\"'")


def _read_sign(text: str, at: int, sign: str, stack: list[str]) -> None:
    if sign in _CLOSES:
        _close(_CLOSES[sign], stack)
    elif sign == ":":
        stack.append("f:")
    elif sign in "([{":
        stack.append(sign)
    else:
        prefix = _PREFIX.search(text, max(0, at - 3), at)
        if prefix is None and f"f{sign}" in stack and _ends_operand(text[at - 9 : at].rstrip()[-1:]):
            _close((f"f{sign}",), stack)  # before the brace in it is closed
        else:
            stack.append(f"f{sign}" if prefix and set(prefix[0]) & set("fFtT") else sign)


def _close(openers: tuple[str, ...], stack: list[str]) -> None:
    """Ends the innermost of some openers, and what is open inside it. Does nothing where none is open."""
    for index in range(len(stack) - 1, -1, -1):
        if stack[index] in openers:
            del stack[index:]
            return
        if stack[index] in _BODIES and openers[0] in "([{":
            return


def _end_strings(stack: list[str]) -> None:
    """At a line's end: ends the strings that cannot go beyond it."""
    for index, each in enumerate(stack):
        if len(each.removeprefix("f")) == 1 and each in _BODIES:
            del stack[index:]
            return


def _read_string(text: str, position: int, stack: list[str]) -> int:
    """Goes on in the string, or the format of an f-string, in which a position is; returns where it was left."""
    kind = stack[-1]
    body = _BODIES[kind].match(text, position)
    position = body.end() if body else position
    sign = text[position : position + 1]
    if sign == "\n" and kind != "f:":
        _end_strings(stack)
        return position
    if sign == "{":
        stack.append("f{")
    elif sign == "}":
        del stack[-2:]
    elif sign in ('"', "'"):
        quote = (stack[-3] if kind == "f:" else kind).removeprefix("f")
        if text.startswith(quote, position):
            del stack[-3 if kind == "f:" else -1 :]
            return position + len(quote)
    return min(position + 1, len(text))
