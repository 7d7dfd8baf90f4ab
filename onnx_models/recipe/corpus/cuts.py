"""Where a training text is cut into prefix, middle and suffix: at the places where an editor would ask."""

import random
import re
from dataclasses import dataclass

_BODY = re.compile(r"^([ \t]*)(?:async )?(?:def|class) .*:\n", re.MULTILINE)


@dataclass(frozen=True)
class Cut:
    """The three parts, and what kind of question it is: `line`, `mid-line`, `block`, `body` or `any`."""

    prefix: str
    middle: str
    suffix: str
    kind: str


def cut(text: str, dice: random.Random) -> Cut:
    """A random cut: half of them the rest of a line, a quarter blocks of lines, bodies, some anywhere."""
    choice = dice.random()
    if choice < 0.30:
        return _line_end(text, dice)
    if choice < 0.48:
        return _mid_line(text, dice)
    if choice < 0.73:
        return _block(text, dice)
    if choice < 0.88:
        return _body(text, dice) or _block(text, dice)
    start = dice.randrange(len(text))
    return _at(text, start, start + int(dice.expovariate(1 / 80)), "any")


def _line_end(text: str, dice: random.Random) -> Cut:
    """From inside a line, or from its indentation, to its end."""
    start, end, indentation = _line(text, dice)
    first = start + indentation
    return _at(text, first if dice.random() < 0.3 else dice.randint(first, end), end, "line")


def _mid_line(text: str, dice: random.Random) -> Cut:
    """A piece inside a line, something of the line left after it."""
    start, end, indentation = _line(text, dice)
    first = dice.randint(start + indentation, end)
    return _at(text, first, dice.randint(first, end), "mid-line")


def _block(text: str, dice: random.Random) -> Cut:
    """The rest of a line and one to eight lines more."""
    start, end, indentation = _line(text, dice)
    for _ in range(dice.choice((1, 1, 2, 2, 3, 4, 6, 8))):
        following = text.find("\n", end + 1)
        end = len(text) if following < 0 else following
    first = start + indentation
    return _at(text, first if dice.random() < 0.6 else dice.randint(first, max(first, end)), end, "block")


def _body(text: str, dice: random.Random) -> Cut | None:
    """What follows a signature, as deep as it is indented; half of the time its first lines only."""
    heads = list(_BODY.finditer(text))
    if not heads:
        return None
    head = dice.choice(heads)
    depth = len(head[1].expandtabs(8))
    end = head.end()
    for number, line in enumerate(text[head.end() :].splitlines(keepends=True)):
        indentation = len(line[: len(line) - len(line.lstrip())].expandtabs(8))
        if (line.strip() and indentation <= depth) or number == 12:
            break
        end += len(line)
    end = len(text[:end].rstrip())
    start = head.end() - 1 if dice.random() < 0.5 else head.end() + depth + 4
    return _at(text, min(start, end), end, "body") if end > head.end() else None


def _line(text: str, dice: random.Random) -> tuple[int, int, int]:
    """`(start, end, indentation)` of a random line that holds text, if one comes up in a few tries."""
    start = end = 0
    for _ in range(4):
        where = dice.randrange(len(text))
        start = text.rfind("\n", 0, where) + 1
        end = text.find("\n", where)
        end = len(text) if end < 0 else end
        if text[start:end].strip():
            break
    line = text[start:end]
    return start, end, len(line) - len(line.lstrip())


def _at(text: str, start: int, end: int, kind: str) -> Cut:
    start = min(start, len(text))
    end = max(start, min(end, len(text)))
    return Cut(text[:start], text[start:end], text[end:], kind)
