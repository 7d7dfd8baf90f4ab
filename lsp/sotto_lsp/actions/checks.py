"""What an answer must pass before anybody sees it: the checks of its language, then the project's own checkers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sotto_lsp.actions.action import Action
from sotto_lsp.actions.checkers.finding import Diagnosed
from sotto_lsp.actions.checkers.known_checkers import LANGUAGE, find_checkers, find_maker
from sotto_lsp.actions.checkers.verifier import Verifier
from sotto_lsp.actions.instruct.candidate import Candidate
from sotto_lsp.actions.places.place import Place
from sotto_lsp.documents.paths import WorkspaceFile
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
    before = syntax_of(target.language_id).add_stub(text, target)
    verdicts = await verifier.judge(before, texts, num_wanted, goes_on)
    return Checked(
        [checked.candidates[number] for number in verdicts.accepted],
        (*verdicts.refusals, *checked.refusals),
        tuple(verdicts.passed),
        tuple(verdicts.unchecked),
    )


def make_verifier(
    action: Action, place: Place, language_id: str, file: WorkspaceFile | None, allowed: Sequence[str]
) -> Verifier | None:
    """The checker that made the place's diagnostic; else those that the action names, or all. None if there is none.

    allowed: by the user. file: None for a document that is none.
    """
    diagnosed = Diagnosed(place.first_line, place.source, place.code, place.message)
    maker = find_maker(diagnosed) if action.for_diagnostic else None
    named = allowed if action.every_checker else action.checkers
    if maker and maker.name in allowed:
        named = [maker.name]
    if not named or language_id != LANGUAGE:
        return None
    if file is None:
        return Verifier((), Path(), Path(), not_asked=tuple(f"{name}, which needs a file" for name in named))
    refused = [name for name in named if name not in allowed]
    not_asked = tuple(f"{name}, which sotto.actionCheckers does not allow" for name in refused)
    checkers = find_checkers(name for name in named if name in allowed)
    return Verifier(checkers, file.root, file.file, diagnosed if action.for_diagnostic else None, not_asked)
