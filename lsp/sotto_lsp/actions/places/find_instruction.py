"""The selected lines with what is to be done with them: in the command's words, or in a comment at their top."""

import re
from dataclasses import replace

from sotto_lsp.actions.places.find_code import code_target, find_code, find_selected
from sotto_lsp.actions.places.place import Place
from sotto_lsp.documents.lines import Lines
from sotto_lsp.syntax.target import PYTHON, Target

_COMMENT = re.compile(r"[ \t]*#(?![!:])[ \t]*(?P<text>\S.*?)[ \t]*")
_SLASHED = re.compile(r"[ \t]*//(?![/!])[ \t]*(?P<text>\S.*?)[ \t]*")
"""Of all other languages that there are actions in."""
_SENTENCE = re.compile(r"\w.*\s\w")
"""At least two words: a mark for a tool is no instruction."""
_MAX_LINES = 8


def find_instructed(lines: Lines, place: Place) -> Target | None:
    """The command's words go before the comment's, which is no part of the lines.

    A comment that is selected with them goes with the answer; one above the selection stays.
    """
    if place.instruction:
        target, instruction = find_code(lines, place), place.instruction
    else:
        target, instruction = _commented(lines, place)
    return target and replace(target, words={"instruction": instruction})


def _commented(lines: Lines, place: Place) -> tuple[Target | None, str]:
    selected = find_selected(lines, place)
    if selected is None:
        return None, ""
    first = lines.snapshot.line_starts.line_of(selected.first)
    inside = _comment_from(lines, first, place.last_line)
    if inside:
        code = code_target(lines, first + len(inside), place.last_line)
        if code is not None:
            code = replace(code, first=selected.first, num_dropped=code.first - selected.first)
        return _said(code, inside)
    above = _comment_above(lines, first)
    return _said(selected, above)


def _said(target: Target | None, comment: list[str]) -> tuple[Target | None, str]:
    instruction = " ".join(comment)
    return (target, instruction) if _SENTENCE.search(instruction) else (None, "")


def _comment_from(lines: Lines, first: int, last: int) -> list[str]:
    """What the comment that begins at a line says; no line where none does."""
    said: list[str] = []
    for number in range(first, min(last + 1, first + _MAX_LINES)):
        comment = _comment(lines, number)
        if comment is None:
            break
        said.append(comment["text"])
    return said


def _comment_above(lines: Lines, line: int) -> list[str]:
    first = line
    while first > max(0, line - _MAX_LINES) and _comment(lines, first - 1):
        first -= 1
    return _comment_from(lines, first, line - 1)


def _comment(lines: Lines, line: int) -> re.Match[str] | None:
    pattern = _COMMENT if lines.snapshot.language_id == PYTHON else _SLASHED
    return pattern.fullmatch(lines[line])
