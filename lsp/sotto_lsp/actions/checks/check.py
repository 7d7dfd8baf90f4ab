"""What an answer must pass before anybody sees it. How a change is checked is up to the language's syntax."""

from dataclasses import dataclass

from sotto_lsp.actions.checks.candidate import Candidate
from sotto_lsp.documents.text_change import TextChange
from sotto_lsp.syntax.languages.registry import syntax_of
from sotto_lsp.syntax.target import Target


@dataclass(frozen=True)
class Proposals:
    """The answers that pass, the most probable first, and why each of the others does not."""

    sound: list[TextChange]
    refusals: list[str]


def check(text: str, change: TextChange, target: Target) -> str | None:
    """Why `change` must not be made to `text`; None if it passes everything. `target` is in `text`'s offsets."""
    is_blank = not change.new.strip() and not text[change.start : change.end].strip()
    if is_blank or change.apply(text) == text:
        return "it changes nothing"
    return syntax_of(target.language_id).check(text, change, target)


def select_sound(text: str, target: Target, candidates: list[Candidate], num_wanted: int = 1) -> Proposals:
    """Check the candidates in order, until enough have passed. `target` and candidates are in `text`'s offsets."""
    sound: list[TextChange] = []
    refusals: list[str] = []
    for candidate in candidates:
        reason = check(text, candidate.change, target)
        if reason is not None:
            refusals.append(reason)
        elif (change := candidate.change.minimize(text)) not in sound:
            sound.append(change)
        if len(sound) == num_wanted:
            break
    return Proposals(sound, refusals)
