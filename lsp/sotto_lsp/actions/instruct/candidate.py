"""Candidate: one answer of the model as a change of the document, with its probability."""

import math
import re
from dataclasses import dataclass

from sotto_engine.request import ChatRequest, Completion, EditRequest, Request
from sotto_lsp.actions.instruct.code_answer import read_lines
from sotto_lsp.actions.instruct.edit_answer import read_edit
from sotto_lsp.completion.filters import apply_filters
from sotto_lsp.completion.filters.surroundings import Surroundings
from sotto_lsp.documents.line_ends import find_line_end
from sotto_lsp.documents.text_change import TextChange
from sotto_lsp.syntax.target import Hole, Target

_NAME = re.compile(r"[ \t]*([^\W\d]\w*)")


@dataclass(frozen=True)
class Candidate:
    """What an answer would change, and the natural-log probability that the model gives its tokens together."""

    change: TextChange
    logprob: float

    def shift(self, delta: int) -> "Candidate":
        return Candidate(self.change.shift(delta), self.logprob)


def make_candidate(
    completion: Completion, request: Request, text: str, target: Target, hole: Hole
) -> Candidate | None:
    """None for an answer that says nothing, or nothing that fits the hole.

    Its probability is that of its tokens with the one that ended it.
    """
    probability = math.prod(completion.line_probabilities)
    logprob = math.log(probability) if probability else -math.inf
    if isinstance(request, ChatRequest):
        answer = read_lines(completion, request, text, hole).replace("\n", find_line_end(text))
    elif isinstance(request, EditRequest):
        answer = read_edit(completion, request).replace("\n", find_line_end(text))
    elif target.is_name:
        match = _NAME.match(completion.text)
        answer = match[1] if match else ""
    else:
        around = Surroundings(request.prefix, request.suffix, completion.is_cut_off)
        filtered = apply_filters(completion.text, around, is_action=True)
        answer = filtered.text.rstrip().replace("\n", find_line_end(text))
    if not answer and (hole.start == hole.end or not target.is_syntax_error):
        return None  # else: what stands in the hole is too much, which repairs a bracket written twice
    change = TextChange(hole.start - target.num_dropped, hole.end, hole.lead + answer + hole.tail)
    return Candidate(change, logprob)


def sort_candidates(candidates: list[Candidate]) -> list[Candidate]:
    """The most probable first; of those that change the same, one."""
    ordered = sorted(candidates, key=lambda candidate: -candidate.logprob)
    return list({candidate.change: candidate for candidate in reversed(ordered)}.values())[::-1]
