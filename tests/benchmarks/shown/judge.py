"""What a suggestion that is accepted does to a file. Knows Python's parser, and nothing of the server's own guard."""

import ast
import re
import warnings
from dataclasses import dataclass

from benchmarks.shown.places import Place

_PAIRS = {"(": ")", "[": "]", "{": "}"}
_AT_CURSOR = ("", "_x", " _x", "=_x", " = _x", ": _x", " in _x", " else _x", " import _x", "():", "(): pass")
_AT_END = ("", ":", ": pass", " pass", " = _x", " in _x", " in _x:", " in _x: pass", " else _x", " import _x")
_BELOW = ("except Exception: pass", "def _x(): pass", "_x = 1")
"""Ways to go on with what is half typed."""
_MIN_WORD_CHARS = 3


@dataclass(frozen=True)
class Verdict:
    """Of one suggestion. saved: characters of the truth that need not be typed. indented: None where it says nothing
    of it.
    """

    broken: bool
    duplicate: bool
    right: bool
    saved: int
    indented: bool | None
    line_ends: bool


def judge(place: Place, text: str, num_replaced: int) -> Verdict:
    """The verdict on a text that is written at the cursor, over so many characters."""
    line_ends = "\r\n" not in place.text or not re.search(r"(?<!\r)\n|\r(?!\n)", text)
    place, text = place.with_line_ends("\n"), text.replace("\r\n", "\n")
    rest = place.suffix[num_replaced:]
    right = _is_right(place, text)
    return Verdict(
        broken=_is_broken(place, text, rest),
        duplicate=not right and _is_duplicate(place, text, rest),
        right=right,
        saved=_common_chars(text, place.truth) if right else 0,
        indented=_is_indented(place, text),
        line_ends=line_ends,
    )


def _is_broken(place: Place, text: str, rest: str) -> bool:
    """Whether a file that parsed does not any more; or one that was half typed can no more be finished."""
    if parses(place.prefix + text + rest):
        return False
    return parses(place.text) or not _can_be_finished(place, text, rest)


def _can_be_finished(place: Place, text: str, rest: str) -> bool:
    line, end, below = rest.partition("\n")
    below = end + below
    before = place.prefix + text
    opened = _find_opened(before[place.start :])
    num_closed = len(line) - len(line.lstrip("".join(_PAIRS.values()) + "'\""))
    if opened[len(opened) - num_closed :] == line[:num_closed]:
        if place.truth.startswith(text) and parses(before + place.truth[len(text) :] + below):
            return True
        opened = opened[: len(opened) - num_closed]
    last = before.rsplit("\n", 1)[-1]
    indent = last[: len(last) - len(last.lstrip())]
    ends = [*_AT_END, f"\n{indent}\tpass", *(f"\n{indent}{each}" for each in _BELOW)]
    ends += [f": pass\n{indent}{_BELOW[0]}", f" pass\n{indent}{_BELOW[0]}"]
    return any(parses(before + more + opened + line + end + below) for more in _AT_CURSOR for end in ends)


def _find_opened(text: str) -> str:
    """The closers of brackets and quotes that are open at the end of a statement's beginning, the inmost first."""
    opened = quote = ""
    for token in re.findall(r'\\.|"""|\'\'\'|["\'#\n]|[()\[\]{}]', text, re.DOTALL):
        if quote:
            is_end = token == quote or (token == "\n" and quote in "#'\"")
            quote = "" if is_end else quote
        elif token[0] in "\"'#":
            quote = token
        elif token in _PAIRS:
            opened = _PAIRS[token] + opened
        elif opened.startswith(token):
            opened = opened[1:]
    return quote.strip("#") + opened


def _is_right(place: Place, text: str) -> bool:
    """Whether its first line is the author's, or the beginning of it. White space does not count."""
    said, meant = (_first_line(each) for each in (text, place.truth))
    return bool(said) and meant.startswith(said) and (text[:1].isspace() or place.truth[:1] != "\n")


def _first_line(text: str) -> str:
    line = text.strip().partition("\n")[0]
    return re.sub(r"\s+", "", line)


def _is_duplicate(place: Place, text: str, rest: str) -> bool:
    """Whether it says what follows on the cursor's line, or the next line."""
    line, _, below = rest.partition("\n")
    said = text.rstrip()
    overlap = next((line[:size] for size in range(len(line), 0, -1) if said.endswith(line[:size].rstrip())), "")
    if len(re.findall(r"\w", overlap)) >= _MIN_WORD_CHARS:
        return True
    if line.strip() and overlap.strip() == line.strip() and _is_broken(place, text, rest):
        return not _is_broken(place, said[: -len(overlap.strip())], rest)
    next_line = below.strip().partition("\n")[0].strip()
    own = (place.prefix[place.start :] + text + line).split("\n")
    own = own if "\n" not in text else own[:1] * (not text.startswith("\n")) + own[1:]
    return len(re.findall(r"\w", next_line)) >= _MIN_WORD_CHARS and next_line in map(str.strip, own)


def _common_chars(text: str, truth: str) -> int:
    return next(
        (at for at, (a, b) in enumerate(zip(text, truth, strict=False)) if a != b), min(len(text), len(truth))
    )


def _is_indented(place: Place, text: str) -> bool | None:
    """Whether a block's first line stands one step in."""
    if place.indent is None:
        return None
    written = place.prefix[place.start :] + text
    if place.prefix[place.start :].strip():
        if not text.lstrip(" ").startswith("\n"):
            return None
        written = text
    line = next((each for each in written.split("\n") if each.strip()), "")
    return line[: len(line) - len(line.lstrip())] == place.indent


def parses(text: str) -> bool:
    """Whether it is Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(text)
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            return False
    return True
