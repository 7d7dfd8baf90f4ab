"""From a target to a checked answer: search and ask the model, then take the likeliest answer that passes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from sotto_engine.request import Completion, Request, Sampling
from sotto_lsp.actions.action import Action
from sotto_lsp.actions.checks import check_all
from sotto_lsp.actions.instruct.candidate import Candidate, make_candidate, sort_candidates
from sotto_lsp.actions.search.search import Search
from sotto_lsp.documents.line_ends import normalize_line_ends
from sotto_lsp.documents.lines import Lines
from sotto_lsp.documents.text_change import TextChange
from sotto_lsp.syntax.target import Hole, Target


class ActionModel(Protocol):
    """What an action asks of the model."""

    async def generate(self, request: Request) -> Completion: ...

    async def score(self, request: Request, texts: Sequence[str]) -> Sequence[float]:
        """The natural-log probability of each text as the whole answer."""
        ...


_LIKELIEST = Sampling()

GoesOn = Callable[[str, int], bool]
"""Gets what comes next and how much is done, in percent; False ends the questions."""

Accepts = Callable[[list[Candidate]], Awaitable[bool]]
"""Whether one of these is good enough, so that no more need be asked for."""


@dataclass(frozen=True)
class Question:
    """One action at one place of one version of a document; `path` is the file's name."""

    action: Action
    lines: Lines
    target: Target
    path: str

    @property
    def text(self) -> str:
        return self.lines.snapshot.text

    def request(self, hole: Hole, sampling: Sampling = _LIKELIEST) -> Request:
        """What the template asks about a hole of the target."""
        words = {"language": self.lines.snapshot.language_id, **self.target.words}
        return self.action.template.request(self.text, hole, self.path, sampling, words)


async def ask(
    model: ActionModel,
    question: Question,
    num_answers: int,
    goes_on: GoesOn,
    accepts: Accepts | None = None,
) -> list[Candidate]:
    """Candidates, the most probable first. `accepts`: None for one that passes `check`.

    What the action's search finds goes before the model's own answers: the model is asked where nothing of it passes.
    """
    accepts = accepts or partial(_is_one_sound, question)
    found: list[Candidate] = []
    if (search := question.action.search) is not None:
        changes = await asyncio.to_thread(search.find, question.lines, question.target)
        if not goes_on(f"weighing {len(changes)} repairs", 0):
            return []
        found = await _weigh(model, question, search, changes)
        if await accepts(found):
            return found
    return [*found, *sort_candidates(await _ask_model(model, question, num_answers, goes_on, accepts))]


async def _is_one_sound(question: Question, candidates: list[Candidate]) -> bool:
    return bool(check_all(question.text, question.target, candidates).candidates)


async def _ask_model(
    model: ActionModel, question: Question, num_answers: int, goes_on: GoesOn, accepts: Accepts
) -> list[Candidate]:
    candidates: list[Candidate] = []
    async for hole, request, completion in generate_answers(model, question, num_answers, goes_on):
        candidate = make_candidate(completion, request, question.text, question.target, hole)
        if candidate is None:
            continue
        candidates.append(candidate)
        is_long = question.action.template.conversation is not None
        if is_long and await accepts([candidate]):
            break  # another answer would take as long as this one
    return candidates


async def generate_answers(
    model: ActionModel, question: Question, num_answers: int, goes_on: GoesOn
) -> AsyncIterator[tuple[Hole, Request, Completion]]:
    """The template's attempts share what they share of the prompt: the engine keeps its rows from one to the next."""
    template, target = question.action.template, question.target
    attempts = [each for each in template.attempts if each.hole in target.holes][:num_answers]
    for number, attempt in enumerate(attempts):
        if not goes_on(f"answer {number + 1} of {len(attempts)}", 100 * number // len(attempts)):
            return
        hole = target.holes[attempt.hole]
        request = question.request(hole, attempt.sampling)
        yield hole, request, await model.generate(request)


async def _weigh(
    model: ActionModel, question: Question, search: Search, changes: list[TextChange]
) -> list[Candidate]:
    """The changes by how probable they make the target's lines, all in one question to the model."""
    if not changes:
        return []
    text, target = question.text, question.target
    whole = _whole(question)
    request = question.request(whole)
    after = [each.apply(text)[whole.start : whole.end + len(each.new) - (each.end - each.start)] for each in changes]
    scores = await model.score(request, [normalize_line_ends(each) for each in after])
    weighed = zip(changes, scores, strict=True)
    return sort_candidates([Candidate(each, score + search.prior(target, each)) for each, score in weighed])


def build_first_request(question: Question) -> Request:
    """What `ask` asks first, so that its prompt can be computed before."""
    template, target = question.action.template, question.target
    if question.action.search is not None:
        return question.request(_whole(question))
    attempt = next(each for each in template.attempts if each.hole in target.holes)
    return question.request(target.holes[attempt.hole], attempt.sampling)


def _whole(question: Question) -> Hole:
    """The target's lines without the first one's indentation."""
    line = question.lines.snapshot.line_starts.line_of(question.target.first)
    return Hole(question.lines.code_start(line), question.target.last)
