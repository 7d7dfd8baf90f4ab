"""Which of the project's own checkers an action's answers are shown to, of those that the user allows."""

from collections.abc import Sequence

from sotto_lsp.actions.action import Action, Place
from sotto_lsp.checkers.finding import Diagnosed
from sotto_lsp.checkers.known_checkers import checkers_named, maker_of
from sotto_lsp.checkers.verifier import Verifier
from sotto_lsp.workspace_file import WorkspaceFile


def verifier_for(
    action: Action, place: Place, workspace_file: WorkspaceFile | None, allowed: Sequence[str]
) -> Verifier | None:
    """For a diagnostic, the checker that made it; else those that the action names. None if none is."""
    if workspace_file is None:
        return None
    root, file = workspace_file.root, workspace_file.file
    if not action.for_diagnostic:
        asked = checkers_named(tuple(name for name in action.checkers if name in allowed))
        left = tuple(
            f"{name}, which sotto.actionCheckers does not allow"
            for name in action.checkers
            if name not in allowed
        )
        return Verifier(asked, root, file, not_asked=left) if action.checkers else None
    diagnosed = Diagnosed(place.first_line, place.source, place.code, place.message)
    checker = maker_of(diagnosed)
    if checker is None or checker.name not in allowed:
        return None
    return Verifier((checker,), root, file, diagnosed)
