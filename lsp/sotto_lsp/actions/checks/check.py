"""What an answer must pass before anybody sees it: the checks of its language, then the project's own checkers."""

from collections.abc import Callable
from dataclasses import dataclass

from sotto_lsp.actions.checkers.verifier import Verifier
from sotto_lsp.actions.checks.candidate import Candidate
from sotto_lsp.documents.text_change import TextChange
from sotto_lsp.syntax.languages.registry import syntax_of
from sotto_lsp.syntax.target import Target

_MAX_VERIFIED = 5
"""A type checker takes a second or more for each."""


@dataclass(frozen=True)
class Checked:
    """The candidates that pass, in order; why others do not; what checkers have checked and what not, in words."""

    candidates: list[Candidate]
    refusals: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()


def check(text: str, change: TextChange, target: Target) -> str | None:
    """Why `change` must not be made to `text`; None if it passes everything. `target` is in `text`'s offsets."""
    is_blank = not change.new.strip() and not text[change.start : change.end].strip()
    if is_blank or change.apply(text) == text:
        return "it changes nothing"
    return syntax_of(target.language_id).check(text, change, target)


def check_all(text: str, target: Target, candidates: list[Candidate], num_wanted: int = 1) -> Checked:
    """Check the candidates in order, until so many different ones have passed. All offsets are those of `text`."""
    sound: dict[TextChange, Candidate] = {}
    refusals: list[str] = []
    for candidate in candidates:
        if len(sound) == num_wanted:
            break
        reason = check(text, candidate.change, target)
        if reason is None:
            sound.setdefault(candidate.change.minimize(text), candidate)
        else:
            refusals.append(reason)
    return Checked(list(sound.values()), tuple(refusals))


async def verify(
    verifier: Verifier,
    text: str,
    target: Target,
    candidates: list[Candidate],
    num_wanted: int,
    goes_on: Callable[[str], bool],
) -> Checked:
    """The first `num_wanted` candidates that pass every check and that the checkers accept, too."""
    checked = check_all(text, target, candidates, _MAX_VERIFIED)
    texts = [each.change.apply(text) for each in checked.candidates]
    if not texts:
        return checked
    before = syntax_of(target.language_id).with_stub(text, target)
    verdicts = await verifier.judge(before, texts, num_wanted, goes_on)
    return Checked(
        [checked.candidates[number] for number in verdicts.accepted],
        (*verdicts.refusals, *checked.refusals),
        tuple(verdicts.passed),
        tuple(verdicts.unchecked),
    )
