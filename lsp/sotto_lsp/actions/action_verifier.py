"""Which of the project's own checkers an action's answers are shown to, of those that the user allows."""

from collections.abc import Sequence
from pathlib import Path

from sotto_lsp.actions.action import Action
from sotto_lsp.actions.checkers.finding import Diagnosed
from sotto_lsp.actions.checkers.known_checkers import find_checkers, find_maker
from sotto_lsp.actions.checkers.verifier import Verifier
from sotto_lsp.actions.places.place import Place
from sotto_lsp.documents.paths import WorkspaceFile


def verifier_for(
    action: Action, place: Place, workspace_file: WorkspaceFile | None, allowed: Sequence[str]
) -> Verifier | None:
    """For a diagnostic, the checker that made it; else those that the action names, or all. None if none is."""
    diagnosed = Diagnosed(place.first_line, place.source, place.code, place.message)
    maker = find_maker(diagnosed) if action.for_diagnostic else None
    named = allowed if action.every_checker else action.checkers
    if maker and maker.name in allowed:
        named = [maker.name]
    if not named:
        return None
    if workspace_file is None:
        return Verifier((), Path(), Path(), not_asked=tuple(f"{name}, which needs a file" for name in named))
    left = tuple(
        f"{name}, which sotto.actionCheckers does not allow" for name in named if name not in allowed
    )
    asked = find_checkers(tuple(name for name in named if name in allowed))
    root, file = workspace_file.root, workspace_file.file
    return Verifier(asked, root, file, diagnosed if action.for_diagnostic else None, left)
