"""From a target to a checked answer: ask the model several times, then take the most probable answer that passes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sotto_engine.request import Completion, CompletionRequest
from sotto_lsp.actions.candidate import Candidate, TextChange, in_order, make_candidate
from sotto_lsp.actions.checks import check
from sotto_lsp.actions.target import Target
from sotto_lsp.actions.template import Template

Generate = Callable[[CompletionRequest], Awaitable[Completion]]


@dataclass(frozen=True)
class Proposals:
    """The answers that pass, the most probable first, and why each of the others does not."""

    sound: list[TextChange]
    refusals: list[str]


async def ask(
    generate: Generate,
    template: Template,
    text: str,
    target: Target,
    path: str,
    num_candidates: int,
    goes_on: Callable[[int, int], bool],
) -> list[Candidate]:
    """The model's answers, the most probable first. `goes_on(done, all)` is asked before each, and may end it.

    The template's attempts share what they share of the prompt: the engine keeps its rows from one to the next.
    """
    attempts = [each for each in template.attempts if each.hole in target.holes][:num_candidates]
    candidates: list[Candidate] = []
    for number, attempt in enumerate(attempts):
        if not goes_on(number, len(attempts)):
            break
        hole = target.holes[attempt.hole]
        request = template.request(text, hole, path, attempt.sampling)
        completion = await generate(request)
        if (candidate := make_candidate(completion, request, text, target, hole)) is not None:
            candidates.append(candidate)
    return in_order(candidates)


def sound_ones(text: str, target: Target, candidates: list[Candidate], num_wanted: int = 1) -> Proposals:
    """Check the candidates in order, until enough have passed. `target` and candidates are in `text`'s offsets."""
    sound: list[TextChange] = []
    refusals: list[str] = []
    for candidate in candidates:
        reason = check(text, candidate.change, target)
        if reason is not None:
            refusals.append(reason)
        elif (change := candidate.change.minimal(text)) not in sound:
            sound.append(change)
        if len(sound) == num_wanted:
            break
    return Proposals(sound, refusals)
