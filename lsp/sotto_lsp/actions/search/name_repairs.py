"""What may replace a name that is not defined: names that can be read there, the most similar first."""

import difflib
import re

from sotto_lsp.documents.lines import Lines
from sotto_lsp.documents.text_change import TextChange
from sotto_lsp.syntax.languages.registry import syntax_of
from sotto_lsp.syntax.target import Target

_MAX_NAMES = 40
_MIN_LIKENESS = 0.6
_LIKENESS_NATS = 16.0
"""What a name that is the wrong one but for a letter or two has over one that has nothing in common with it."""
_WORD = re.compile(r"[^\W\d]\w*")
_NEAR_CHARS = 1500


def find_name_repairs(lines: Lines, target: Target) -> list[TextChange]:
    """The name replaced by each of the names known there; at most 40."""
    hole = target.holes["name"]
    text = lines.snapshot.text
    wrong = text[hole.start : hole.end]
    line = lines.snapshot.line_starts.line_of(hole.start)
    known, builtins = syntax_of(target.language_id).find_names(text, line)
    near = set(_WORD.findall(text[max(0, hole.start - _NEAR_CHARS) : hole.end + _NEAR_CHARS]))
    alike = difflib.get_close_matches(wrong, {*known, *builtins}, 10, _MIN_LIKENESS)
    ordered = dict.fromkeys([*alike, *(name for name in known if name in near), *known])
    ordered.pop(wrong, None)
    return [TextChange(hole.start, hole.end, name) for name in list(ordered)[:_MAX_NAMES]]


def score_likeness(wrong: str, name: str) -> float:
    """What their spelling adds to a name's log-probability, in nats."""
    ratio = difflib.SequenceMatcher(None, wrong, name).ratio()
    return _LIKENESS_NATS * ratio if ratio >= _MIN_LIKENESS else 0.0
