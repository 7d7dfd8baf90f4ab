"""The last check, which takes longest: answers that have passed the others go to the project's own checkers."""

from collections.abc import Callable
from dataclasses import dataclass

from sotto_lsp.actions.checkers.verifier import Verifier
from sotto_lsp.actions.checks.candidate import Candidate
from sotto_lsp.actions.checks.check import check
from sotto_lsp.syntax.languages.registry import syntax_of
from sotto_lsp.syntax.target import Target

MAX_VERIFIED = 5
"""A type checker takes a second or more for each."""


@dataclass(frozen=True)
class Verified:
    """The candidates that are left, in order; why others are not; what those that are were checked for, in words."""

    candidates: list[Candidate]
    refusals: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()


async def verify(
    verifier: Verifier,
    text: str,
    target: Target,
    candidates: list[Candidate],
    num_wanted: int,
    goes_on: Callable[[str], bool],
) -> Verified:
    """The first `num_wanted` candidates that pass every check and that the checkers accept, too."""
    sound: list[Candidate] = []
    refusals: list[str] = []
    for candidate in candidates:
        if len(sound) == MAX_VERIFIED:
            break
        reason = check(text, candidate.change, target)
        if reason is not None:
            refusals.append(reason)
        else:
            sound.append(candidate)
    texts = [each.change.apply(text) for each in sound]
    if not texts:
        return Verified([], tuple(refusals))
    before = syntax_of(target.language_id).with_stub(text, target)
    verdicts = await verifier.judge(before, texts, num_wanted, goes_on)
    accepted = [sound[number] for number in verdicts.accepted]
    return Verified(
        accepted, (*verdicts.refusals, *refusals), tuple(verdicts.passed), tuple(verdicts.unchecked)
    )
