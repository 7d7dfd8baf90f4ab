"""The selected lines with what is to be done with them: in the command's words, or in a comment at their top."""

import re
from dataclasses import replace

from sotto_lsp.actions.places.find_code import find_code, find_selected, make_code_target
from sotto_lsp.actions.places.place import Place
from sotto_lsp.documents.lines import Lines
from sotto_lsp.syntax.languages.registry import syntax_of
from sotto_lsp.syntax.target import Target

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
        target, comment = _find_commented(lines, place)
        instruction = " ".join(comment)
        if not _SENTENCE.search(instruction):
            return None
    return target and replace(target, words={"instruction": instruction})


def _find_commented(lines: Lines, place: Place) -> tuple[Target | None, list[str]]:
    """The selected lines, and what the comment inside or above them says."""
    selected = find_selected(lines, place)
    if selected is None:
        return None, []
    first = lines.snapshot.line_starts.line_of(selected.first)
    inside = _read_comment(lines, range(first, place.last_line + 1))
    if not inside:
        return selected, _read_comment(lines, range(first - 1, -1, -1))[::-1]
    code = make_code_target(lines, first + len(inside), place.last_line)
    if code is not None:
        code = replace(code, first=selected.first, num_dropped=code.first - selected.first)
    return code, inside


def _read_comment(lines: Lines, numbers: range) -> list[str]:
    """What the lines say, one after the other, as long as they are comments."""
    texts: list[str] = []
    for number in numbers[:_MAX_LINES]:
        text = syntax_of(lines.snapshot.language_id).read_comment(lines[number])
        if text is None:
            break
        texts.append(text)
    return texts
