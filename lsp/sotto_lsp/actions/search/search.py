"""Answers found by searching, not by asking: what each search finds is scored by the model afterwards."""

from collections.abc import Callable
from dataclasses import dataclass

from sotto_lsp.actions.search.name_repairs import find_name_repairs, score_likeness
from sotto_lsp.actions.search.syntax_repairs import find_syntax_repairs
from sotto_lsp.documents.lines import Lines
from sotto_lsp.documents.text_change import TextChange
from sotto_lsp.syntax.target import Target


@dataclass(frozen=True)
class Search:
    """`find` runs on a thread of its own. `prior`: nats to be added to the model's log-probability of a change."""

    find: Callable[[Lines, Target], list[TextChange]]
    prior: Callable[[Target, TextChange], float]


SYNTAX = Search(find_syntax_repairs, lambda target, change: 0.0)
NAMES = Search(find_name_repairs, lambda target, change: score_likeness(target.unwanted, change.new))
