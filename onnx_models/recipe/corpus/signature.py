"""Finds function signatures in text that need not parse, and takes their annotations off."""

import re
from dataclasses import dataclass

_HEAD = re.compile(r"^([ \t]*)(?:async )?def \w+\(", re.MULTILINE)
_OPEN, _CLOSE = "([{", ")]}"
_MAX_CHARS = 800
_RETURNS = re.compile(r"\s*(?:->\s*([^\n:]+(?:\[[^\n]*\])?))?\s*:[ \t]*(?:#[^\n]*)?\n")


@dataclass(frozen=True)
class Signature:
    """`text` from the indentation of `def` to the newline after the colon; `plain` is it without annotations."""

    start: int
    end: int
    indentation: str
    text: str
    plain: str


def find_signatures(text: str) -> list[Signature]:
    """Every `def` whose parentheses close and whose body starts on a line of its own."""
    found: list[Signature] = []
    for head in _HEAD.finditer(text):
        commas = _parameters(text, head.end())
        if commas is None:
            continue
        *_, close = commas
        returns = _RETURNS.match(text, close + 1)
        if returns is None:
            continue
        bounds = zip([head.end(), *(comma + 1 for comma in commas)], commas, strict=False)
        parameters = ",".join(_without_annotation(text[first:last]) for first, last in bounds)
        rest = returns[0]
        if returns[1]:
            rest = rest[rest.index(returns[1]) + len(returns[1]) :]
        plain = text[head.start() : head.end()] + parameters + ")" + rest
        found.append(Signature(head.start(), returns.end(), head[1], text[head.start() : returns.end()], plain))
    return found


def _parameters(text: str, start: int) -> list[int] | None:
    """Offsets of the commas between parameters and of the closing parenthesis."""
    depth, places, quote = 0, [], ""
    for at in range(start, min(len(text), start + _MAX_CHARS)):
        char = text[at]
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            if depth == 0:
                return [*places, at]
            depth -= 1
        elif char == "," and depth == 0:
            places.append(at)
        elif char == "#":
            return None
    return None


def _without_annotation(parameter: str) -> str:
    """`a: int = 1` becomes `a=1`; what has no annotation stays as it is."""
    depth = 0
    colon = -1
    for at, char in enumerate(parameter):
        depth += (char in _OPEN) - (char in _CLOSE)
        if depth == 0 and char == ":" and colon < 0:
            colon = at
        if depth == 0 and char == "=":
            return parameter if colon < 0 else f"{parameter[:colon]}={parameter[at + 1 :].lstrip()}"
    if colon < 0:
        return parameter
    rest = parameter[colon:]
    return parameter[:colon] + rest[len(rest.rstrip()) :]
