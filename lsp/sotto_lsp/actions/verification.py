"""The last check, which takes longest: answers that have passed the others go to the project's own checkers."""

from collections.abc import Callable
from dataclasses import dataclass

from sotto_engine.errors import SottoError
from sotto_lsp.actions.candidate import Candidate
from sotto_lsp.actions.checks import check
from sotto_lsp.actions.proposal import Question
from sotto_lsp.checkers.verifier import Verifier

MAX_VERIFIED = 5
"""A type checker takes a second or more for each."""


@dataclass(frozen=True)
class Verified:
    """The candidates that are left, in order; what each was checked for, and what could not be checked, in words."""

    candidates: list[Candidate]
    passed: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()


async def verified(
    verifier: Verifier,
    question: Question,
    candidates: list[Candidate],
    num_wanted: int,
    goes_on: Callable[[str], bool],
) -> Verified:
    """The first `num_wanted` candidates that the checkers accept.

    All of them where none passes the other checks anyway. Raises SottoError where the checkers refuse every one.
    """
    text, target = question.text, question.target
    sound = [each for each in candidates if check(text, each.change, target) is None][:MAX_VERIFIED]
    if not sound:
        return Verified(candidates)
    texts = [each.change.applied(text) for each in sound]
    verdicts = await verifier.verdicts(text, texts, num_wanted, goes_on)
    if not verdicts.accepted and verdicts.refusals:
        raise SottoError(
            f"None of {len(candidates)} answers passes the checks (the likeliest: {verdicts.refusals[0]}); "
            "nothing was changed."
        )
    accepted = [sound[number] for number in verdicts.accepted]
    return Verified(accepted or candidates, tuple(verdicts.passed), tuple(verdicts.unchecked))
