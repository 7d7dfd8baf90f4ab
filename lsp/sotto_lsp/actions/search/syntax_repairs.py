"""Repairs of a syntax error by one sign or one keyword: all that mend it; the model then weighs them.

Deterministic but for its time limit.
"""

import time

from sotto_lsp.actions.search.one_sign_edits import edit_one_sign
from sotto_lsp.documents.lines import Lines
from sotto_lsp.documents.text_change import TextChange
from sotto_lsp.syntax.languages.registry import syntax_of
from sotto_lsp.syntax.target import Target

_TIME_LIMIT_S = 0.5
MAX_REPAIRS = 96
"""Each costs the model a pass. More there are only where the error lies far from where the parser noticed it."""


def find_syntax_repairs(lines: Lines, target: Target, time_limit_s: float = _TIME_LIMIT_S) -> list[TextChange]:
    """Every such change of the target's lines, the likeliest line first; at most 96."""
    mending = syntax_of(target.language_id).find_mending(lines, target)
    if mending is None:
        return []
    text, line_of = lines.snapshot.text, lines.snapshot.line_starts.line_of
    deadline = time.monotonic() + time_limit_s
    found: dict[str, TextChange] = {}
    numbers = range(line_of(target.first), line_of(target.last) + 1)
    for number in sorted(numbers, key=lambda each: abs(each - mending.line)):
        for edit in edit_one_sign(lines[number], mending.signs, mending.keywords):
            change = edit.shift(lines.start(number))
            after = text[target.first : change.start] + change.new + text[change.end : target.last]
            if after not in found and mending.mends(change, deadline - time.monotonic()):
                found[after] = change
            if len(found) == MAX_REPAIRS or time.monotonic() > deadline:
                return list(found.values())
    return list(found.values())
